/** One view: which series stands in it, which image, and how it is shown. */
import type {
  DisplaySettings,
  FrameFailure,
  FrameInfo,
  Imaging,
  InstanceInfo,
  LookupTable,
  Picture,
  PictureRequest,
  SeriesImages,
  SeriesManifest,
  StudyManifest,
  ViewportPictures,
  VolumeImages,
  Window,
} from "../imaging/pictures.ts";
import { batch, computed, effect, onCleanup, type ReadSignal, root, signal, untrack } from "../ui/signal.ts";
import { meanTime } from "./cine-times.ts";
import { play } from "./cine.ts";
import { colorMap, type ColorMapName } from "./color-maps.ts";
import { planeOf } from "./geometry.ts";
import { planePictures, unreadableVolume } from "./plane-pictures.ts";
import { isFor, type PresentationState, stateSettings } from "./presentation.ts";
import { superimpose, type Superimposed } from "./superimposed.ts";
import { type Alternative, alternatives, hasTable } from "./presets.ts";
import { type Reformat, reformattedFrames } from "./reformat.ts";
import { imageToScreen, initialView, type Size, type Stage, type View } from "./view.ts";
import type { Affine } from "./viewport-api.ts";

const lost: FrameFailure = { code: "graphicsLost", message: "" };

/** How a picture is shown, apart from which one; what undo takes back. */
export interface Appearance {
  /** The reader's window; `null` while each frame shows with its own. */
  window: Window | null;
  /** Which of the windows and VOI tables a frame names is in force, as `alternatives` counts them. */
  alternative: number;
  inverted: boolean;
  colorMap: ColorMapName | null;
  smooth: boolean;
  view: View;
  /** The presentation state the picture is shown by. */
  state: PresentationState | null;
  /** Planes cut through the series in place of its images. */
  reformat: Reformat | null;
}

export const initialAppearance: Appearance = {
  window: null,
  alternative: 0,
  inverted: false,
  colorMap: null,
  smooth: true,
  view: initialView,
  state: null,
  reformat: null,
};

export interface Place {
  study: StudyManifest;
  series: SeriesManifest;
}

export interface Alignment {
  readonly side: "left" | "right";
  /** Where it was put last; somewhere else it has been moved by hand. */
  panX: number | null;
}

/** What a picture is asked for; the reformatting of planes. */
interface Wish {
  readonly frame: number;
  readonly reformat?: Reformat;
}

export type PaneStage = "empty" | "images" | "noImages";

/** What is kept of a series while another one stands in the view. */
interface Kept {
  index: number;
  appearance: Appearance;
}

const cineRates = { minimum: 1, maximum: 60 } as const;

export class Pane {
  readonly place = signal<Place | null>(null);
  readonly index = signal(0);
  readonly appearance = signal<Appearance>(initialAppearance);
  readonly picture = signal<Picture | null>(null);
  readonly images = signal<SeriesImages | null>(null);
  /** What planes are cut through; `null` while images are shown. */
  readonly volume = signal<VolumeImages | null>(null);
  /** Of the viewport, in device pixels; zero while it is not on the screen. */
  readonly size = signal<Size>({ width: 0, height: 0 });
  readonly pixelRatio = signal(1);
  /** Device pixels per millimetre of the screen, once it is calibrated. */
  readonly screenScale: ReadSignal<number | null>;
  readonly playing = signal(false);
  /** How much faster than recorded. */
  readonly cineFactor = signal(1);
  /** Where the stack stood when it was linked, or last moved alone. */
  readonly anchor = signal(0);
  readonly shifted = signal(false);
  /** What a blending state lays over the picture; `null` without one, or where it has nothing. */
  readonly superimposed = signal<Superimposed | null>(null);
  /** A reason not to show the picture, though it is there; `null` as long as nothing stands against it. */
  readonly withheld = signal<string | null>(null);
  /** Side of the view the picture's edge is put to, whatever size the view comes to have, until the reader moves it. */
  readonly align = signal<Alignment | null>(null);

