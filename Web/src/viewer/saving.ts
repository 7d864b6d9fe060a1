/** What stands in a view as a presentation state: the JSON of Documentation/presentation.md that the server makes an object of. */
import type { FrameInfo, InstanceInfo, LookupTable, Shutter, Window } from "../imaging/pictures.ts";
import type { Pane } from "./pane.ts";
import { colorMap } from "./color-maps.ts";
import { type ExactView, isFor, type PresentationState, type Table } from "./presentation.ts";
import { applied, baseScale, imageToScreen, inverse, type Stage, type View } from "./view.ts";

interface ImageReference {
  sopInstanceUID: string;
  frameNumbers: readonly number[];
}

/** A mark as graphics of a state; positions as marks have them. */
export interface SavedAnnotation {
  /** UID of the mark. */
  mark: string;
  sopInstanceUID: string;
  frameNumber: number;
  graphics: readonly { type: string; points: readonly (readonly [number, number])[] }[];
  text: string;
  /** Where the text stands. */
  place: readonly [number, number];
}

export interface StateToSave {
  label: string;
  description: string;
  references: readonly ImageReference[];
  modality?: PresentationState["modality"];
  windows: readonly unknown[];
  presentation: { shape: "IDENTITY" | "INVERSE" } | { table: Table };
  /** Of the pseudo-colour in force, 256 of red, green, blue. */
  colors: readonly number[];
  view: ExactView;
  areas: readonly unknown[];
  rotation: number;
  flipped: boolean;
  shutters: readonly Shutter[];
  annotations: readonly unknown[];
  overlays: readonly { group: number; layer: string }[];
}

/** The view without rounding, in lengths of the image. */
export function exactOf(view: View, stage: Stage): ExactView {
  const { mode, zoom, rotation, flipHorizontal, flipVertical } = view;
  const { width, height } = stage.viewport;
  const { x, y } = applied(inverse(imageToScreen(view, stage)), { x: width / 2, y: height / 2 });
  const scale = baseScale(view, stage) * zoom;
  return {
    mode,
    center: [x, y],
    span: [width / scale, height / scale],
    zoom,
    rotation,
    flipHorizontal,
    flipVertical,
  };
}

/** Whether the standard's attributes say less than the view: other programs show whole pixels and quarter turns. */
export function isRounded({ rotation, mode, zoom, panX, panY }: View): boolean {
  return rotation % 90 !== 0 || !(mode === "fit" && zoom === 1 && panX === 0 && panY === 0);
}

/** Rotation, the nearest quarter turn, and mirroring as DICOM orders them: rotated first. */
export function turned(view: View): { rotation: number; flipped: boolean } {
  // Mirrored both ways is half a turn; mirroring up and down is mirroring left and right and half a turn.
  const half = view.flipVertical ? 180 : 0;
  const flipped = view.flipHorizontal !== view.flipVertical;
  const quarter = Math.round(view.rotation / 90) * 90;
  const rotation = flipped ? -(quarter + half) : quarter + half;
  return { rotation: ((rotation % 360) + 360) % 360, flipped };
}

/** The first and last pixels to be seen, whole ones: what a state can say of zoom and pan. */
export function areaOf(view: View, stage: Stage): {
  topLeft: [number, number];
  bottomRight: [number, number];
  mode: string;
  magnification: number | null;
} {
  const { width, height } = stage.image;
  const isUnmoved = view.zoom === 1 && view.panX === 0 && view.panY === 0;
  if (view.mode === "fit" && isUnmoved) {
    return {
      topLeft: [0, 0],
      bottomRight: [width - 1, height - 1],
      mode: "SCALE TO FIT",
      magnification: null,
    };
  }
  const back = inverse(imageToScreen(view, stage));
  const { width: wide, height: high } = stage.viewport;
  // All four: turned by another angle than a quarter, the area is the box about what is seen.
  const corners = [[0, 0], [wide, 0], [0, high], [wide, high]].map(([x = 0, y = 0]) =>
    applied(back, { x, y })
  );
  const span = (ends: readonly number[]): [number, number] => {
    const first = Math.round(Math.min(...ends)) + 0;
    return [first, Math.max(first, Math.round(Math.max(...ends)) - 1)];
  };
  const [left, right] = span(corners.map((each) => each.x));
  const [top, bottom] = span(corners.map((each) => each.y));
  const isLifeSize = view.mode === "trueSize" && stage.trueScale !== null && view.zoom === 1;
  return {
    topLeft: [left, top],
    bottomRight: [right, bottom],
    mode: view.mode === "pixels" ? "MAGNIFY" : isLifeSize ? "TRUE SIZE" : "SCALE TO FIT",
    magnification: view.mode === "pixels" ? view.zoom : null,
  };
}

/** The frames, as whole objects where all frames of one are among them. */
function referencesOf(frames: readonly FrameInfo[]): ImageReference[] {
  const byInstance = new Map<InstanceInfo, FrameInfo[]>();
  for (const each of frames) {
    const own = byInstance.get(each.instance);
    if (own) own.push(each);
    else byInstance.set(each.instance, [each]);
  }
  return [...byInstance].map(([{ sopInstanceUID, numberOfFrames }, own]) => ({
    sopInstanceUID,
    frameNumbers: own.length === numberOfFrames ? [] : own.map((each) => each.frameNumber),
  }));
}

