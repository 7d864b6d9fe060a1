/** Segments and regions of a study: what there is, which are shown and how; masks and contours come when first shown. */
import type { API } from "../core/api.ts";
import type { FrameInfo, StudyManifest } from "../imaging/pictures.ts";
import { type ReadSignal, type Signal, signal } from "../ui/signal.ts";
import type { Plane } from "./geometry.ts";
import {
  type Contour,
  contoursOn,
  type Ground,
  type MaskFrame,
  maskPlane,
  masksOn,
  type NotDrawn,
  pairsOfBits,
  type PlacedContours,
  type PlacedMasks,
  type RGB,
  type SourceReference,
} from "./placing.ts";

type Content = { masks: readonly MaskFrame[] } | { contours: readonly Contour[] };

/** A segment of a segmentation, or a region of a structure set. */
export interface Structure {
  readonly key: string;
  readonly number: number;
  readonly name: string;
  readonly detail: string;
  readonly color: RGB;
  readonly frameOfReference: string;
  readonly document: StructureDocument;
  readonly visible: Signal<boolean>;
  readonly opacity: Signal<number>;
  /** `null` before it is asked for. */
  readonly content: ReadSignal<Content | null>;
  readonly failure: ReadSignal<unknown>;
}

export interface StructureDocument {
  readonly sopInstanceUID: string;
  readonly study: string;
  readonly kind: "segmentation" | "contours";
  readonly title: string;
  readonly parts: ReadSignal<readonly Structure[]>;
  readonly failure: ReadSignal<unknown>;
  readonly loading: ReadSignal<boolean>;
}

interface SegmentationText {
  type: "BINARY" | "FRACTIONAL" | "LABELMAP";
  label: string;
  rows: number;
  columns: number;
  frameOfReferenceUID: string;
  maximumFractionalValue: number;
  segments: {
    number: number;
    label: string;
    description: string;
    propertyType: { meaning: string } | null;
    algorithmType: string;
    color: RGB | null;
  }[];
  frames: {
    segment: number | null;
    sources: SourceReference[];
    position: number[] | null;
    orientation: number[] | null;
    pixelSpacing: number[] | null;
    runs: number[] | null;
  }[];
}

interface ContoursText {
  label: string;
  regions: {
    number: number;
    name: string;
    description: string;
    interpretedType: string;
    frameOfReferenceUID: string;
    color: RGB | null;
    contours: Contour[];
  }[];
}

/** For parts whose makers name no colour: told apart by those who see colours otherwise, too (Okabe and Ito). */
const ownColors: readonly RGB[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
];
const initialOpacity = 0.5;

export type Placed = PlacedMasks | PlacedContours | { reason: NotDrawn };

export class Structures {
  readonly #api: API;
  readonly #documents = signal<ReadonlyMap<string, readonly Loading[]>>(new Map());

  constructor(api: API) {
    this.#api = api;
  }

  /** Those of a study, once asked for. */
  of(manifest: StudyManifest): readonly StructureDocument[] {
    return this.#documents().get(manifest.study.studyInstanceUID) ?? [];
  }

