/**
 * What a viewport offers to those who draw and measure on it, and what it asks of them. Marks live in image coordinates;
 * only `Viewport.transform` knows where these are on the screen, so zooming, turning and flipping cannot change a mark.
 *
 * Image coordinates are those of SCOORD (PS3.3 C.18.6): columns to the right, rows down, (0, 0) is the outer corner of the
 * first pixel and (0.5, 0.5) its centre; marks, which count from the centre, are half a pixel less. Screen coordinates are device pixels from the viewport's upper left corner.
 */
import type { API } from "../core/api.ts";
import type { Command, CommandRegistry, Gesture } from "../core/commands.ts";
import type { History } from "../core/history.ts";
import type {
  FrameInfo,
  Rectangle,
  SampleBlock,
  SeriesManifest,
  SpacingSource,
} from "../imaging/pictures.ts";
import type { Child } from "../ui/jsx-runtime.ts";
import type { ReadSignal, Signal } from "../ui/signal.ts";
import type { SavedAnnotation } from "./saving.ts";

export interface Point {
  x: number;
  y: number;
}

/** `x' = a·x + c·y + e`, `y' = b·x + d·y + f`, as for a canvas. */
export interface Affine {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

export interface Spacing {
  /**
   * Millimetres between the centres of neighbouring rows (along y) and columns (along x); `null` when unknown. Ultrasound
   * regions, each with its own, are in `info.instance.attributes.regions`.
   */
  rowMM: number | null;
  columnMM: number | null;
  source: SpacingSource;
}

/** The frame whose pixels stand on the screen. */
export interface ViewportFrame {
  studyInstanceUID: string;
  seriesInstanceUID: string;
  sopInstanceUID: string;
  sopClassUID: string;
  modality: string;
  /** 1-based, as in DICOM. */
  frameNumber: number;
  numberOfFrames: number;
  /** 0-based place in the stack as it is scrolled through. */
  index: number;
  columns: number;
  rows: number;
  spacing: Spacing;
  /** Row and column direction cosines and the centre of the first pixel, in patient space (LPS, mm). */
  orientation: readonly number[] | null;
  position: readonly number[] | null;
  frameOfReferenceUID: string | null;
  /** All the manifest says of the frame and of its series. */
  info: FrameInfo;
  series: SeriesManifest;
}

export interface Viewport {
  /** Unique and constant while the viewport stands. */
  readonly id: string;
  /** What is on the screen; `null` while there is nothing. */
  readonly frame: ReadSignal<ViewportFrame | null>;
  /** Image to screen, in device pixels. */
  readonly transform: ReadSignal<Affine>;
  /** Size in device pixels. */
  readonly size: ReadSignal<{ width: number; height: number }>;
  /** Device pixels per CSS pixel. */
  readonly pixelRatio: ReadSignal<number>;
  /** False while a preview, a neighbour or a lossy picture stands in: measuring must wait. */
  readonly fullResolution: ReadSignal<boolean>;
  /** Why nothing can be drawn or measured on what is shown, in words; `null` where it can. */
  readonly refusal: ReadSignal<string | null>;
  /** True while a preview of a large image stands in. */
  readonly isPreview: ReadSignal<boolean>;
  /** False while the reader hides marks (Space held, or the text state without marks). */
  readonly marksVisible: ReadSignal<boolean>;
  /** An SVG layer over the picture whose user units are device pixels. Draw here; it never takes pointer events. */
  readonly layer: SVGSVGElement;
  /** Counts up whenever what stands on the screen has changed; read it in an effect to redraw. */
  readonly redraw: ReadSignal<number>;
  toScreen(point: Point): Point;
  toImage(point: Point): Point;
  /** Stored values of the frame on the screen, or of a part of it. Fails as the imaging service says. */
  samples(rectangle?: Rectangle): Promise<SampleBlock>;
  /** Shows an image of the series in the viewport; false when it is not there. */
  goTo(sopInstanceUID: string, frameNumber: number): boolean;
}

export interface ViewportPointer {
  /** Where, in device pixels of the viewport. */
  screen: Point;
  /** The same place in image coordinates; may lie outside the image. */
  image: Point;
  button: number;
  buttons: number;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  pointerType: string;
  pointerId: number;
  /** 2 for the second press of a double-click. */
  detail: number;
}

/**
 * Draws on one viewport and gets its pointer first. A method that returns true has used the event; only `pointerDown` and
 * `pointerHover` (no button pressed) are offered to all, what follows a used press goes to its owner alone.
 */
export interface ViewportLayer {
  pointerDown?(event: ViewportPointer): boolean;
  pointerMove?(event: ViewportPointer): void;
  pointerUp?(event: ViewportPointer): void;
  pointerCancel?(): void;
  pointerHover?(event: ViewportPointer): boolean;
  doubleClick?(event: ViewportPointer): boolean;
  /** Commands that concern what lies under the pointer, put on top of the context menu. */
  contextCommands?(event: ViewportPointer): readonly string[];
  /** CSS cursor while hovering; `null` leaves it to the viewport. */
  cursor?: ReadSignal<string | null>;
  end(): void;
}

/** What the viewer gives to an extension. */
export interface ViewerHost {
  readonly api: API;
  readonly commands: CommandRegistry;
  readonly history: History;
  /** The signed-in reader's account name. */
  readonly author: string;
  /** Whether what the reader draws is kept on the server. */
  readonly mayAnnotate: boolean;
  /** The tool of the left button. Extensions own the names they registered (`measure.length`); others must be left alone. */
  readonly tool: Signal<string>;
  readonly viewports: ReadSignal<readonly Viewport[]>;
  readonly active: ReadSignal<Viewport | null>;
  /** Study Instance UIDs open in this viewer; the first one is the current study. */
  readonly studies: ReadSignal<readonly string[]>;
  announce(message: string): void;
}

/** A part of the viewer that comes from elsewhere; made once per viewer by the function it exports. */
export interface ViewerExtension {
  readonly commands: readonly Command[];
  readonly gestures?: readonly Gesture[];
  /** Tools of the left button this extension answers for. */
  readonly tools: readonly string[];
  attach(viewport: Viewport): ViewportLayer;
  /** A panel at the right; `body` is made anew each time it is opened. */
  readonly panel?: { command: string; title: string; open: Signal<boolean>; body: () => Child };
  /** What is drawn on a series, for a presentation state. */
  annotations?(study: string, series: string): readonly SavedAnnotation[];
  /** Whether a mark of this UID is drawn by this extension. */
  draws?(mark: string): boolean;
  /** Asked before the viewer closes or changes the study; false keeps it open. */
  mayClose?(): Promise<boolean>;
  end(): void;
}

/** The shape of the function an extension exports. */
export type MakeExtension = (host: ViewerHost) => ViewerExtension;