  readonly reformat = computed(() => this.appearance().reformat);
  /** The images of the series, or the planes cut through it. */
  readonly frames = computed((): readonly FrameInfo[] => {
    const [place, reformat] = [this.place(), this.reformat()];
    if (!place) return [];
    return reformat ? reformattedFrames(place.series, reformat) : place.series.frames;
  });
  readonly count = computed(() => this.frames().length);
  /** Objects of the series that are no pictures; they follow the frames. */
  readonly documents = computed(() => documentsOf(this.reformat() ? null : this.place()?.series ?? null));
  /** Frames and documents one can step through. */
  readonly steps = computed(() => this.count() + this.documents().length);
  readonly document = computed((): InstanceInfo | null =>
    this.documents()[this.index() - this.count()] ?? null
  );
  readonly stage = computed((): PaneStage =>
    this.place() === null ? "empty" : this.index() < this.count() ? "images" : "noImages"
  );
  readonly frame = computed((): FrameInfo | null => this.frames()[this.index()] ?? null);
  /** The frame whose pixels stand on the screen. */
  readonly shownFrame = computed((): FrameInfo | null => {
    const picture = this.picture();
    return picture ? this.frames()[picture.shown] ?? null : null;
  });
  readonly exact = computed(() => this.picture()?.shown === this.index());
  /** What stands there with all its pixels is what was asked for last: frame, window, place and size. */
  readonly current = computed(() =>
    this.exact() && this.picture()?.level === 0 && this.#drawn() === this.#asked()
  );
  /** Whether the graphics device took the canvas away: what stands there may be anything. */
  readonly graphicsLost = signal(false);
  readonly failure = computed((): FrameFailure | null => {
    if (this.graphicsLost()) return lost;
    if (this.reformat()) return this.#noVolume() ? noRoom : unreadableVolume(this.images(), this.volume());
    return this.images()?.failures().get(this.index()) ?? null;
  });
  /** The frame asked for stands there with all its pixels. */
  readonly fullResolution = computed(() => {
    const picture = this.picture();
    return picture !== null && picture.exact && picture.level === 0 && this.failure() === null &&
      this.missingSlices() === 0 && (this.reformat() === null || this.reformat() === this.#drawn()?.reformat);
  });
  /** Slices of the volume that planes are cut through which are not there yet; 0 for images. */
  readonly missingSlices = computed(() => {
    const volume = this.volume();
    return volume ? volume.stack.count - volume.loaded() : 0;
  });
  readonly isPreview = computed(() => this.reformat() === null && (this.picture()?.level ?? 0) > 0);
  readonly loadedCount = computed(() => this.images()?.loaded().count ?? 0);
  readonly planes = computed(() =>
    this.frames().map((frame) => {
      const { orientation, spacing, rows, columns } = frame.stack;
      const [rowMM, columnMM] = spacing ?? [null, null];
      return planeOf({ orientation, position: frame.position, rows, columns, spacing: { rowMM, columnMM } });
    })
  );
  readonly stageSize = computed((): Stage | null => {
    const frame = this.frame();
    const viewport = this.size();
    if (!frame || viewport.width === 0) return null;
    const { rows, columns, pixelAspect, spacing } = frame.stack;
    const perMM = this.screenScale();
    return {
      image: { width: columns, height: rows },
      aspect: pixelAspect,
      viewport,
      trueScale: spacing && perMM !== null ? spacing[1] * perMM : null,
    };
  });
  readonly transform = computed((): Affine => {
    const stage = this.stageSize();
    return stage ? imageToScreen(this.appearance().view, stage) : { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };
  });
  /** Milliseconds from each frame of the run to the next, as recorded. */
  readonly frameTimes = computed(() => this.frame()?.instance.attributes.frameTimes ?? []);
  readonly frameRate = computed(() => (1000 / meanTime(this.frameTimes())) * this.cineFactor());

  readonly #imaging: Imaging;
  readonly #kept = new Map<string, Kept>();
  readonly #noVolume = signal(false);
  /** The latest wish, and the one that the picture answers. */
  readonly #asked = signal<Wish | null>(null);
  readonly #drawn = signal<Wish | null>(null);
  readonly #end: () => void;

  constructor(readonly id: string, imaging: Imaging, screenScale: ReadSignal<number | null>) {
    this.#imaging = imaging;
    this.screenScale = screenScale;
    this.#end = root(() => {
      effect(() => this.#connect());
      effect(() => superimpose(this, imaging));
      effect(() => play(this));
    }).end;
  }

