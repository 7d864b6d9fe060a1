/** Bytes of a decoded, little-endian frame to samples. */
import type { Samples } from "./voi.ts";

/** What is needed to read a frame's bytes; from the Image Pixel module. */
export interface PixelFormat {
  rows: number;
  columns: number;
  samplesPerPixel: number;
  photometric: string;
  bitsAllocated: number;
  bitsStored: number;
  highBit: number;
  signed: boolean;
  planar: boolean;
  slope: number;
  intercept: number;
  padding: number | null;
}

export type Decoded = { kind: "gray"; samples: Samples } | { kind: "color"; rgb: Uint8Array };

export class FrameError extends Error {}

/** The largest frame we show, in pixels; larger ones would not fit the browser's canvas anyway. */
const pixelMaximum = 64 * 1024 * 1024;

export function decodeFrame(bytes: Uint8Array<ArrayBuffer>, format: PixelFormat): Decoded {
  const count = format.rows * format.columns;
  if (!(count > 0 && count <= pixelMaximum)) throw new FrameError("frame size out of range");
  if (format.samplesPerPixel === 3 && format.bitsAllocated === 8) {
    return { kind: "color", rgb: colorSamples(bytes, format, count) };
  }
  if (format.samplesPerPixel !== 1) throw new FrameError("unsupported samples per pixel");
  return { kind: "gray", samples: graySamples(bytes, format, count) };
}

function graySamples(bytes: Uint8Array<ArrayBuffer>, format: PixelFormat, count: number): Samples {
  const size = format.bitsAllocated / 8;
  if (size !== 1 && size !== 2 && size !== 4) throw new FrameError("unsupported bits allocated");
  if (bytes.length < count * size) throw new FrameError("frame is shorter than its size says");
  // A copy where needed: a typed array must start at a multiple of its element size.
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  const view = (signed: boolean): Samples => {
    if (size === 1) {
      return signed ? new Int8Array(buffer, byteOffset, count) : new Uint8Array(buffer, byteOffset, count);
    }
    if (size === 2) {
      return signed ? new Int16Array(buffer, byteOffset, count) : new Uint16Array(buffer, byteOffset, count);
    }
    return signed ? new Int32Array(buffer, byteOffset, count) : new Uint32Array(buffer, byteOffset, count);
  };
  const samples = view(format.signed);
  const unusedAbove = format.bitsAllocated - 1 - format.highBit;
  const unusedBelow = format.highBit + 1 - format.bitsStored;
  if (unusedAbove > 0 || unusedBelow > 0) {
    keepStoredBits(samples, format.bitsAllocated, unusedAbove, unusedBelow, format.signed);
  }
  return samples;
}

/** Bits outside Bits Stored may hold anything (older overlays do); the sign is carried up from the highest stored bit. */
function keepStoredBits(
  samples: Samples,
  allocated: number,
  above: number,
  below: number,
  signed: boolean,
): void {
  const left = 32 - allocated + above;
  const right = left + below;
  for (let i = 0; i < samples.length; i++) {
    const raised = (samples[i] as number) << left;
    // `right` is below 32 because at least one bit is stored.
    samples[i] = signed ? raised >> right : raised >>> right;
  }
}

function colorSamples(bytes: Uint8Array<ArrayBuffer>, format: PixelFormat, count: number): Uint8Array {
  if (format.photometric === "YBR_FULL_422") {
    if (bytes.length >= count * 3) return interleaved(bytes, format, count, "YBR_FULL");
    return fromHalfChroma(bytes, count);
  }
  return interleaved(bytes, format, count, format.photometric);
}

function interleaved(
  bytes: Uint8Array<ArrayBuffer>,
  format: PixelFormat,
  count: number,
  photometric: string,
): Uint8Array {
  if (bytes.length < count * 3) throw new FrameError("frame is shorter than its size says");
  const rgb = new Uint8Array(count * 3);
  const [pixelStep, planeStep] = format.planar ? [1, count] : [3, 1];
  for (let i = 0; i < count; i++) {
    const at = i * pixelStep;
    rgb[i * 3] = bytes[at] as number;
    rgb[i * 3 + 1] = bytes[at + planeStep] as number;
    rgb[i * 3 + 2] = bytes[at + 2 * planeStep] as number;
  }
  if (photometric === "RGB") return rgb;
  if (photometric !== "YBR_FULL") throw new FrameError("unsupported colour space");
  for (let i = 0; i < rgb.length; i += 3) {
    writeRGB(rgb, i, rgb[i] as number, rgb[i + 1] as number, rgb[i + 2] as number);
  }
  return rgb;
}

/** Two luminances share one pair of colour differences (PS3.3 C.7.6.3.1.2). */
function fromHalfChroma(bytes: Uint8Array<ArrayBuffer>, count: number): Uint8Array {
  if (bytes.length < count * 2) throw new FrameError("frame is shorter than its size says");
  const rgb = new Uint8Array(count * 3);
  for (let i = 0, at = 0; i + 1 < count; i += 2, at += 4) {
    const [blue, red] = [bytes[at + 2] as number, bytes[at + 3] as number];
    writeRGB(rgb, i * 3, bytes[at] as number, blue, red);
    writeRGB(rgb, i * 3 + 3, bytes[at + 1] as number, blue, red);
  }
  return rgb;
}

function writeRGB(
  rgb: Uint8Array,
  at: number,
  y: number,
  blueDifference: number,
  redDifference: number,
): void {
  const [cb, cr] = [blueDifference - 128, redDifference - 128];
  rgb[at] = clampByte(y + 1.402 * cr);
  rgb[at + 1] = clampByte(y - 0.344136 * cb - 0.714136 * cr);
  rgb[at + 2] = clampByte(y + 1.772 * cb);
}

function clampByte(value: number): number {
  return Math.min(255, Math.max(0, Math.round(value)));
}
