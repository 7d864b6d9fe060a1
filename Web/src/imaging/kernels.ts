/**
 * The imaging kernels: Swift, compiled to WebAssembly, the same source the server draws with.
 *
 * Image coordinates are continuous: the left top corner of the left top pixel is (0, 0), its centre (0.5, 0.5), as in
 * presentation states and structured reports. Colours are 0xAABBGGRR, the byte order of canvas pixels. Pointers are byte
 * addresses in the kernel memory; ask `allocate` for them. All calls are synchronous and safe to make from any worker that
 * has its own `Kernels` on the same memory; no two may write the same bytes at the same time.
 */
import { imageNumbers, outputNumbers, paddingNumbers, tableNumbers } from "./block-numbers.ts";
import { KernelModule } from "./kernel-module.ts";
import { MeasuringKernels } from "./measuring-kernels.ts";
import {
  type ColorMapName,
  colorMapNames,
  type DisplayTable,
  type GreyState,
  interpolations,
  type LookupTable,
  type Output,
  type Palette,
  type PaletteChannel,
  placeTable,
  type View,
} from "./display-state.ts";
import type { Region } from "./measuring.ts";
import {
  type Codec,
  codecs,
  type FrameFormat,
  type ImageBuffer,
  type Padding,
  type SampleType,
  sampleTypes,
  slotBytes,
} from "./samples.ts";
import { type Plane, projections, type Slab, type Volume } from "./volume.ts";

export * from "./display-state.ts";
export * from "./kernel-module.ts";
export * from "./measuring.ts";
export * from "./samples.ts";
export * from "./volume.ts";

const opaqueBlack = 0xff000000;

export class Kernels extends MeasuringKernels {
  /** Without `memory` a new one is made; other agents give the one they were sent. */
  static async instantiate(module: WebAssembly.Module, memory?: WebAssembly.Memory): Promise<Kernels> {
    return new Kernels(...await KernelModule.start(module, memory));
  }

  // Decoding

  /**
   * Decodes one frame to a slot of `slotBytes(format)`. YBR becomes RGB, planes are interleaved, colour of more than 8 bits is
   * reduced to 8. A frame that cannot be decoded gives a `KernelError`; what is in the slot then means nothing.
   */
  decode(codec: Codec, source: number, sourceBytes: number, format: FrameFormat, slot: number): void {
    const { columns, rows, samplesPerPixel, bitsAllocated, bitsStored, highBit, signed, planar } = format;
    this.run("apus_decode", [
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
      return [this.copied(of.entries, temporaries), of.entries.length, of.firstMapped, of.bits];
    };
    try {
      this.run("apus_grey_table", [
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
      this.copied(of.data, temporaries),
      of.data.length,
      of.count,
      of.firstMapped,
      of.bits,
      Number(of.segmented),
    ];
    const { red, green, blue } = palette;
    try {
      this.run("apus_palette_table", [
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
    this.run("apus_color_map", [pointer, colorMapNames.indexOf(name)]);
  }

  /**
   * Writes the 65,536 bytes that turn P-values into driving levels of a display whose luminance in cd/m², ambient light
   * included, was measured at equal steps from level 0 to 255 (PS3.14; 2 to 256 ascending numbers).
   */
  ddlTable(pointer: number, luminances: Float64Array): void {
    const temporaries: number[] = [];
    try {
      this.run("apus_ddl_table", [pointer, this.copied(luminances, temporaries), luminances.length]);
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
    this.run("apus_display", [
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
    this.run("apus_apply_table", [pointer, values, count, ...tableNumbers(table), noDataColor]);
  }

  /** Mean of boxes of `factor` × `factor` pixels, padding left out; the target has ceil(size / factor) columns and rows. */
  downscale(image: ImageBuffer, factor: number, pointer: number): ImageBuffer {
    this.run("apus_downscale", [...imageNumbers(image), factor, pointer]);
    return {
      ...image,
      pointer,
      columns: Math.ceil(image.columns / factor),
      rows: Math.ceil(image.rows / factor),
    };
  }

  /** Lowest and highest stored value that is not padding; `null` when there is none. */
  valueRange(image: ImageBuffer): [number, number] | null {
    const [found, low, high] = this.run("apus_value_range", imageNumbers(image), 3);
    return found ? [low as number, high as number] : null;
  }

  /** A LINEAR window in modality units that shows all but half a percent at either end; `null` without pixels. */
  automaticWindow(image: ImageBuffer, slope = 1, intercept = 0): { center: number; width: number } | null {
    const numbers = [...imageNumbers(image), slope, intercept];
    const [found, center, width] = this.run("apus_automatic_window", numbers, 3);
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
    this.withRegion(region, (numbers) => {
      this.run("apus_mask_region", [mask, columns, rows, Number(inside), value, ...numbers]);
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
      this.run("apus_mask_overlay", [
        mask,
        columns,
        rows,
        this.copied(overlay.bits, temporaries),
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
      this.run("apus_reformat", [
        volume.pointer,
        volume.columns,
        volume.rows,
        volume.positions.length / 3,
        sampleTypes.indexOf(volume.type),
        ...paddingNumbers(volume.padding ?? null),
        this.copied(volume.positions, temporaries),
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
}
