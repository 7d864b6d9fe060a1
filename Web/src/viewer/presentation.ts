/** Presentation states (GSPS) as the server reads them (Documentation/presentation.md), made into what a view shows. */
import type { API } from "../core/api.ts";
import type {
  DisplaySettings,
  FrameInfo,
  LookupTable,
  SeriesManifest,
  Shutter,
  VOIFunction,
  Window,
} from "../imaging/pictures.ts";
import { identityWindow } from "../imaging/windows.ts";
import { baseScale, fitScale, initialView, type ScaleMode, type Stage, type View } from "./view.ts";
import type { Point } from "./viewport-api.ts";

type Pair = readonly [number, number];

interface ImageReference {
  sopInstanceUID: string;
  frameNumbers: readonly number[];
}

export interface Table {
  firstMapped: number;
  bits: number;
  entries: readonly number[];
}

export interface StateGraphic {
  type: string;
  units: string;
  points: readonly Pair[];
  filled: boolean;
}

export interface StateText {
  text: string;
  box: { topLeft: Pair; bottomRight: Pair; units: string } | null;
  anchor: { point: Pair; units: string } | null;
}

export interface StateOverlay {
  rows: number;
  columns: number;
  origin: Pair;
  /** Lengths of 0 and 1 by turns, row after row. */
  runs: readonly number[];
}

type StateModality = { slope: number; intercept: number } | { table: Table } | null;
type StateWindow =
  & { images: readonly ImageReference[] }
  & ((Window & { function: VOIFunction }) | { table: Table });

/** Where the saving viewer stood, which DICOM's whole pixels and quarter turns cannot say. */
export interface ExactView {
  mode: ScaleMode;
  /** Continuous image coordinates in the middle of the view. */
  center: Pair;
  /** Image columns along the view's width and height. */
  span: Pair;
  zoom: number;
  rotation: number;
  flipHorizontal: boolean;
  flipVertical: boolean;
}

/** Images laid over those the state is for, in its colours (PS3.3 C.11.14). */
export interface Blending {
  opacity: number;
  references: readonly (ImageReference & { studyInstanceUID: string; seriesInstanceUID: string })[];
  modality: StateModality;
  windows: readonly StateWindow[];
}

export interface PresentationState {
  sopInstanceUID: string;
  /** By the reader who asks. */
  withdrawable?: boolean;
  /** 256 of red, green, blue; of what is laid over where there is blending. */
  colors?: readonly number[] | null;
  blending?: Blending | null;
  view?: ExactView | null;
  label: string;
  description: string;
  creator: string;
  /** ISO 8601. */
  created: string;
  references: readonly ImageReference[];
  modality: StateModality;
  windows: readonly StateWindow[];
  presentation: { shape: "IDENTITY" | "INVERSE" } | { table: Table };
  areas: readonly {
    images: readonly ImageReference[];
    topLeft: Pair;
    bottomRight: Pair;
    mode: string;
    magnification: number | null;
  }[];
  rotation: number;
  flipped: boolean;
  shutters: readonly Shutter[];
  annotations: readonly {
    images: readonly ImageReference[];
    graphics: readonly StateGraphic[];
    texts: readonly StateText[];
    /** Drawn as a mark, by those who draw marks. */
    isMark: boolean;
    /** UID of the mark this shows; left out where that mark is drawn. */
    mark?: string | null;
  }[];
  overlays: readonly (Partial<StateOverlay> & { group: number; layer: string | null })[];
  notUnderstood: readonly unknown[];
}

export async function presentationStates(api: API, study: string): Promise<readonly PresentationState[]> {
  const { states } = await api.presentationStates(study);
  return states as readonly PresentationState[];
}

/** Empty references mean all images of the state. */
function concerns(images: readonly ImageReference[], frame: FrameInfo): boolean {
  return images.length === 0 || images.some((each) =>
    each.sopInstanceUID === frame.instance.sopInstanceUID &&
    (each.frameNumbers.length === 0 || each.frameNumbers.includes(frame.frameNumber))
  );
}

export function appliesTo(state: PresentationState, series: SeriesManifest): boolean {
  const instances = new Set(series.instances.map((each) => each.sopInstanceUID));
  return state.references.some((each) => instances.has(each.sopInstanceUID));
}

/** A state is for the images it names, not for their neighbours in the series. */
export function isFor(state: PresentationState, frame: FrameInfo): boolean {
  return state.references.length > 0 && concerns(state.references, frame);
}

