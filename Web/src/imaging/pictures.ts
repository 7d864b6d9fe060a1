/**
 * What viewports and tools get from the imaging service. The manifest of a study, pictures for viewports, stored values for
 * measurements; Documentation/viewing.md tells the same in prose.
 */
import type { Study } from "../core/api.ts";
import type { ReadSignal } from "../ui/signal.ts";

export type SeriesKind =
  | "image"
  | "presentationState"
  | "keyObjects"
  | "structuredReport"
  | "segmentation"
  | "contours"
  | "document"
  | "waveform"
  | "video"
  | "unknown";

export type VOIFunction = "LINEAR" | "LINEAR_EXACT" | "SIGMOID";

export interface Window {
  center: number;
  width: number;
}

export interface NamedWindow extends Window {
  explanation: string;
}

/** A look-up table or one colour of a palette (PS3.3 C.11.1.1, C.7.9). */
export interface LookupTable {
  /** Names the content: equal keys, equal tables. */
  key: string;
  /** The stored value of the first entry. */
  first: number;
  /** Bits of each entry, 8 to 16. */
  bits: number;
  entries: Uint16Array;
}

/** How the distance between pixels is known; decides whether millimetres may be shown. */
export type SpacingSource =
  | "pixelSpacing"
  | "pixelSpacingCalibrated"
  | "imagerSpacing"
  | "imagerSpacingCorrected"
  | "nominalScanned"
  | "none";

export type Photometric = "MONOCHROME1" | "MONOCHROME2" | "PALETTE COLOR" | "RGB";

/** Frames of one geometry and one pixel format, in the order of the display. */
export interface StackInfo {
  index: number;
  /** Index of its first frame in the series, and how many follow. */
  first: number;
  count: number;
  rows: number;
  columns: number;
  samplesPerPixel: number;
  bitsAllocated: number;
  bitsStored: number;
  signed: boolean;
  float: boolean;
  photometric: Photometric;
  /** Red, green, blue. */
  palette: readonly [LookupTable, LookupTable, LookupTable] | null;
  /** Direction cosines of a row (towards higher columns) and of a column (PS3.3 C.7.6.2.1.1). */
  orientation: readonly number[] | null;
  normal: readonly number[] | null;
  /** Millimetres from row to row, and from column to column. */
  spacing: readonly [number, number] | null;
  spacingSource: SpacingSource;
  /** Estimated radiographic magnification; `null` when unknown. */
  magnification: number | null;
  /** How much taller than wide a pixel is. */
  pixelAspect: number;
  frameOfReference: string | null;
  /** Millimetres along the normal between neighbours; `null` when not equal everywhere. */
  sliceSpacing: number | null;
  sliceThickness: number | null;
  /** Ordered by place: neighbours in the list are neighbours in the body. */
  spatial: boolean;
  /** All gaps equal within 1 %, no tilt: fit for reformatting. */
  uniform: boolean;
}

/** From stored values to those a reader knows, and how to show them. */
export interface DisplayValues {
  slope: number;
  intercept: number;
  /** `HU`, `US` …; empty when not told. */
  rescaleType: string;
  modalityTable: LookupTable | null;
  windows: readonly NamedWindow[];
  function: VOIFunction;
  voiTables: readonly { table: LookupTable; explanation: string }[];
  /** Stored values, both inclusive, that stand for no data. */
  padding: readonly [number, number] | null;
  presentationShape: "IDENTITY" | "INVERSE";
}

export interface UltrasoundRegion {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  /** Codes of PS3.3 C.8.5.5.1.15: 3 is centimetres, 4 seconds, 5 hertz, 7 centimetres per second … */
  unitsX: number;
  unitsY: number;
  deltaX: number;
  deltaY: number;
  spatialFormat: number;
  dataType: number;
  flags: number;
  referenceX: number | null;
  referenceY: number | null;
}

/** What is needed for standardised uptake values (PS3.3 C.8.9.1, C.8.9.2). */
export interface PETValues {
  units: string;
  decayCorrection: string;
  correctedImage: readonly string[];
  weightKg: number | null;
  sizeM: number | null;
  sex: string;
  doseBq: number | null;
  halfLifeSeconds: number | null;
  doseStart: string;
  seriesDateTime: string;
  acquisitionDateTime: string;
}

