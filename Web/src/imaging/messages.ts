/** What the page and its image worker say to each other, and the image worker and its decoders. */
import type { Codec, FrameFormat } from "./kernels.ts";
import type {
  DisplaySettings,
  DisplayValues,
  FrameFailure,
  LookupTable,
  Matrix,
  Plane,
  Rectangle,
  SampleBlock,
  StackInfo,
  VOIFunction,
  Window,
} from "./pictures.ts";

/** Settings on their way: tables by key, each sent once. */
export type WireSettings =
  & Omit<DisplaySettings, "voiTable" | "modality" | "presentationTable">
  & {
    voiTable?: string | null;
    modality?: { slope: number; intercept: number } | string | null;
    presentationTable?: string | null;
  };

export interface SeriesOpening {
  id: number;
  /** Of the stream, with study, series and revision. */
  address: string;
  stacks: readonly StackInfo[];
  displays: readonly DisplayValues[];
  /** By frame. */
  display: Uint32Array;
  /** By frame, three numbers; empty when the frames have no places. */
  positions: Float64Array;
  first: number;
  purpose: "view" | "prefetch";
}

export interface WireRequest {
  frame: number;
  settings: WireSettings;
  transform: Matrix;
  width: number;
  height: number;
}

export interface WireSlab {
  plane: Plane;
  settings: WireSettings;
  width: number;
  height: number;
  thickness: number;
  mode: "average" | "maximum" | "minimum";
}

export type ToHost =
  | { type: "start"; module: WebAssembly.Module; isolated: boolean; budgetBytes: number }
  | { type: "open"; series: SeriesOpening }
  | { type: "purpose"; series: number; purpose: "view" | "prefetch" | "none" }
  | { type: "table"; table: LookupTable }
  | { type: "show"; viewport: number; series: number; serial: number; request: WireRequest }
  | { type: "slab"; viewport: number; series: number; stack: number; serial: number; request: WireSlab }
  | { type: "hide"; viewport: number }
  | { type: "samples"; call: number; series: number; frame: number; rectangle: Rectangle }
  | { type: "retry"; series: number }
  /** A decoder that was asked for, at the other end of the port. */
  | { type: "decoder"; decoder: number; port: MessagePort }
  | { type: "decoderLost"; decoder: number };

export type FromHost =
  | { type: "ready"; budgetBytes: number }
  | { type: "unusable"; reason: string }
  /** That many are wanted. */
  | { type: "decoders"; count: number }
  | {
    type: "picture";
    viewport: number;
    serial: number;
    bitmap: ImageBitmap;
    shown: number;
    exact: boolean;
    level: number;
    window: Window | null;
    function: VOIFunction;
    milliseconds: number;
  }
  | {
    type: "slab";
    viewport: number;
    serial: number;
    exact: boolean;
    bitmap: ImageBitmap;
    window: Window | null;
    function: VOIFunction;
    milliseconds: number;
  }
  /** There is no volume to draw planes of. */
  | { type: "noVolume"; viewport: number }
  | { type: "loaded"; series: number; frames: number[]; levels: number[] }
  | { type: "failed"; series: number; frames: number[]; failure: FrameFailure }
  | { type: "receiving"; series: number; frame: number; percent: number }
  | { type: "waiting"; series: number; waiting: boolean }
  | { type: "signedOut" }
  | { type: "samples"; call: number; block: SampleBlock | null; failure: FrameFailure | null }
  /** Its memory went to another; opening it again loads it anew. */
  | { type: "dropped"; series: number }
  | { type: "memory"; usedBytes: number };

export interface DecodeJob {
  job: number;
  codec: Codec;
  source: number;
  sourceBytes: number;
  format: FrameFormat;
  slot: number;
}

/** The first message to a decoder: where it hears and answers all others. */
export interface DecoderStart {
  port: MessagePort;
}

export type ToDecoder = { module: WebAssembly.Module; memory: WebAssembly.Memory } | DecodeJob;

/** `code` is that of a `KernelError`; 0 when the frame is in its slot. */
export type FromDecoder = { ready: true } | { job: number; code: number };