  /** Asks what there is; asking again finds what has arrived since. */
  look(manifest: StudyManifest): void {
    const study = manifest.study.studyInstanceUID;
    const known = new Map(
      (this.#documents.peek().get(study) ?? []).map((each) => [each.sopInstanceUID, each]),
    );
    const found = manifest.series.flatMap((series) =>
      series.instances.flatMap(({ kind, sopInstanceUID }) =>
        kind === "segmentation" || kind === "contours"
          ? [
            known.get(sopInstanceUID) ??
              new Loading(this.#api, study, sopInstanceUID, kind, series.seriesDescription),
          ]
          : []
      )
    );
    if (found.length !== known.size) {
      this.#documents.update((all) => new Map([...all, [study, found]]));
    }
  }

  /** All that are switched on in a study. */
  shown(study: string): readonly Structure[] {
    return (this.#documents().get(study) ?? []).flatMap((each) =>
      each.parts().filter((part) => part.visible())
    );
  }
}

/** Where a structure lies on an image; `null` while it is not here. */
export function placedOn(part: Structure, ground: Ground): Placed | null {
  const content = part.content();
  if (!content) return null;
  return "masks" in content
    ? masksOn(content.masks, part.frameOfReference, ground)
    : contoursOn(content.contours, part.frameOfReference, ground);
}

/** The image of a view as the ground of what is laid over it. */
export function groundOf(frame: FrameInfo, plane: Plane | null): Ground {
  const { stack, instance } = frame;
  return {
    plane,
    frameOfReference: stack.frameOfReference,
    sliceMM: stack.sliceSpacing ?? stack.sliceThickness,
    sopInstanceUID: instance.sopInstanceUID,
    frameNumber: frame.frameNumber,
    rows: stack.rows,
    columns: stack.columns,
  };
}

class Part implements Structure {
  readonly visible: Signal<boolean>;
  readonly opacity = signal(initialOpacity);
  readonly content = signal<Content | null>(null);
  readonly failure = signal<unknown>(null);
  #asked = false;

  constructor(
    readonly document: Loading,
    readonly number: number,
    readonly name: string,
    readonly detail: string,
    readonly color: RGB,
    readonly frameOfReference: string,
  ) {
    const inner = signal(false);
    const set = (on: boolean) => {
      inner.set(on);
      if (on) this.#load();
    };
    this.visible = Object.assign(() => inner(), {
      peek: inner.peek,
      set,
      update: (change: (on: boolean) => boolean) => set(change(inner.peek())),
    });
  }

  get key(): string {
    return `${this.document.sopInstanceUID}/${this.number}`;
  }

  #load(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.failure.set(null);
    this.document.contentOf(this.number).then(this.content.set, (error) => {
      this.#asked = false;
      this.failure.set(error);
    });
  }
}

class Loading implements StructureDocument {
  readonly parts = signal<readonly Structure[]>([]);
  readonly failure = signal<unknown>(null);
  readonly loading = signal(true);
  #title;
  /** A label map comes whole. */
  #isLabelMap = false;
  #labels: Promise<unknown> | null = null;

  constructor(
    readonly api: API,
    readonly study: string,
    readonly sopInstanceUID: string,
    readonly kind: "segmentation" | "contours",
    title: string,
  ) {
    this.#title = signal(title);
    this.#list().then(this.parts.set, this.failure.set).finally(() => this.loading.set(false));
  }

  get title(): string {
    return this.#title();
  }

  async #list(): Promise<Part[]> {
    const text = await this.api.structures(this.study, this.kind, this.sopInstanceUID, null);
    const color = (own: RGB | null, index: number) =>
      own ?? ownColors[index % ownColors.length] ?? [255, 0, 0];
    const { label } = text as { label: string };
    if (label !== "") this.#title.set(label);
    if (this.kind === "contours") {
      const { regions } = text as ContoursText;
      return regions.map((each, index) =>
        new Part(
          this,
          each.number,
          each.name,
          [each.interpretedType, each.description].filter((part) => part !== "").join(" · "),
          color(each.color, index),
          each.frameOfReferenceUID,
        )
      );
    }
    const { segments, frameOfReferenceUID, type } = text as SegmentationText;
    this.#isLabelMap = type === "LABELMAP";
    return segments.map((each, index) =>
      new Part(
        this,
        each.number,
        each.label,
        [each.propertyType?.meaning ?? "", type, each.algorithmType].filter((part) => part !== "").join(
          " · ",
        ),
        color(each.color, index),
        frameOfReferenceUID,
      )
    );
  }

  async contentOf(number: number): Promise<Content> {
    const ask = () => this.api.structures(this.study, this.kind, this.sopInstanceUID, number);
    if (this.kind === "contours") {
      const { regions } = await ask() as ContoursText;
      return { contours: regions.find((each) => each.number === number)?.contours ?? [] };
    }
    try {
      const text = await (this.#isLabelMap ? this.#labels ??= ask() : ask());
      return { masks: masksOf(text as SegmentationText, number) };
    } catch (error) {
      this.#labels = null;
      throw error;
    }
  }
}

/** The frames of one segment that have any pixels. */
function masksOf(text: SegmentationText, number: number): MaskFrame[] {
  const { rows, columns, type } = text;
  const maximum = Math.max(1, text.maximumFractionalValue);
  return text.frames.flatMap((frame): MaskFrame[] => {
    if (frame.runs === null || (frame.segment !== null && frame.segment !== number)) return [];
    const runs = type === "BINARY" ? pairsOfBits(frame.runs) : frame.runs.map((each, index) => {
      if (index % 2 === 1) return each;
      return type === "LABELMAP" ? Number(each === number) : Math.min(1, each / maximum);
    });
    const isEmpty = runs.every((each, index) => index % 2 === 1 || each === 0 || runs[index + 1] === 0);
    return isEmpty
      ? []
      : [{ rows, columns, plane: maskPlane(rows, columns, frame), sources: frame.sources, runs }];
  });
}