/** What is hidden of an image; edges and points count pixels from 0. */
export interface Shutter {
  shape: string;
  left?: number;
  right?: number;
  top?: number;
  bottom?: number;
  center?: readonly [number, number];
  radius?: number;
  points?: readonly (readonly [number, number])[];
  /** Of a bitmap. */
  overlayGroup?: number;
}

/** What belongs to a whole object. */
export interface InstanceAttributes {
  lossy: boolean;
  lossyRatio: readonly number[];
  lossyMethod: readonly string[];
  /** Milliseconds from each frame to the next, as recorded; one entry when constant. */
  frameTimes: readonly number[];
  imageType: readonly string[];
  viewPosition: string;
  laterality: string;
  bodyPart: string;
  patientOrientation: readonly string[];
  acquisitionNumber: number | null;
  acquisitionDateTime: string;
  contentDateTime: string;
  sourceDetector: number | null;
  sourcePatient: number | null;
  regions: readonly UltrasoundRegion[];
  /** Groups 60xx that hold an overlay. */
  overlays: readonly number[];
  /** The image's own (PS3.3 C.7.6.11), in force as long as no presentation state is. */
  shutters?: readonly Shutter[];
  burnedIn: boolean | null;
  pet: PETValues | null;
  echoTime: number | null;
  repetitionTime: number | null;
  kvp: number | null;
  exposure: number | null;
  gantryTilt: number | null;
  mimeType: string;
}

export interface InstanceInfo {
  index: number;
  sopInstanceUID: string;
  sopClassUID: string;
  kind: SeriesKind;
  instanceNumber: number | null;
  numberOfFrames: number;
  quarantined: boolean;
  attributes: InstanceAttributes;
}

export interface FrameInfo {
  /** In the order of the display. */
  index: number;
  instance: InstanceInfo;
  /** 1-based, as in DICOM. */
  frameNumber: number;
  stack: StackInfo;
  display: DisplayValues;
  /** Centre of the first pixel in patient space, mm. */
  position: readonly [number, number, number] | null;
  /** Milliseconds since the first frame of the series was acquired; `null` when not told. */
  time: number | null;
}

export interface SeriesManifest {
  seriesInstanceUID: string;
  modality: string;
  seriesNumber: number | null;
  seriesDescription: string;
  seriesDate: string;
  seriesTime: string;
  bodyPart: string;
  laterality: string;
  protocolName: string;
  kind: SeriesKind;
  revision: string;
  instances: readonly InstanceInfo[];
  frames: readonly FrameInfo[];
  stacks: readonly StackInfo[];
}

export interface StudyManifest {
  study: Study;
  series: readonly SeriesManifest[];
}

// MARK: Pictures

export type Interpolation = "nearest" | "linear" | "cubic";

/** How stored values become grey or colour. Fields left out take the frame's own. */
export interface DisplaySettings {
  /** `null`: the frame's own first window or table, else one made from the series' first picture. */
  window?: Window | null;
  function?: VOIFunction | null;
  /** Instead of a window. */
  voiTable?: LookupTable | null;
  /** Instead of the object's modality transformation, as a presentation state may say. */
  modality?: { slope: number; intercept: number } | LookupTable | null;
  /** Presentation LUT after the window: the whole range of the table is the whole range of grey (PS3.3 C.11.6). */
  presentationTable?: LookupTable | null;
  presentationShape?: "IDENTITY" | "INVERSE" | null;
  inverted?: boolean;
  /** Pseudo-colour: 256 entries of red, green, blue. */
  colorMap?: { key: string; rgb: Uint8Array } | null;
  interpolation?: Interpolation;
}

/** Canvas matrix [a, b, c, d, e, f] from continuous image coordinates to output pixels. */
export type Matrix = readonly [number, number, number, number, number, number];

export interface PictureRequest {
  /** Index in the series' display order. */
  frame: number;
  settings: DisplaySettings;
  transform: Matrix;
  /** Of the output, in device pixels. */
  width: number;
  height: number;
}

