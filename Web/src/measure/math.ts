/**
 * The mathematics marks need: the imaging kernels answer it (`kernel-math.ts`), so that browser and server measure with one
 * implementation. Points are in the kernels' coordinates, where (0.5, 0.5) is the centre of the first pixel.
 */
import type {
  MeasureContext,
  Measured,
  MeasuredVolume,
  MeasureTool,
  Region,
  Section,
  Statistics,
  SUVInput,
} from "../imaging/kernels.ts";
import type { SampleBlock } from "../imaging/pictures.ts";

export interface ModalityValues {
  slope: number;
  intercept: number;
  /** Stored values, both included, that stand for no data. */
  padding: readonly [number, number] | null;
}

export interface MeasureMath {
  measure(tool: MeasureTool, points: Float64Array, context: MeasureContext): Measured;
  /** `null` when no pixel of the block counts. `region` is in the image's coordinates, like the block's place. */
  statistics(block: SampleBlock, region: Region, values: ModalityValues): Statistics | null;
  /** Contours in the order of their places; `slice`: mm between slices, `step`: of the number shown. */
  volume(sections: readonly Section[], slice: number, step: number, coverage: number): MeasuredVolume;
  suvFactor(input: SUVInput): number | null;
}