function lookup(state: PresentationState, role: string, { firstMapped, bits, entries }: Table): LookupTable {
  return {
    key: `${state.sopInstanceUID} ${role}`,
    first: firstMapped,
    bits,
    entries: Uint16Array.from(entries),
  };
}

/** Colours of a state, once for each. */
const painted = new WeakMap<object, { key: string; rgb: Uint8Array }>();

function paint(state: PresentationState): { key: string; rgb: Uint8Array } | null {
  const { colors, sopInstanceUID } = state;
  if (!colors) return null;
  let map = painted.get(colors);
  if (!map) painted.set(colors, map = { key: `${sopInstanceUID} palette`, rgb: Uint8Array.from(colors) });
  return map;
}

/** What the state says of grey values and colours; the reader's own window stands before it. */
export function stateSettings(state: PresentationState, frame: FrameInfo): DisplaySettings {
  const { presentation } = state;
  const settings = chainSettings(state, state, frame, "");
  if (state.colors && !state.blending) settings.colorMap = paint(state);
  else if ("table" in presentation) {
    settings.presentationTable = lookup(state, "presentation", presentation.table);
  } else settings.presentationShape = presentation.shape;
  return settings;
}

/** What a blending state says of the images laid over. */
export function blendedSettings(
  state: PresentationState,
  blending: Blending,
  frame: FrameInfo,
): DisplaySettings {
  return {
    ...chainSettings(state, blending, frame, "over "),
    presentationShape: "IDENTITY",
    colorMap: paint(state),
  };
}

function chainSettings(
  state: PresentationState,
  { modality, windows }: Pick<PresentationState, "modality" | "windows">,
  frame: FrameInfo,
  role: string,
): DisplaySettings {
  const settings: DisplaySettings = {
    // No transformation in the state means the stored values themselves (PS3.4 N.2.1).
    modality: modality === null
      ? { slope: 1, intercept: 0 }
      : "table" in modality
      ? lookup(state, `${role}modality`, modality.table)
      : modality,
  };
  const index = windows.findIndex((each) => concerns(each.images, frame));
  const window = windows[index];
  if (window && "table" in window) settings.voiTable = lookup(state, `${role}voi ${index}`, window.table);
  else if (window) {
    settings.window = { center: window.center, width: window.width };
    settings.function = window.function;
  } else if (frame.stack.samplesPerPixel === 1) {
    settings.window = wholeRange(modality, frame);
    settings.function = "LINEAR";
  }
  return settings;
}

/** Without a window in the state all that the modality transformation can give is shown (PS3.4 N.2.2). */
function wholeRange(modality: StateModality, { stack }: FrameInfo): Window {
  if (modality && "table" in modality) {
    const width = 2 ** modality.table.bits;
    return { center: width / 2, width };
  }
  const { slope, intercept } = modality ?? { slope: 1, intercept: 0 };
  const { center, width } = identityWindow(stack);
  const first = center - width / 2;
  const ends = [first, first + width - 1].map((each) => each * slope + intercept);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  return { center: (low + high) / 2 + 0.5, width: high - low + 1 };
}

/** The view as it was saved, whatever the size of the one it is shown in now. */
function exactView(exact: ExactView, stage: Stage): View {
  const { mode, rotation, flipHorizontal, flipVertical } = exact;
  const view: View = { ...initialView, mode, zoom: exact.zoom, rotation, flipHorizontal, flipVertical };
  if (mode === "fit") {
    const [wide, high] = exact.span;
    const scale = Math.min(stage.viewport.width / wide, stage.viewport.height / high);
    view.zoom = scale / baseScale(view, stage);
  }
  return { ...view, ...moved(view, exact.center, stage) };
}

/** Rotation, mirroring and the displayed area. DICOM rotates first and mirrors then; a view does it the other way round. */
export function stateView(state: PresentationState, frame: FrameInfo, stage: Stage): View {
  if (state.view) return exactView(state.view, stage);
  const turn = ((state.rotation % 360) + 360) % 360;
  const view: View = {
    ...initialView,
    flipHorizontal: state.flipped,
    rotation: state.flipped ? (360 - turn) % 360 : turn,
  };
  const area = state.areas.find((each) => concerns(each.images, frame));
  if (!area) return view;
  const width = area.bottomRight[0] - area.topLeft[0] + 1;
  const height = area.bottomRight[1] - area.topLeft[1] + 1;
  if (!(width > 0 && height > 0)) return view;
  if (area.mode === "TRUE SIZE") view.mode = "trueSize";
  else if (area.mode === "MAGNIFY") {
    view.mode = "pixels";
    view.zoom = area.magnification ?? 1;
  } else {
    const fitted = fitScale({ ...stage, image: { width, height } }, view.rotation);
    view.zoom = fitted / fitScale(stage, view.rotation);
  }
  return { ...view, ...centred(view, area, stage) };
}

