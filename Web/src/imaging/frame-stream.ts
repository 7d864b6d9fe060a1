/** Reads the frame stream of a series (Documentation/viewing.md) as its bytes arrive, whatever the pieces they come in. */

export interface FrameHeader {
  payloadBytes: number;
  index: number;
  kind: "frame" | "failure" | "end";
  codec: number;
  level: number;
  bitsAllocated: number;
  bitsStored: number;
  samplesPerPixel: number;
  signed: boolean;
  float: boolean;
  rows: number;
  columns: number;
}

/** Takes the bytes of one payload, piece by piece. */
export interface PayloadSink {
  write(bytes: Uint8Array, offset: number): void;
}

export class StreamError extends Error {}

const opening = "APUSFRM1";
const headerBytes = 24;
const kinds = ["frame", "failure", "end"] as const;
/** No frame is larger; a length beyond it is damage, not data. */
const payloadMaximum = 1 << 30;

export class FrameStreamReader {
  readonly #begin: (header: FrameHeader) => PayloadSink;
  readonly #finish: (header: FrameHeader) => void;
  readonly #head = new Uint8Array(headerBytes);
  /** Bytes of the opening or of the current header that are there. */
  #filled = 0;
  #isOpen = false;
  #header: FrameHeader | null = null;
  #sink: PayloadSink | null = null;
  #received = 0;

  /**
   * @param begin is asked where a payload goes.
   * @param finish is told when it is complete.
   */
  constructor(begin: (header: FrameHeader) => PayloadSink, finish: (header: FrameHeader) => void) {
    this.#begin = begin;
    this.#finish = finish;
  }

  write(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (!this.#isOpen) rest = this.#readOpening(rest);
      else if (this.#header === null) rest = this.#readHeader(rest);
      else rest = this.#readPayload(rest, this.#header);
    }
  }

  #fill(bytes: Uint8Array, wanted: number): Uint8Array {
    const taken = bytes.subarray(0, wanted - this.#filled);
    this.#head.set(taken, this.#filled);
    this.#filled += taken.length;
    return bytes.subarray(taken.length);
  }

  #readOpening(bytes: Uint8Array): Uint8Array {
    const rest = this.#fill(bytes, opening.length);
    if (this.#filled < opening.length) return rest;
    const text = String.fromCharCode(...this.#head.subarray(0, opening.length));
    if (text !== opening) throw new StreamError("not a frame stream");
    this.#isOpen = true;
    this.#filled = 0;
    return rest;
  }

  #readHeader(bytes: Uint8Array): Uint8Array {
    const rest = this.#fill(bytes, headerBytes);
    if (this.#filled < headerBytes) return rest;
    this.#filled = 0;
    const header = parseHeader(new DataView(this.#head.buffer));
    this.#sink = this.#begin(header);
    this.#received = 0;
    this.#header = header;
    if (header.payloadBytes === 0) this.#complete(header);
    return rest;
  }

  #readPayload(bytes: Uint8Array, header: FrameHeader): Uint8Array {
    const taken = bytes.subarray(0, header.payloadBytes - this.#received);
    this.#sink?.write(taken, this.#received);
    this.#received += taken.length;
    if (this.#received === header.payloadBytes) this.#complete(header);
    return bytes.subarray(taken.length);
  }

  #complete(header: FrameHeader): void {
    this.#header = null;
    this.#sink = null;
    this.#finish(header);
  }
}

function parseHeader(view: DataView): FrameHeader {
  const kind = kinds[view.getUint8(8)];
  const payloadBytes = view.getUint32(0, true);
  if (kind === undefined || payloadBytes > payloadMaximum) throw new StreamError("damaged frame stream");
  const flags = view.getUint8(11);
  return {
    payloadBytes,
    index: view.getUint32(4, true),
    kind,
    codec: view.getUint8(9),
    level: view.getUint8(10),
    signed: (flags & 2) !== 0,
    float: (flags & 4) !== 0,
    bitsAllocated: view.getUint8(12),
    bitsStored: view.getUint8(13),
    samplesPerPixel: view.getUint8(14),
    rows: view.getUint32(16, true),
    columns: view.getUint32(20, true),
  };
}

/** Indices as ranges, `0-17,40`; what a stream is told that it need not send. */
export function rangesText(count: number, has: (index: number) => boolean): string {
  const parts: string[] = [];
  for (let start = 0; start < count; start++) {
    if (!has(start)) continue;
    let end = start;
    while (end + 1 < count && has(end + 1)) end++;
    parts.push(end === start ? String(start) : `${start}-${end}`);
    start = end;
  }
  return parts.join(",");
}
