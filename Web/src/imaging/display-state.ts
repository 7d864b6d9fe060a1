/** What a picture is drawn with: grey tables, palettes, the view. */
import type { SampleType } from "./samples.ts";

/** A look-up table of PS3.3 C.11.1.1, C.11.2.1.1 or C.11.6. */
export interface LookupTable {
  firstMapped: number;
  /** Bits of each entry, 8 to 16. */
  bits: number;
  entries: Uint16Array;
}

export type VOI =
  | { function: "LINEAR" | "LINEAR_EXACT" | "SIGMOID"; center: number; width: number }
  | { function: "TABLE"; table: LookupTable };

/** From stored value to display: everything that makes one grey table. */
export interface GreyState {
  modality: { slope: number; intercept: number } | { table: LookupTable };
  voi: VOI;
  /** `INVERSE` also for MONOCHROME1 without a presentation LUT. */
  presentation: "IDENTITY" | "INVERSE" | LookupTable;
  /** P-values to driving levels of a characterised display, from `ddlTable`; else P-values are driving levels. */
  ddlTable?: number | null;
  /** A pseudo-colour map from `colorMap`: pointer to 256 colours. */
  colorMap?: number | null;
  /** What padding becomes, and a value reformatting has no data for. Opaque black when left out. */
  paddingColor?: number;
}

/** One colour for each of `count` stored values from `offset` on, in steps of 2^shift; values outside take the ends. */
export interface DisplayTable {
  pointer: number;
  offset: number;
  count: number;
  shift: number;
}

/** Bytes to allocate for any display table. */
export const displayTableBytes = 65536 * 4;

export type Interpolation = "nearest" | "linear" | "cubic" | "area";
export const interpolations: readonly Interpolation[] = ["nearest", "linear", "cubic", "area"];

/**
 * Device to image: column = a·x + c·y + e, row = b·x + d·y + f, with device pixel centres at +0.5. The order is that of
 * `DOMMatrix` [a, b, c, d, e, f].
 */
export type Affine = readonly [number, number, number, number, number, number];

export interface View {
  deviceToImage: Affine;
  /** `area` averages what a device pixel covers; take it when the picture is made smaller. See `interpolationFor`. */
  interpolation: Interpolation;
  /** Outside the image. */
  background: number;
  /** One byte for each image pixel: 0 shows the image, n > 0 the n-th of `maskColors` (pointer to 256 colours). */
  mask?: { pointer: number; colors: number } | null;
}

/** Device pixels to draw: all, or the rows of one worker's share. `pointer` is that of row 0 of the whole picture. */
export interface Output {
  pointer: number;
  width: number;
  height: number;
  firstRow?: number;
  rowCount?: number;
}

/** `smooth` for reading, unless the picture is made smaller than two thirds. */
export function interpolationFor(deviceToImage: Affine, smooth: Interpolation = "linear"): Interpolation {
  const [a, b, c, d] = deviceToImage;
  return smooth !== "nearest" && Math.max(Math.hypot(a, b), Math.hypot(c, d)) > 1.5 ? "area" : smooth;
}

/** Well-known palettes of PS3.6 Annex B, and maps of even lightness. */
export type ColorMapName =
  | "HOT_IRON"
  | "PET"
  | "HOT_METAL_BLUE"
  | "PET_20_STEP"
  | "SPRING"
  | "SUMMER"
  | "FALL"
  | "WINTER"
  | "VIRIDIS"
  | "GREY";
export const colorMapNames: readonly ColorMapName[] = [
  "HOT_IRON",
  "PET",
  "HOT_METAL_BLUE",
  "PET_20_STEP",
  "SPRING",
  "SUMMER",
  "FALL",
  "WINTER",
  "VIRIDIS",
  "GREY",
];

/** A palette of PS3.3 C.7.9; `segmented` entries are expanded (C.7.9.2). */
export interface Palette {
  red: PaletteChannel;
  green: PaletteChannel;
  blue: PaletteChannel;
}
export interface PaletteChannel {
  count: number;
  firstMapped: number;
  bits: number;
  data: Uint16Array;
  segmented: boolean;
}

const tableEntries = 65536;

/** Where a table begins and how wide its steps are. */
export function placeTable(
  type: SampleType,
  range?: readonly [number, number],
): Omit<DisplayTable, "pointer"> {
  const whole: Record<SampleType, readonly [number, number]> = {
    uint8: [0, 255],
    int8: [-128, 127],
    uint16: [0, 65535],
    int16: [-32768, 32767],
    uint32: [0, 4294967295],
    int32: [-2147483648, 2147483647],
    rgb8: [0, 255],
  };
  const [low, high] = range ?? whole[type];
  let shift = 0;
  while (Math.floor((high - low) / 2 ** shift) >= tableEntries) shift++;
  return { offset: low, count: Math.floor((high - low) / 2 ** shift) + 1, shift };
}
