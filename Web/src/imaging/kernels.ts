/**
 * The imaging kernels: Swift, compiled to WebAssembly, the same source the server draws with.
 *
 * Image coordinates are continuous: the left top corner of the left top pixel is (0, 0), its centre (0.5, 0.5), as in
 * presentation states and structured reports. Colours are 0xAABBGGRR, the byte order of canvas pixels. Pointers are byte
 * addresses in the kernel memory; ask `allocate` for them. All calls are synchronous and safe to make from any worker that
 * has its own `Kernels` on the same memory; no two may write the same bytes at the same time.
 */
import { createMemory, KernelMemory, OutOfMemory } from "./memory.ts";

/** How samples stand in memory: little-endian stored values, sign carried up, unused bits cleared. */
export type SampleType = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "rgb8";
const sampleTypes: readonly SampleType[] = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "rgb8"];

export const bytesPerPixel = (type: SampleType): number =>
  type === "rgb8" ? 3 : type.endsWith("8") ? 1 : type.endsWith("16") ? 2 : 4;

export type Codec = "native" | "native-big-endian" | "rle" | "jpeg-lossless" | "jpeg-ls";
const codecs: readonly Codec[] = [
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

/** Code 1 to 15: `CodecError.Reason` in its order. 100: bad arguments. 200: the kernel trapped. */
export class KernelError extends Error {
  constructor(readonly code: number, readonly offset = 0) {
    super(`kernel error ${code} at ${offset}`);
  }
}

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
const interpolations: readonly Interpolation[] = ["nearest", "linear", "cubic", "area"];

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

/** Slices of one orientation, ordered along the normal, each with its own place. */
export interface Volume {
  /** Slices one after the other in memory order of `slices`. */
  pointer: number;
  columns: number;
  rows: number;
  /** `uint8`, `uint16`, `int16` or `int32`. */
  type: SampleType;
  /** Pixel Spacing: between rows, between columns, mm. */
  spacing: readonly [number, number];
  /** Image Orientation (Patient): along a row, along a column. */
  orientation: readonly [number, number, number, number, number, number];
  /** Image Position (Patient) of each slice, 3 numbers each, ordered along the normal. */
  positions: Float64Array;
  padding?: Padding | null;
  /** Distance of slices above which the room between them is a gap: "no data" beyond half of `nominalStep`. */
  maximumGap: number;
  nominalStep: number;
}

/** A plane in patient space, mm. */
export interface Plane {
  /** Centre of the device pixel at the left top. */
  origin: readonly [number, number, number];
  /** To the next device pixel to the right and below. */
  right: readonly [number, number, number];
  down: readonly [number, number, number];
}

export type Projection = "maximum" | "minimum" | "mean";
const projections: readonly Projection[] = ["maximum", "minimum", "mean"];

export interface Slab {
  projection: Projection;
  /** mm, centred on the plane. 0: the plane alone. */
  thickness: number;
}

/** In values of reformatting: there is no data here. */
export const noData = -0x80000000;

/** A region in image coordinates. Membership: the pixel's centre is inside; even-odd for polygons. */
export type Region =
  | { shape: "rectangle"; left: number; top: number; right: number; bottom: number }
  /** `axes`: the two half axes as vectors (x, y, x, y), at right angles to each other in the image. */
  | { shape: "ellipse"; center: readonly [number, number]; axes: readonly [number, number, number, number] }
  /** x, y, x, y … */
  | { shape: "polygon"; points: Float64Array };

/** In modality units; padding is never counted. */
export interface Statistics {
  /** Pixels counted. */
  count: number;
  mean: number;
  /** With n - 1; 0 for one pixel. */
  deviation: number;
  minimum: number;
  maximum: number;
  sum: number;
  /** Where (column, row), the first in reading order. */
  minimumAt: readonly [number, number];
  maximumAt: readonly [number, number];
  /** Pixels left out as padding. */
  padding: number;
  /** Area of the region's outline in pixels, inside or outside of the image. */
  areaPixels: number;
}

export type MeasureTool =
  | "length"
  | "polyline"
  | "angle"
  | "cobb"
  | "ratio"
  | "rectangle"
  | "ellipse"
  | "polygon";
const measureTools: readonly MeasureTool[] = [
  "length",
  "polyline",
  "angle",
  "cobb",
  "ratio",
  "rectangle",
  "ellipse",
  "polygon",
];

/** What the software, its settings and the scanner contribute (requirements 4.2.9, Annex A). */
export interface MeasureContext {
  /** mm between rows, between columns; [1, 1] measures in pixels. */
  spacing: readonly [number, number];
  /** Standard uncertainty of the spacing, relative (scanner part). */
  spacingUncertainty: number;
  /** Edge of the anchor's uncertain square in image pixels (column, row): device pixels of the marker / zoom. */
  anchor: readonly [number, number];
  /** Step of the number shown, in its unit. */
  displayStep: number;
  /** k. */
  coverage: number;
}

/** Lengths in mm, areas in mm², angles in degrees, ratios as they are. */
export interface Measured {
  value: number;
  /** For areas: the length of the outline in mm; for the ratio: the two lengths are in `parts`. */
  perimeter: number;
  parts: readonly [number, number];
  /** Standard uncertainties from anchoring, rounding and spacing, and combined. */
  anchoring: number;
  rounding: number;
  spacing: number;
  combined: number;
  /** U = k·u. */
  expanded: number;
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

/** What the module exports; `Sources/BrowserKernel` has the other half. Each takes one block of numbers. */
export interface KernelExports {
  readonly __stack_pointer: WebAssembly.Global;
  malloc(bytes: number): number;
  free(pointer: number): void;
  apus_decode(block: number): number;
  apus_grey_table(block: number): number;
  apus_palette_table(block: number): number;
  apus_color_map(block: number): number;
  apus_ddl_table(block: number): number;
  apus_display(block: number): number;
  apus_apply_table(block: number): number;
  apus_downscale(block: number): number;
  apus_value_range(block: number): number;
  apus_automatic_window(block: number): number;
  apus_histogram(block: number): number;
  apus_statistics(block: number): number;
  apus_mask_region(block: number): number;
  apus_mask_overlay(block: number): number;
  apus_reformat(block: number): number;
  apus_measure(block: number): number;
  apus_gsdf(block: number): number;
  apus_suv_factor(block: number): number;
}

export const exportNames: readonly (keyof KernelExports)[] = [
  "__stack_pointer",
  "malloc",
  "free",
  "apus_decode",
  "apus_grey_table",
  "apus_palette_table",
  "apus_color_map",
  "apus_ddl_table",
  "apus_display",
  "apus_apply_table",
  "apus_downscale",
  "apus_value_range",
  "apus_automatic_window",
  "apus_histogram",
  "apus_statistics",
  "apus_mask_region",
  "apus_mask_overlay",
  "apus_reformat",
  "apus_measure",
  "apus_gsdf",
  "apus_suv_factor",
];

const blockNumbers = 64;
const stackBytes = 256 * 1024;
const opaqueBlack = 0xff000000;

export class Kernels {
  readonly memory: KernelMemory;
  readonly #exports: KernelExports;
  readonly #block: number;

  private constructor(memory: WebAssembly.Memory, exports: KernelExports) {
    this.memory = new KernelMemory(memory);
    this.#exports = exports;
    this.#block = this.allocate(blockNumbers * 8);
  }

  /**
   * The first agent of a memory makes it (leave `memory` out) and keeps the module's own stack; every other gives the memory it
   * was sent and gets a stack of its own.
   */
  static async instantiate(module: WebAssembly.Module, memory?: WebAssembly.Memory): Promise<Kernels> {
    const shared = memory ?? createMemory();
    const instance = await WebAssembly.instantiate(module, { env: { memory: shared } });
    const exports = instance.exports as unknown as KernelExports;
    if (memory) {
      const stack = exports.malloc(stackBytes) >>> 0;
      if (stack === 0) throw new OutOfMemory(`${stackBytes} bytes`);
      exports.__stack_pointer.value = stack + stackBytes;
    }
    return new Kernels(shared, exports);
  }

  /** Bytes on a boundary of 16, not cleared. */
  allocate(bytes: number): number {
    const pointer = this.#exports.malloc(bytes) >>> 0;
    if (pointer === 0) throw new OutOfMemory(`${bytes} bytes`);
    return pointer;
  }

  release(pointer: number): void {
    this.#exports.free(pointer);
  }

  // Decoding

  /**
   * Decodes one frame to a slot of `slotBytes(format)`. YBR becomes RGB, planes are interleaved, colour of more than 8 bits is
   * reduced to 8. A frame that cannot be decoded gives a `KernelError`; what is in the slot then means nothing.
   */
  decode(codec: Codec, source: number, sourceBytes: number, format: FrameFormat, slot: number): void {
    const { columns, rows, samplesPerPixel, bitsAllocated, bitsStored, highBit, signed, planar } = format;
    this.#run("apus_decode", [
      codecs.indexOf(codec),
      source,
      sourceBytes,
      slot,
      slotBytes(format),
      columns,
      rows,
      samplesPerPixel,
      bitsAllocated,
      bitsStored,
      highBit,
      Number(signed),
      Number(planar),
      format.photometric === "YBR_FULL" ? 1 : format.photometric === "YBR_FULL_422" ? 2 : 0,
    ]);
  }

  // Display

  /**
   * Fills `pointer` (`displayTableBytes`) for samples of one type, or for their known `range` only, which is quicker. For 32
   * bits the range decides the step of the table.
   */
  greyTable(
    pointer: number,
    state: GreyState,
    type: SampleType,
    padding: Padding | null = null,
    range?: readonly [number, number],
  ): DisplayTable {
    const placed = placeTable(type, range);
    const { modality, voi, presentation } = state;
    const temporaries: number[] = [];
    const table = (of: LookupTable | null): number[] => {
      if (!of) return [0, 0, 0, 0];
      return [this.#copied(of.entries, temporaries), of.entries.length, of.firstMapped, of.bits];
    };
    try {
      this.#run("apus_grey_table", [
        pointer,
        placed.offset,
        placed.count,
        placed.shift,
        "table" in modality ? 1 : modality.slope,
        "table" in modality ? 0 : modality.intercept,
        ["LINEAR", "LINEAR_EXACT", "SIGMOID", "TABLE"].indexOf(voi.function),
        voi.function === "TABLE" ? 0 : voi.center,
        voi.function === "TABLE" ? 0 : voi.width,
        presentation === "IDENTITY" ? 0 : presentation === "INVERSE" ? 1 : 2,
        state.ddlTable ?? 0,
        state.colorMap ?? 0,
        state.paddingColor ?? opaqueBlack,
        ...paddingNumbers(padding),
        ...table("table" in modality ? modality.table : null),
        ...table(voi.function === "TABLE" ? voi.table : null),
        ...table(typeof presentation === "string" ? null : presentation),
      ]);
    } finally {
      for (const each of temporaries) this.release(each);
    }
    return { pointer, ...placed };
  }

  /** A display table of a palette image (PALETTE COLOR). */
  paletteTable(pointer: number, palette: Palette, type: SampleType): DisplayTable {
    const placed = placeTable(type);
    const temporaries: number[] = [];
    const channel = (of: PaletteChannel): number[] => [
      this.#copied(of.data, temporaries),
      of.data.length,
      of.count,
      of.firstMapped,
      of.bits,
      Number(of.segmented),
    ];
    const { red, green, blue } = palette;
    try {
      this.#run("apus_palette_table", [
        pointer,
        placed.offset,
        placed.count,
        ...channel(red),
        ...channel(green),
        ...channel(blue),
      ]);
    } finally {
      for (const each of temporaries) this.release(each);
    }
    return { pointer, ...placed };
  }

  /** Writes 256 colours (1024 bytes). */
  colorMap(pointer: number, name: ColorMapName): void {
    this.#run("apus_color_map", [pointer, colorMapNames.indexOf(name)]);
  }

  /**
   * Writes the 65,536 bytes that turn P-values into driving levels of a display whose luminance in cd/m², ambient light
   * included, was measured at equal steps from level 0 to 255 (PS3.14; 2 to 256 ascending numbers).
   */
  ddlTable(pointer: number, luminances: Float64Array): void {
    const temporaries: number[] = [];
    try {
      this.#run("apus_ddl_table", [pointer, this.#copied(luminances, temporaries), luminances.length]);
    } finally {
      for (const each of temporaries) this.release(each);
    }
  }

  /**
   * Draws device pixels of an image. Grey samples are interpolated as stored values, then looked up; the nearest one stands
   * where a neighbour is padding. For `rgb8` the table's low bytes (a grey table of `uint8`) set brightness and contrast.
   * With `indexed` colours are looked up before they are interpolated, as palette images need it.
   */
  display(output: Output, image: ImageBuffer, table: DisplayTable, view: View, indexed = false): void {
    this.#run("apus_display", [
      ...imageNumbers(image),
      ...tableNumbers(table),
      ...outputNumbers(output),
      ...view.deviceToImage,
      interpolations.indexOf(view.interpolation),
      view.background,
      view.mask?.pointer ?? 0,
      view.mask?.colors ?? 0,
      Number(indexed),
    ]);
  }

  /** Colours of reformatted values. */
  applyTable(pointer: number, values: number, count: number, table: DisplayTable, noDataColor: number): void {
    this.#run("apus_apply_table", [pointer, values, count, ...tableNumbers(table), noDataColor]);
  }

  /** Mean of boxes of `factor` × `factor` pixels, padding left out; the target has ceil(size / factor) columns and rows. */
  downscale(image: ImageBuffer, factor: number, pointer: number): ImageBuffer {
    this.#run("apus_downscale", [...imageNumbers(image), factor, pointer]);
    return {
      ...image,
      pointer,
      columns: Math.ceil(image.columns / factor),
      rows: Math.ceil(image.rows / factor),
    };
  }

  /** Lowest and highest stored value that is not padding; `null` when there is none. */
  valueRange(image: ImageBuffer): [number, number] | null {
    const [found, low, high] = this.#run("apus_value_range", imageNumbers(image), 3);
    return found ? [low as number, high as number] : null;
  }

  /** A LINEAR window in modality units that shows all but half a percent at either end; `null` without pixels. */
  automaticWindow(image: ImageBuffer, slope = 1, intercept = 0): { center: number; width: number } | null {
    const numbers = [...imageNumbers(image), slope, intercept];
    const [found, center, width] = this.#run("apus_automatic_window", numbers, 3);
    return found ? { center: center as number, width: width as number } : null;
  }

  // Masks: one byte for each pixel of the image

  /** Writes `value` where a pixel is inside of the region, or outside of it (shutters). */
  maskRegion(
    mask: number,
    columns: number,
    rows: number,
    region: Region,
    inside: boolean,
    value: number,
  ): void {
    this.#withRegion(region, (numbers) => {
      this.#run("apus_mask_region", [mask, columns, rows, Number(inside), value, ...numbers]);
    });
  }

  /**
   * Writes `value` where the overlay plane (60xx,3000; or bitmap shutter) has a set bit.
   * @param origin Overlay Origin (60xx,0050): row, column, from 1; may lie outside of the image.
   */
  maskOverlay(
    mask: number,
    columns: number,
    rows: number,
    overlay: {
      bits: Uint8Array;
      firstBit: number;
      rows: number;
      columns: number;
      origin: readonly [number, number];
    },
    value: number,
  ): void {
    const temporaries: number[] = [];
    try {
      this.#run("apus_mask_overlay", [
        mask,
        columns,
        rows,
        this.#copied(overlay.bits, temporaries),
        overlay.bits.length,
        overlay.firstBit,
        overlay.rows,
        overlay.columns,
        ...overlay.origin,
        value,
      ]);
    } finally {
      for (const each of temporaries) this.release(each);
    }
  }

  // Volume

  /**
   * Writes reformatted stored values as `int32`, `noData` where the volume has none. `output.pointer` is that of row 0.
   * @param loaded One byte for each slice, 0: not there yet. The nearest slice that is there stands in. 0: all are there.
   */
  reformat(output: Output, volume: Volume, plane: Plane, slab?: Slab, loaded = 0): void {
    const temporaries: number[] = [];
    try {
      this.#run("apus_reformat", [
        volume.pointer,
        volume.columns,
        volume.rows,
        volume.positions.length / 3,
        sampleTypes.indexOf(volume.type),
        ...paddingNumbers(volume.padding ?? null),
        this.#copied(volume.positions, temporaries),
        ...volume.spacing,
        ...volume.orientation,
        volume.maximumGap,
        volume.nominalStep,
        loaded,
        ...outputNumbers(output),
        ...plane.origin,
        ...plane.right,
        ...plane.down,
        slab ? projections.indexOf(slab.projection) : 0,
        slab?.thickness ?? 0,
      ]);
    } finally {
      for (const each of temporaries) this.release(each);
    }
  }

  // Measurement

  /** Statistics of the pixels whose centre is in the region; `null` when there are none. */
  statistics(image: ImageBuffer, region: Region, slope = 1, intercept = 0): Statistics | null {
    return this.#withRegion(region, (numbers) => {
      const result = this.#run("apus_statistics", [...imageNumbers(image), slope, intercept, ...numbers], 12);
      const [count, mean, deviation, minimum, maximum, sum, c0, r0, c1, r1, padding, areaPixels] = result as
        & number[]
        & { length: 12 };
      if (!count) return null;
      return {
        count,
        mean: mean as number,
        deviation: deviation as number,
        minimum: minimum as number,
        maximum: maximum as number,
        sum: sum as number,
        minimumAt: [c0 as number, r0 as number],
        maximumAt: [c1 as number, r1 as number],
        padding: padding as number,
        areaPixels: areaPixels as number,
      };
    });
  }

  /** Counts of stored values in `bins` equal parts from `low` to `high` (both included); padding and others are left out. */
  histogram(image: ImageBuffer, region: Region | null, low: number, high: number, bins: number): Uint32Array {
    const pointer = this.allocate(bins * 4);
    const whole: Region = { shape: "rectangle", left: 0, top: 0, right: image.columns, bottom: image.rows };
    try {
      this.#withRegion(region ?? whole, (numbers) => {
        this.#run("apus_histogram", [...imageNumbers(image), low, high, bins, pointer, ...numbers]);
      });
      return this.memory.uint32(pointer, bins).slice();
    } finally {
      this.release(pointer);
    }
  }

  /**
   * A value with its uncertainty. `points` are image coordinates x, y: length 2, polyline 2 or more, angle 3 (the second is
   * the vertex), cobb and ratio 4 (two lines), rectangle 2 (opposite corners), ellipse 3 (centre, ends of the half
   * axes), polygon 3 or more.
   */
  measure(tool: MeasureTool, points: Float64Array, context: MeasureContext): Measured {
    const temporaries: number[] = [];
    try {
      const result = this.#run("apus_measure", [
        measureTools.indexOf(tool),
        this.#copied(points, temporaries),
        points.length / 2,
        ...context.spacing,
        context.spacingUncertainty,
        ...context.anchor,
        context.displayStep,
        context.coverage,
      ], 9);
      const [value, perimeter, first, second, anchoring, rounding, spacing, combined, expanded] = result;
      return {
        value: value as number,
        perimeter: perimeter as number,
        parts: [first as number, second as number],
        anchoring: anchoring as number,
        rounding: rounding as number,
        spacing: spacing as number,
        combined: combined as number,
        expanded: expanded as number,
      };
    } finally {
      for (const each of temporaries) this.release(each);
    }
  }

  /** Luminance in cd/m² of a JND index, 1 to 1023 (PS3.14 §7.1). */
  gsdfLuminance(index: number): number {
    return this.#run("apus_gsdf", [0, index], 1)[0] as number;
  }

  /** JND index of a luminance, 0.05 to 3993.4 cd/m². */
  gsdfIndex(luminance: number): number {
    return this.#run("apus_gsdf", [1, luminance], 1)[0] as number;
  }

  /** What Bq/ml is multiplied with for SUV by body weight (g/ml); `null` when an input is missing or impossible. */
  suvFactor(input: SUVInput): number | null {
    const [found, factor] = this.#run("apus_suv_factor", [
      input.weightKilograms,
      input.doseBecquerels,
      input.halfLifeSeconds,
      input.secondsSinceInjection,
      Number(input.decayCorrectedToInjection),
    ], 2);
    return found ? factor as number : null;
  }

  /** Writes the block, calls, and gives the first `results` numbers of the block. */
  #run(
    name: Exclude<keyof KernelExports, "malloc" | "free" | "__stack_pointer">,
    numbers: number[],
    results = 0,
  ): number[] {
    const block = this.memory.float64(this.#block, blockNumbers);
    block.set(numbers);
    let code: number;
    try {
      code = this.#exports[name](this.#block);
    } catch {
      throw new KernelError(200);
    }
    // The memory may have grown.
    const after = this.memory.float64(this.#block, blockNumbers);
    if (code !== 0) throw new KernelError(code, after[0]);
    return Array.from(after.subarray(0, results));
  }

  #copied(source: Float64Array | Uint16Array | Uint8Array, temporaries: number[]): number {
    const pointer = this.allocate(Math.max(source.byteLength, 1));
    temporaries.push(pointer);
    this.memory.copyIn(source, pointer);
    return pointer;
  }

  #withRegion<Result>(region: Region, use: (numbers: number[]) => Result): Result {
    if (region.shape === "rectangle") {
      return use([0, region.left, region.top, region.right, region.bottom, 0, 0]);
    }
    if (region.shape === "ellipse") return use([1, ...region.center, ...region.axes]);
    const temporaries: number[] = [];
    try {
      return use([2, this.#copied(region.points, temporaries), region.points.length / 2, 0, 0, 0, 0]);
    } finally {
      for (const each of temporaries) this.release(each);
    }
  }
}

/** Radiopharmaceutical Information of a PET series (PS3.3 C.8.9.2). */
export interface SUVInput {
  weightKilograms: number;
  doseBecquerels: number;
  halfLifeSeconds: number;
  /** From injection to the time the decay correction refers to. */
  secondsSinceInjection: number;
  /** Decay Correction ADMIN. */
  decayCorrectedToInjection: boolean;
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

const paddingNumbers = (padding: Padding | null | undefined): number[] =>
  padding ? [1, padding.low, padding.high] : [0, 0, 0];

const imageNumbers = (image: ImageBuffer): number[] => [
  image.pointer,
  image.columns,
  image.rows,
  sampleTypes.indexOf(image.type),
  ...paddingNumbers(image.padding),
];

const tableNumbers = (
  table: DisplayTable,
): number[] => [table.pointer, table.offset, table.count, table.shift];

const outputNumbers = (output: Output): number[] => [
  output.pointer,
  output.width,
  output.height,
  output.firstRow ?? 0,
  output.rowCount ?? output.height,
];