/** Pan that brings the middle of the area to the middle of the view. */
function centred(
  view: View,
  area: { topLeft: Pair; bottomRight: Pair },
  stage: Stage,
): { panX: number; panY: number } {
  // Pixel centres count from 0: half a pixel more in continuous coordinates.
  const middle = (index: 0 | 1) => (area.topLeft[index] + area.bottomRight[index]) / 2 + 0.5;
  return moved(view, [middle(0), middle(1)], stage);
}

function moved(view: View, center: Pair, stage: Stage): { panX: number; panY: number } {
  const x = (center[0] - stage.image.width / 2) * (view.flipHorizontal ? -1 : 1);
  const y = (center[1] - stage.image.height / 2) * stage.aspect * (view.flipVertical ? -1 : 1);
  const angle = (view.rotation * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const pan = (value: number) => -value * view.zoom + 0;
  return { panX: pan(x * cosine - y * sine), panY: pan(x * sine + y * cosine) };
}

export interface StateDrawing {
  graphics: readonly StateGraphic[];
  texts: readonly StateText[];
  shutters: readonly Shutter[];
}

/** `isDrawn` says which marks are there anyway. */
export function drawingOf(
  state: PresentationState,
  frame: FrameInfo,
  isDrawn: (mark: string) => boolean = () => false,
): StateDrawing {
  const here = state.annotations.filter((each) =>
    !each.isMark && concerns(each.images, frame) && !(each.mark && isDrawn(each.mark))
  );
  return {
    graphics: here.flatMap((each) => each.graphics),
    texts: here.flatMap((each) => each.texts),
    shutters: state.shutters,
  };
}

/** From positions of the state to image coordinates; those of units DISPLAY are shares of the displayed area. */
export function placed(state: PresentationState, frame: FrameInfo, [x, y]: Pair, units: string): Point {
  if (units !== "DISPLAY") return { x: x + 0.5, y: y + 0.5 };
  const area = state.areas.find((each) => concerns(each.images, frame));
  const [left, top] = area?.topLeft ?? [0, 0];
  const [right, bottom] = area?.bottomRight ?? [frame.stack.columns - 1, frame.stack.rows - 1];
  return { x: left + x * (right - left + 1), y: top + y * (bottom - top + 1) };
}

/** Runs kept within the declared size, whatever the object claims. */
const overlayMaximum = 4096 * 4096;

/** An overlay's set pixels as a path in image coordinates: one box for each run within a row. */
export function overlayPath({ rows, columns, origin, runs }: StateOverlay): string {
  const end = Math.min(rows * columns, overlayMaximum);
  const parts: string[] = [];
  let at = 0;
  runs.forEach((length, index) => {
    let left = Math.min(length, end - at);
    while (index % 2 === 1 && left > 0) {
      const [row, column] = [Math.floor(at / columns), at % columns];
      const width = Math.min(left, columns - column);
      parts.push(`M${origin[0] + column} ${origin[1] + row}h${width}v1h-${width}z`);
      at += width;
      left -= width;
    }
    at += Math.max(0, left);
  });
  return parts.join("");
}

type OwnOverlay = StateOverlay & { group: number; layer: string | null };

/** Bitmaps that come with the state, in a layer of theirs (PS3.3 C.11.7) or as a shutter (C.7.6.15). */
export function overlaysOf(state: PresentationState): { graphics: OwnOverlay[]; shutters: OwnOverlay[] } {
  const own = state.overlays.filter((each): each is OwnOverlay =>
    each.runs !== undefined && (each.rows ?? 0) > 0 && (each.columns ?? 0) > 0 && each.origin !== undefined
  );
  const groups = state.shutters.map((each) => each.overlayGroup);
  return {
    graphics: own.filter((each) => each.layer && !groups.includes(each.group)),
    shutters: own.filter((each) => groups.includes(each.group)),
  };
}
