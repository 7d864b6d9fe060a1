/**
 * Keeps one stream of a series running until every frame is there: begins where the reader looks, begins anew when he goes
 * elsewhere, asks again for the rest after the connection was lost.
 */
import { type FrameHeader, FrameStreamReader, type PayloadSink, rangesText } from "./frame-stream.ts";
import type { FrameFailure } from "./pictures.ts";

export interface FeedTarget {
  readonly count: number;
  /** Nobody looks at it yet. */
  readonly isAhead: boolean;
  /** Frames that need not be sent. */
  has(frame: number): boolean;
  /** Frames to ask for at most, both inclusive. */
  range(): readonly [number, number];
  begin(header: FrameHeader): PayloadSink;
  finish(header: FrameHeader): void;
  /** Before reading on: the decoders may be behind. */
  ready(): Promise<void>;
  waiting(waiting: boolean): void;
  /** Nothing more will come: a status that asking again does not mend. */
  refused(failure: FrameFailure): void;
  signedOut(): void;
  /** Everything asked for is there. */
  complete(): void;
}

const codecs = "native,rle,jpegLossless,jpegls";
/** While the reader scrolls, a stream begun anew at every step would deliver nothing. */
const settleMilliseconds = 60;
const pauses = [250, 500, 1000, 2000, 5000, 10_000];

export class SeriesFeed {
  readonly #address: string;
  readonly #target: FeedTarget;
  readonly #fetch: typeof fetch;
  #focus: number;
  #running: AbortController | null = null;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #isOn = false;
  /** Frames that came since the running stream was begun. */
  #arrived = 0;

  constructor(address: string, first: number, target: FeedTarget, fetcher: typeof fetch = fetch) {
    this.#address = address;
    this.#focus = first;
    this.#target = target;
    this.#fetch = fetcher.bind(globalThis);
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#begin();
  }

  stop(): void {
    this.#isOn = false;
    clearTimeout(this.#settle);
    clearTimeout(this.#retry);
    this.#running?.abort();
    this.#running = null;
    this.#target.waiting(false);
  }

  /** The reader looks at `frame`. */
  moveTo(frame: number): void {
    const distance = Math.abs(frame - this.#focus);
    this.#focus = frame;
    if (!this.#isOn || distance === 0 || this.#target.has(frame)) return;
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => {
      if (this.#isOn && !this.#target.has(this.#focus)) this.restart();
    }, settleMilliseconds);
  }

  /** Asks anew, as after something was thrown out or failed before. */
  restart(): void {
    if (!this.#isOn) return;
    clearTimeout(this.#retry);
    this.#running?.abort();
    this.#begin();
  }

  #begin(): void {
    const [low, high] = this.#target.range();
    let missing = false;
    for (let frame = low; frame <= high && !missing; frame++) missing = !this.#target.has(frame);
    if (!missing) {
      this.#running = null;
      this.#target.complete();
      return;
    }
    const running = new AbortController();
    this.#running = running;
    void this.#run(running, low, high);
  }

  async #run(running: AbortController, low: number, high: number): Promise<void> {
    this.#arrived = 0;
    let isCut = true;
    try {
      const response = await this.#fetch(this.#question(low, high), {
        signal: running.signal,
        credentials: "same-origin",
      });
      if (!response.ok || !response.body) {
        if (this.#running === running) this.#refused(response.status);
        return;
      }
      isCut = !(await this.#read(bodyReader(response.body), running));
    } catch {
      // The network, the server, or ourselves: asked again below unless we ended it.
    }
    if (this.#running !== running || !this.#isOn) return;
    if (isCut) return this.#later();
    this.#failures = 0;
    this.#target.waiting(false);
    // A stream that ends without any of what is missing would end so again.
    if (this.#arrived === 0) return this.#give({ code: "missing", message: "" });
    this.#begin();
  }

  #question(low: number, high: number): string {
    const held = rangesText(this.#target.count, (frame) => this.#target.has(frame));
    const parts = [`from=${this.#focus}`, `codecs=${codecs}`, "preview=1"];
    if (this.#target.isAhead) parts.push("ahead=1");
    if (held !== "") parts.push(`have=${held}`);
    if (low > 0 || high < this.#target.count - 1) parts.push(`range=${low}-${high}`);
    return `${this.#address}${this.#address.includes("?") ? "&" : "?"}${parts.join("&")}`;
  }

  /** Whether the stream came to its end. */
  async #read(body: BodyReader, running: AbortController): Promise<boolean> {
    let ended = false;
    const reader = new FrameStreamReader(
      (header) => this.#target.begin(header),
      (header) => {
        if (header.kind === "end") ended = true;
        else this.#arrived++;
        this.#target.finish(header);
      },
    );
    while (this.#running === running) {
      const bytes = await body.read();
      if (bytes === null) return ended;
      if (this.#running !== running) break;
      reader.write(bytes);
      if (this.#arrived > 0 && this.#failures > 0) {
        this.#failures = 0;
        this.#target.waiting(false);
      }
      await this.#target.ready();
    }
    await body.cancel();
    return false;
  }

  #refused(status: number): void {
    if (status === 401) {
      this.#target.signedOut();
      return this.#later();
    }
    if (status === 408 || status === 429 || status >= 500) return this.#later();
    this.#give({ code: status === 409 ? "changed" : `http${status}`, message: "" });
  }

  #give(failure: FrameFailure): void {
    this.#running = null;
    this.#isOn = false;
    this.#target.refused(failure);
  }

  #later(): void {
    this.#running = null;
    this.#target.waiting(true);
    const pause = pauses[Math.min(this.#failures++, pauses.length - 1)] ?? 1000;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (this.#isOn) this.#begin();
    }, pause);
  }
}

interface BodyReader {
  /** The next bytes, valid until the next call; `null` at the end. */
  read(): Promise<Uint8Array | null>;
  cancel(): Promise<void>;
}

/** As much as is taken out of the connection at once. */
const pieceBytes = 512 * 1024;

/**
 * Reads a body into one piece of memory over and over where the browser can: with a new piece for each read, what waits for the
 * garbage collector grows as large as the series.
 */
function bodyReader(body: ReadableStream<Uint8Array>): BodyReader {
  let own: ReadableStreamBYOBReader;
  try {
    own = body.getReader({ mode: "byob" });
  } catch {
    const plain = body.getReader();
    return { read: async () => (await plain.read()).value ?? null, cancel: () => plain.cancel() };
  }
  let piece = new ArrayBuffer(pieceBytes);
  return {
    read: async () => {
      const { done, value } = await own.read(new Uint8Array(piece));
      if (value) piece = value.buffer;
      return done || !value ? null : value;
    },
    cancel: () => own.cancel(),
  };
}
