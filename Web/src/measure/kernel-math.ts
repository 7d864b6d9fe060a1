/** Binds measuring to the imaging kernels, on a memory of its own: pixels of a region are copied in, looked at and forgotten. */
import { assets } from "../core/assets.ts";
import { compiledModule } from "../core/head-start.ts";
import {
  bytesPerPixel,
  Kernels,
  type MeasureContext,
  type Measured,
  type MeasuredVolume,
  type MeasureTool,
  type Region,
  type SampleType,
  type Section,
  type Statistics,
  type SUVInput,
} from "../imaging/kernels.ts";
import type { SampleBlock } from "../imaging/pictures.ts";
import type { MeasureMath, ModalityValues } from "./math.ts";

/** Pages of 64 KiB: enough for the pixels under one region, far below what the images themselves take. */
const memoryPages = { initial: 32, maximum: 4096 };

export async function loadKernelMath(): Promise<MeasureMath> {
  const module = await compiledModule(assets().kernels);
  return new KernelMath(
    await Kernels.instantiate(module, new WebAssembly.Memory({ ...memoryPages, shared: true })),
  );
}

export class KernelMath implements MeasureMath {
  constructor(readonly kernels: Kernels) {}

  measure(tool: MeasureTool, points: Float64Array, context: MeasureContext): Measured {
    return this.kernels.measure(tool, points, context);
  }

  statistics(block: SampleBlock, region: Region, values: ModalityValues): Statistics | null {
    const type = sampleTypeOf(block.values);
    if (type === null || block.samplesPerPixel !== 1) return null;
    const { width: columns, height: rows } = block;
    const pointer = this.kernels.allocate(Math.max(columns * rows * bytesPerPixel(type), 1));
    try {
      this.kernels.memory.copyIn(block.values, pointer);
      const padding = values.padding && { low: values.padding[0], high: values.padding[1] };
      const image = { pointer, columns, rows, type, padding };
      return this.kernels.statistics(
        image,
        moved(region, -block.x, -block.y),
        values.slope,
        values.intercept,
      );
    } finally {
      this.kernels.release(pointer);
    }
  }

  volume(sections: readonly Section[], slice: number, step: number, coverage: number): MeasuredVolume {
    return this.kernels.volume(sections, slice, step, coverage);
  }

  suvFactor(input: SUVInput): number | null {
    return this.kernels.suvFactor(input);
  }
}

function sampleTypeOf(values: SampleBlock["values"]): SampleType | null {
  if (values instanceof Uint8Array) return "uint8";
  if (values instanceof Int8Array) return "int8";
  if (values instanceof Uint16Array) return "uint16";
  if (values instanceof Int16Array) return "int16";
  if (values instanceof Uint32Array) return "uint32";
  return values instanceof Int32Array ? "int32" : null;
}

function moved(region: Region, dx: number, dy: number): Region {
  switch (region.shape) {
    case "rectangle": {
      const { left, top, right, bottom } = region;
      return { shape: "rectangle", left: left + dx, top: top + dy, right: right + dx, bottom: bottom + dy };
    }
    case "ellipse":
      return { ...region, center: [region.center[0] + dx, region.center[1] + dy] };
    case "polygon":
      return {
        shape: "polygon",
        points: region.points.map((each, index) => each + (index % 2 === 0 ? dx : dy)),
      };
  }
}