export interface Picture {
  /** The request answered, the same object. */
  request: PictureRequest;
  /** Owned by the receiver, who closes it. */
  bitmap: ImageBitmap;
  /** The frame drawn: the nearest one loaded until the right one is there. */
  shown: number;
  /** The frame asked for, at full resolution. */
  exact: boolean;
  /** Rows and columns drawn were 1/2^level of the real ones. */
  level: number;
  /** In force, in values after the modality transformation; `null` for colour without a window. */
  window: Window | null;
  function: VOIFunction;
  /** Milliseconds it took to draw. */
  milliseconds: number;
}

export interface FrameFailure {
  /** `network`, `http404` …, or the server's or decoder's code. */
  code: string;
  message: string;
}

export interface LoadedFrames {
  readonly count: number;
  readonly total: number;
  /** -1 when not there, else the level there: 0 is full resolution. */
  level(frame: number): number;
}

/** One viewport's wish for pictures. */
export interface ViewportPictures {
  /** The latest request wins. A picture comes as soon as any frame is there, and again whenever a better one can. */
  show(request: PictureRequest): void;
  close(): void;
}

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Stored values of a rectangle, row by row; colour by pixel. */
export interface SampleBlock extends Rectangle {
  frame: number;
  samplesPerPixel: number;
  values:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | Float32Array
    | Float64Array;
}

/** A plane through a volume, in patient space, mm. */
export interface Plane {
  /** Where the outer corner of the first output pixel lies. */
  origin: readonly [number, number, number];
  /** From one output pixel to the next, along a row and along a column. */
  across: readonly [number, number, number];
  down: readonly [number, number, number];
}

export interface SlabRequest {
  plane: Plane;
  settings: DisplaySettings;
  width: number;
  height: number;
  thickness: number;
  mode: "average" | "maximum" | "minimum";
}

export interface SlabPicture {
  /** The request answered, the same object. */
  request: SlabRequest;
  /** No slice was missing, so that none stood in for another. */
  exact: boolean;
  bitmap: ImageBitmap;
  window: Window | null;
  function: VOIFunction;
  milliseconds: number;
}

export interface VolumeImages {
  readonly stack: StackInfo;
  /** Slices that are there at full resolution; planes can be drawn before all are, the nearest slice standing in. */
  readonly loaded: ReadSignal<number>;
  /** @param onRefused Nothing can be drawn: the stack found no room in one piece, or has no geometry the kernels take. */
  viewport(
    onPicture: (picture: SlabPicture) => void,
    onRefused: () => void,
  ): { show(request: SlabRequest): void; close(): void };
}

/** The images of one series, shared by every viewport that shows it. */
export interface SeriesImages {
  readonly manifest: SeriesManifest;
  readonly loaded: ReadSignal<LoadedFrames>;
  readonly failures: ReadSignal<ReadonlyMap<number, FrameFailure>>;
  /** How much of a large frame has come, in percent. */
  readonly receiving: ReadSignal<{ frame: number; percent: number } | null>;
  /** No connection now; what is missing is asked for again by itself. */
  readonly waiting: ReadSignal<boolean>;
  viewport(onPicture: (picture: Picture) => void): ViewportPictures;
  /** Stored values at full resolution; waits for the frame, fails with `FrameFailure`. */
  samples(frame: number, rectangle: Rectangle): Promise<SampleBlock>;
  /** `null` for stacks that cannot be cut in other planes; `volumeProblem` says why. */
  volume(stack: number): VolumeImages | null;
  /** Asks again for frames that failed. */
  retry(): void;
  /** Ends this use; loading stops with the last one. */
  release(): void;
}

export interface ImagingMemory {
  budgetBytes: number;
  usedBytes: number;
}

/** The one place pictures come from, living as long as the window. */
export interface Imaging {
  openStudy(studyInstanceUID: string, signal?: AbortSignal): Promise<StudyManifest>;
  /** Opening a series twice gives the same images. */
  openSeries(study: StudyManifest, seriesInstanceUID: string, first?: number): SeriesImages;
  /** Loads ahead into free memory, after everything that is looked at: priors, the next study. */
  prefetch(
    study: StudyManifest,
    series: readonly { seriesInstanceUID: string; first?: number }[],
  ): { cancel(): void };
  readonly memory: ReadSignal<ImagingMemory>;
  /** Workers share the memory: the page is cross-origin isolated. */
  readonly isolated: boolean;
  close(): void;
}
