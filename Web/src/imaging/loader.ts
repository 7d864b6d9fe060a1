/**
 * Fetches the frames of one series: the current one first, then outward in scroll direction, a few at a time, as many as
 * fit the memory budget. Fetching ahead never throws out what is loaded; only the frame being looked at may.
 */
import { type Decoded, decodeFrame } from "./frame.ts";
import { singlePart } from "./multipart.ts";
import type { FrameSource } from "./protocol.ts";
import { nearestLoaded, nextToLoad } from "./schedule.ts";
import { type ValueRange, valueRange } from "./voi.ts";

export type LoadedFrame =
  | { kind: "gray"; decoded: Decoded & { kind: "gray" }; range: ValueRange; bytes: number }
  | { kind: "color"; decoded: Decoded & { kind: "color" }; bytes: number }
  | { kind: "rendered"; bitmap: ImageBitmap; bytes: number };

export class LoadError extends Error {
  constructor(readonly status: number) {
    super(`frame request answered ${status}`);
  }
}

export interface LoaderEvents {
  loaded(index: number): void;
  failed(index: number, status: number): void;
}

const parallelRequests = 6;
const budgetBytes = 768 * 1024 * 1024;
const accept = 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1';

export class SeriesLoader {
  readonly #frames: readonly FrameSource[];
  readonly #events: LoaderEvents;
  readonly #fetch: typeof fetch;
  readonly #loaded = new Map<number, LoadedFrame>();
  readonly #failed = new Set<number>();
  readonly #inFlight = new Map<number, AbortController>();
  #current: number;
  #direction: 1 | -1 = 1;
  #bytes = 0;
  #closed = false;

  constructor(
    frames: readonly FrameSource[],
    start: number,
    events: LoaderEvents,
    fetcher: typeof fetch = fetch,
  ) {
    this.#frames = frames;
    this.#current = start;
    this.#events = events;
    this.#fetch = fetcher.bind(globalThis);
    this.#pump();
  }

  /** Moves the focus of loading. */
  moveTo(index: number): void {
    if (index !== this.#current) this.#direction = index > this.#current ? 1 : -1;
    this.#current = index;
    const busy = this.#inFlight.size >= parallelRequests;
    if (!this.#loaded.has(index) && !this.#inFlight.has(index) && !this.#failed.has(index) && busy) {
      this.#giveUpFarthest();
    }
    this.#pump();
  }

  frame(index: number): LoadedFrame | undefined {
    return this.#loaded.get(index);
  }

  nearest(index: number): number {
    return nearestLoaded(index, this.#frames.length, (each) => this.#loaded.has(each));
  }

  hasFailed(index: number): boolean {
    return this.#failed.has(index);
  }

  close(): void {
    this.#closed = true;
    for (const request of this.#inFlight.values()) request.abort();
    for (const frame of this.#loaded.values()) if (frame.kind === "rendered") frame.bitmap.close();
    this.#loaded.clear();
  }

  #pump(): void {
    while (!this.#closed && this.#inFlight.size < parallelRequests) {
      const index = nextToLoad(
        this.#current,
        this.#direction,
        this.#frames.length,
        (each) => this.#isWanted(each),
      );
      if (index < 0) return;
      if (this.#bytes >= budgetBytes) {
        if (index !== this.#current) return;
        this.#evictFarthest();
      }
      void this.#load(index);
    }
  }

  #isWanted(index: number): boolean {
    return !this.#loaded.has(index) && !this.#inFlight.has(index) && !this.#failed.has(index);
  }

  #farthest(indices: Iterable<number>): number {
    let farthest = -1;
    for (const index of indices) {
      if (farthest < 0 || Math.abs(index - this.#current) > Math.abs(farthest - this.#current)) {
        farthest = index;
      }
    }
    return farthest;
  }

  /** Makes room for the frame asked for by ending the least useful request. */
  #giveUpFarthest(): void {
    const index = this.#farthest(this.#inFlight.keys());
    this.#inFlight.get(index)?.abort();
    this.#inFlight.delete(index);
  }

  #evictFarthest(): void {
    const index = this.#farthest(this.#loaded.keys());
    const frame = this.#loaded.get(index);
    if (!frame) return;
    if (frame.kind === "rendered") frame.bitmap.close();
    this.#bytes -= frame.bytes;
    this.#loaded.delete(index);
  }

  async #load(index: number): Promise<void> {
    const source = this.#frames[index];
    if (!source) return;
    const request = new AbortController();
    this.#inFlight.set(index, request);
    try {
      const frame = await this.#read(source, request.signal);
      if (this.#closed || this.#inFlight.get(index) !== request) return;
      this.#loaded.set(index, frame);
      this.#bytes += frame.bytes;
      this.#inFlight.delete(index);
      this.#events.loaded(index);
    } catch (error) {
      if (this.#closed || this.#inFlight.get(index) !== request) return;
      this.#inFlight.delete(index);
      this.#failed.add(index);
      this.#events.failed(index, error instanceof LoadError ? error.status : 0);
    }
    this.#pump();
  }

  async #read(source: FrameSource, signal: AbortSignal): Promise<LoadedFrame> {
    if (!source.preferRendered) {
      try {
        return await this.#readPixels(source, signal);
      } catch (error) {
        if (signal.aborted || source.renderedURL === null) throw error;
        // Refused or unreadable: the server's rendering is the second choice.
        return await this.#readRendered(source.renderedURL, signal, error);
      }
    }
    if (source.renderedURL === null) throw new LoadError(406);
    return await this.#readRendered(source.renderedURL, signal, null);
  }

  async #readPixels(source: FrameSource, signal: AbortSignal): Promise<LoadedFrame> {
    const response = await this.#fetch(source.url, { signal, headers: { Accept: accept } });
    if (!response.ok) throw new LoadError(response.status);
    const body = new Uint8Array(await response.arrayBuffer());
    const decoded = decodeFrame(singlePart(body, response.headers.get("Content-Type") ?? ""), source.format);
    if (decoded.kind === "color") return { kind: "color", decoded, bytes: decoded.rgb.byteLength };
    return { kind: "gray", decoded, range: valueRange(decoded.samples), bytes: decoded.samples.byteLength };
  }

  async #readRendered(url: string, signal: AbortSignal, cause: unknown): Promise<LoadedFrame> {
    const response = await this.#fetch(url, { signal, headers: { Accept: "image/png, image/jpeg;q=0.9" } });
    if (!response.ok) throw cause instanceof LoadError ? cause : new LoadError(response.status);
    const bitmap = await createImageBitmap(await response.blob());
    return { kind: "rendered", bitmap, bytes: bitmap.width * bitmap.height * 4 };
  }
}
