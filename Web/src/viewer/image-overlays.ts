/** Overlay planes (60xx) of images, asked for as their images come to the screen. */
import type { API } from "../core/api.ts";
import type { FrameInfo } from "../imaging/pictures.ts";
import { type ReadSignal, type Signal, signal } from "../ui/signal.ts";

export interface OverlayPlane {
  group: number;
  /** Graphics, or region of interest. */
  type: "G" | "R";
  label: string;
  description: string;
  rows: number;
  columns: number;
  /** Column and row of its first pixel, from 0. */
  origin: readonly [number, number];
  /** Image frames it has bits for: lengths of 0 and 1 by turns. */
  frames: readonly { frameNumber: number; runs: readonly number[] }[];
}

export interface ImageOverlays {
  planes: readonly OverlayPlane[];
  /** Groups that cannot be read. */
  unreadable: readonly number[];
}

/** So many frames of one object are asked for at once. */
const block = 32;
/** Answers kept; the oldest goes first. */
const keptMaximum = 400;

export class OverlayPlanes {
  readonly #kept = new Map<string, Signal<ImageOverlays | null>>();

  constructor(readonly api: API) {}

  /** Those of an image and its neighbours; `null` for one without, or until they are here. */
  of(study: string, frame: FrameInfo): ImageOverlays | null {
    const { sopInstanceUID, attributes } = frame.instance;
    if (attributes.overlays.length === 0) return null;
    const first = Math.floor((frame.frameNumber - 1) / block) * block + 1;
    const key = `${sopInstanceUID} ${first}`;
    return (this.#kept.get(key) ?? this.#ask(key, study, sopInstanceUID, first))();
  }

  #ask(key: string, study: string, instance: string, first: number): ReadSignal<ImageOverlays | null> {
    const made = signal<ImageOverlays | null>(null);
    this.#kept.set(key, made);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptMaximum && oldest !== undefined) this.#kept.delete(oldest);
    this.api.overlays(study, instance, first, first + block - 1).then(
      (found) => made.set(found as ImageOverlays),
      // Asked for again when the image comes to the screen again.
      () => this.#kept.delete(key),
    );
    return made;
  }
}