  /** Puts a series into the view, as it was left when it stood here before. */
  hang(place: Place | null, start?: Partial<Kept>): void {
    const now = this.place.peek();
    // A series that comes back shows its images, not planes.
    if (now && !this.reformat.peek()) this.#kept.set(now.series.seriesInstanceUID, this.#state());
    const kept = place ? this.#kept.get(place.series.seriesInstanceUID) : undefined;
    batch(() => {
      this.playing.set(false);
      this.cineFactor.set(1);
      this.align.set(null);
      this.place.set(place);
      this.appearance.set(start?.appearance ?? kept?.appearance ?? initialAppearance);
      this.goTo(start?.index ?? kept?.index ?? 0);
      this.setAnchor();
    });
  }

  #state(): Kept {
    return { index: this.index.peek(), appearance: this.appearance.peek() };
  }

  /** Moves to an image; beyond the ends it stays at the end. */
  goTo(index: number): void {
    this.index.set(Math.min(Math.max(index, 0), Math.max(this.steps.peek() - 1, 0)));
  }

  /** Linked scrolling counts from here on. */
  setAnchor(shifted = false): void {
    this.anchor.set(this.index.peek());
    this.shifted.set(shifted);
  }

  /** The window in force: the reader's, or the one the picture was made with. */
  effectiveWindow(): Window | null {
    return this.appearance().window ?? this.picture()?.window ?? null;
  }

  /** What a change of the window begins with: the window in force, or all that a VOI table tells apart. */
  startingWindow(): Window | null {
    const table = this.voiTable();
    const count = table?.entries.length ?? 0;
    return table ? { center: table.first + count / 2, width: count } : this.effectiveWindow();
  }

  changeRate(factor: number): void {
    const recorded = 1000 / meanTime(this.frameTimes.peek());
    const rate = recorded * this.cineFactor.peek() * factor;
    this.cineFactor.set(Math.min(Math.max(rate, cineRates.minimum), cineRates.maximum) / recorded);
  }

  /** Opens the images while the view is on the screen, and asks for pictures whenever something changes. */
  #connect(): void {
    const place = this.place();
    const visible = this.#isVisible();
    const stack = this.#stack();
    this.#forget();
    if (!place || !visible || place.series.frames.length === 0) return;
    const { study, series } = place;
    const images = this.#imaging.openSeries(study, series.seriesInstanceUID, this.index.peek());
    const close = untrack(() => stack === null ? this.#showImages(images) : this.#showPlanes(images, stack));
    onCleanup(() => {
      close();
      images.release();
      this.#forget();
    });
  }

  #showImages(images: SeriesImages): () => void {
    const pictures = images.viewport((picture) => this.#received(picture, picture.request));
    this.images.set(images);
    effect(() => this.#ask(pictures));
    return () => pictures.close();
  }

  #showPlanes(images: SeriesImages, stack: number): () => void {
    const volume = images.volume(stack);
    this.images.set(images);
    this.volume.set(volume);
    this.#noVolume.set(volume === null);
    const planes = volume &&
      planePictures(
        volume,
        (picture, request) => this.#received(picture, request),
        () => this.#noVolume.set(true),
      );
    if (planes) effect(() => this.#askPlane(planes));
    return () => planes?.close();
  }

  readonly #isVisible = computed(() => this.size().width > 0);
  readonly #stack = computed(() => this.reformat()?.stack ?? null);

  #forget(): void {
    this.picture.peek()?.bitmap.close();
    this.picture.set(null);
    this.images.set(null);
    this.volume.set(null);
    this.#noVolume.set(false);
  }

  #ask(pictures: ViewportPictures): void {
    const frame = this.index();
    const { width, height } = this.size();
    if (!this.stageSize()) return;
    const { a, b, c, d, e, f } = this.transform();
    const request: PictureRequest = {
      frame,
      settings: this.settings(),
      transform: [a, b, c, d, e, f],
      width,
      height,
    };
    this.#asked.set(request);
    pictures.show(request);
  }

  #askPlane(planes: ReturnType<typeof planePictures>): void {
    const [frame, reformat] = [this.index(), this.reformat()];
    const plane = this.planes()[frame];
    const { width, height } = this.size();
    if (!plane || !reformat || !this.stageSize()) return;
    const [settings, transform] = [this.settings(), this.transform()];
    const request = { frame, plane, reformat, settings, transform, width, height };
    this.#asked.set(request);
    planes.show(request);
  }

  /** Chosen by the reader, for whatever images it is. */
  readonly chosenState = computed(() => this.appearance().state);

  /** The presentation state in force for the frame asked for. */
  readonly state = computed((): PresentationState | null => {
    const { state } = this.appearance();
    const frame = this.frame();
    return state && frame && isFor(state, frame) ? state : null;
  });

  /** The window or VOI table of the frame that the reader has chosen; `null` for the first one. */
  readonly alternative = computed((): Alternative | null => {
    const frame = this.frame();
    const all = frame ? alternatives(frame.display) : [];
    const { alternative } = this.appearance();
    return alternative === 0 || all.length === 0 ? null : all[alternative % all.length] ?? null;
  });

  readonly alternativeCount = computed(() => {
    const frame = this.frame();
    return frame && this.state() === null ? alternatives(frame.display).length : 0;
  });

  /** The VOI table in force, in place of a window. */
  readonly voiTable = computed((): LookupTable | null => {
    const frame = this.frame();
    if (!frame || this.appearance().window) return null;
    const { voiTable, window } = this.settings();
    if (voiTable || window || this.state()) return voiTable ?? null;
    return frame.display.windows.length > 0 ? null : frame.display.voiTables[0]?.table ?? null;
  });

  readonly settings = computed((): DisplaySettings => {
    const { window, inverted, colorMap: map, smooth } = this.appearance();
    const [state, frame] = [this.state(), this.frame()];
    const stated: DisplaySettings = state && frame ? stateSettings(state, frame) : this.alternative() ?? {};
    const { voiTable, ...rest } = stated;
    return {
      ...rest,
      ...(voiTable && window === null ? { voiTable } : {}),
      // Slices may have windows of their own; planes through all of them need one.
      window: window ?? stated.window ?? (this.reformat() ? frame?.display.windows[0] ?? null : null),
      inverted,
      colorMap: map === null ? rest.colorMap ?? null : colorMap(map),
      // Between two stored values a table need not rise: what lies between them means nothing.
      interpolation: smooth && !hasTable(rest, frame) ? "linear" : "nearest",
    };
  });

  #received(picture: Picture, request: Wish): void {
    const before = this.picture.peek();
    batch(() => {
      this.picture.set(picture);
      this.#drawn.set(request);
    });
    if (before && before.bitmap !== picture.bitmap) before.bitmap.close();
  }

  /** The frames a run goes through: those of one object when it has many, else the whole series. */
  run(): { first: number; last: number } {
    const frames = this.frames.peek();
    const here = frames[this.index.peek()]?.instance;
    if (!here || here.numberOfFrames < 2) return { first: 0, last: frames.length - 1 };
    let [first, last] = [this.index.peek(), this.index.peek()];
    while (frames[first - 1]?.instance === here) first--;
    while (frames[last + 1]?.instance === here) last++;
    return { first, last };
  }

  end(): void {
    this.#end();
    this.#forget();
  }
}

const noRoom: FrameFailure = { code: "memory", message: "" };
const noDocuments: readonly InstanceInfo[] = [];

function documentsOf(series: SeriesManifest | null): readonly InstanceInfo[] {
  if (!series) return noDocuments;
  const pictured = new Set(series.frames.map((each) => each.instance));
  return series.instances.filter((each) => !pictured.has(each));
}