function tableOf({ first, bits, entries }: LookupTable): Table {
  return { firstMapped: first, bits, entries: [...entries] };
}

/** Windows the images bring themselves, each with the images that do. */
function ownWindows(frames: readonly FrameInfo[], automatic: Window | null): unknown[] {
  const groups = new Map<string, { value: unknown; frames: FrameInfo[] }>();
  for (const frame of frames) {
    const { windows: [window], voiTables: [table], function: kind } = frame.display;
    const value = window
      ? { center: window.center, width: window.width, function: kind }
      : table
      ? { table: tableOf(table.table) }
      : automatic && { center: automatic.center, width: automatic.width, function: kind };
    if (!value) continue;
    const key = window || !table ? JSON.stringify(value) : table.table.key;
    const group = groups.get(key);
    if (group) group.frames.push(frame);
    else groups.set(key, { value, frames: [frame] });
  }
  return [...groups.values()].map(({ value, frames: own }) => ({
    ...(value as object),
    images: groups.size === 1 ? [] : referencesOf(own),
  }));
}

function upsideDown({ firstMapped, bits, entries }: Table): Table {
  return { firstMapped, bits, entries: entries.map((each) => 2 ** bits - 1 - each) };
}

/** Polarity in force. Without a state it is told relative to the images', whose own the server knows. */
function presentationOf(pane: Pane, state: PresentationState | null): StateToSave["presentation"] {
  const { inverted } = pane.appearance();
  if (state && "table" in state.presentation) {
    return { table: inverted ? upsideDown(state.presentation.table) : state.presentation.table };
  }
  const own = state && "shape" in state.presentation ? state.presentation.shape : "IDENTITY";
  return { shape: (own === "INVERSE") !== inverted ? "INVERSE" : "IDENTITY" };
}

function colorsOf(pane: Pane, state: PresentationState | null): readonly number[] {
  const { colorMap: map } = pane.appearance();
  if (map !== null) return [...colorMap(map).rgb];
  return state?.blending ? [] : state?.colors ?? [];
}

const markLayer = "MARKS";
const overlayLayer = "OVERLAYS";
const textMaximum = 1024;

function annotationOf(
  { mark, graphics, text, place, ...address }: SavedAnnotation,
  frames: readonly FrameInfo[],
): unknown {
  const frame = frames.find((each) => each.instance.sopInstanceUID === address.sopInstanceUID);
  const many = (frame?.instance.numberOfFrames ?? 1) > 1;
  return {
    images: [{
      sopInstanceUID: address.sopInstanceUID,
      frameNumbers: many ? [address.frameNumber] : [],
    }],
    layer: markLayer,
    mark,
    graphics: graphics.map((each) => ({ ...each, units: "PIXEL", filled: false })),
    texts: text === "" ? [] : [{
      text: text.slice(0, textMaximum),
      box: null,
      anchor: { point: place, units: "PIXEL", visible: false },
    }],
  };
}

/**
 * The state of a view for all images of the stack it shows, or why there can be none.
 *
 * `shown` says which of the images' own overlay groups are shown.
 */
export function stateToSave(
  pane: Pane,
  annotations: readonly SavedAnnotation[],
  shown: (group: number) => boolean,
  text: { label: string; description: string },
): StateToSave | "noImages" {
  const [frame, stage, picture] = [pane.frame(), pane.stageSize(), pane.picture()];
  if (!frame || !stage || !picture) return "noImages";
  const appearance = pane.appearance();
  const state = pane.state();
  const frames = pane.frames().filter((each) => each.stack === frame.stack && (!state || isFor(state, each)));
  const here = new Set(frames.map((each) => `${each.instance.sopInstanceUID} ${each.frameNumber}`));
  const { window } = appearance;
  const groups = new Set(frames.flatMap((each) => each.instance.attributes.overlays));
  return {
    ...text,
    references: referencesOf(frames),
    ...(state ? { modality: state.modality } : {}),
    windows: window
      ? [{ center: window.center, width: window.width, function: picture.function }]
      : state && state.windows.length > 0
      ? state.windows
      : ownWindows(frames, picture.window),
    presentation: presentationOf(pane, state),
    colors: colorsOf(pane, state),
    view: exactOf(appearance.view, stage),
    areas: [areaOf(appearance.view, stage)],
    ...turned(appearance.view),
    shutters: (state?.shutters ?? frame.instance.attributes.shutters ?? []).filter((each) =>
      each.shape !== "bitmap"
    ),
    annotations: [
      ...(state?.annotations ?? []).filter((each) => !each.isMark && !each.mark),
      ...annotations.filter((each) => here.has(`${each.sopInstanceUID} ${each.frameNumber}`))
        .map((each) => annotationOf(each, frames)),
    ],
    overlays: [...groups].filter(shown).map((group) => ({ group, layer: overlayLayer })),
  };
}
