/** Frames as they come and as they stand in kernel memory. */

/** How samples stand in memory: little-endian stored values, sign carried up, unused bits cleared. */
export type SampleType = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "rgb8";
export const sampleTypes: readonly SampleType[] = [
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "rgb8",
];

export const bytesPerPixel = (type: SampleType): number =>
  type === "rgb8" ? 3 : type.endsWith("8") ? 1 : type.endsWith("16") ? 2 : 4;

export type Codec = "native" | "native-big-endian" | "rle" | "jpeg-lossless" | "jpeg-ls";
export const codecs: readonly Codec[] = [
  "native",
  "native-big-endian",
  "rle",
  "jpeg-lossless",
  "jpeg-ls",
];

/** The codec of a transfer syntax, or `null` for one that only the server decodes. */
export function codecOf(transferSyntax: string): Codec | null {
  return codecByTransferSyntax.get(transferSyntax) ?? null;
}
const codecByTransferSyntax = new Map<string, Codec>([
  ["1.2.840.10008.1.2", "native"],
  ["1.2.840.10008.1.2.1", "native"],
  ["1.2.840.10008.1.2.1.99", "native"],
  ["1.2.840.10008.1.2.2", "native-big-endian"],
  ["1.2.840.10008.1.2.5", "rle"],
  ["1.2.840.10008.1.2.4.57", "jpeg-lossless"],
  ["1.2.840.10008.1.2.4.70", "jpeg-lossless"],
  ["1.2.840.10008.1.2.4.80", "jpeg-ls"],
  ["1.2.840.10008.1.2.4.81", "jpeg-ls"],
]);

/** Image Pixel Module of the frame as it is in the codestream. */
export interface FrameFormat {
  columns: number;
  rows: number;
  samplesPerPixel: number;
  bitsAllocated: number;
  bitsStored: number;
  highBit: number;
  signed: boolean;
  /** Planar Configuration of native and RLE frames. */
  planar: boolean;
  photometric: string;
}

/** What a decoded frame of this format is in memory: one sample, or three bytes of RGB. */
export function sampleTypeOf(format: FrameFormat): SampleType {
  if (format.samplesPerPixel > 1) return "rgb8";
  const bits = format.bitsAllocated <= 8 ? 8 : format.bitsAllocated <= 16 ? 16 : 32;
  return `${format.signed && format.bitsAllocated > 1 ? "int" : "uint"}${bits}` as SampleType;
}

/** Bytes of the slot a frame of this format decodes into. */
export const slotBytes = (format: FrameFormat): number =>
  format.columns * format.rows * bytesPerPixel(sampleTypeOf(format));

/** Stored values that are not image: Pixel Padding Value (0028,0120), with Range Limit (0028,0121) both ends included. */
export interface Padding {
  low: number;
  high: number;
}

/** A frame in memory. */
export interface ImageBuffer {
  pointer: number;
  columns: number;
  rows: number;
  type: SampleType;
  padding?: Padding | null;
}
