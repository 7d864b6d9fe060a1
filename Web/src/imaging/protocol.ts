/** What the page and the image worker say to each other. */
import type { PixelFormat } from "./frame.ts";
import type { VOIFunction, Window } from "./voi.ts";

export interface FrameSource {
  /** The decoded frame as bytes. */
  url: string;
  /** The server's own rendering, for frames the browser cannot read; `null` when there is none. */
  renderedURL: string | null;
  format: PixelFormat;
  /** Ask for the rendering at once: the pixels need a table we do not have. */
  preferRendered: boolean;
}

export interface Presentation {
  /** `null`: the frame's own automatic window. */
  window: Window | null;
  function: VOIFunction;
  inverted: boolean;
}

export type ToWorker =
  | { type: "open"; generation: number; frames: FrameSource[]; start: number }
  | { type: "show"; index: number; presentation: Presentation }
  | { type: "close" };

export type FromWorker =
  | {
    type: "image";
    generation: number;
    /** What was asked for and what is shown: the nearest one loaded, until the right one is there. */
    asked: number;
    shown: number;
    bitmap: ImageBitmap;
    window: Window;
    rendered: boolean;
  }
  | { type: "loaded"; generation: number; index: number }
  | { type: "failed"; generation: number; index: number; status: number };
