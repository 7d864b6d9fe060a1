import { imageNumbers } from "./block-numbers.ts";
import { KernelModule } from "./kernel-module.ts";
import {
  type MeasureContext,
  type Measured,
  type MeasuredVolume,
  type MeasureTool,
  measureTools,
  type Region,
  type Section,
  type Statistics,
  type SUVInput,
} from "./measuring.ts";
import type { ImageBuffer } from "./samples.ts";

/** Statistics and measurements, and the functions of luminance and uptake. */
export class MeasuringKernels extends KernelModule {
  /** Statistics of the pixels whose centre is in the region; `null` when there are none. */
  statistics(image: ImageBuffer, region: Region, slope = 1, intercept = 0): Statistics | null {
    return this.withRegion(region, (numbers) => {
      const result = this.run("apus_statistics", [...imageNumbers(image), slope, intercept, ...numbers], 13);
      const [count, mean, deviation, minimum, maximum, sum, c0, r0, c1, r1, padding, areaPixels, ofMean] =
        result as
          & number[]
          & { length: 13 };
      if (!count) return null;
      return {
        count,
        mean: mean as number,
        deviation: deviation as number,
        meanUncertainty: ofMean as number,
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
      this.withRegion(region ?? whole, (numbers) => {
        this.run("apus_histogram", [...imageNumbers(image), low, high, bins, pointer, ...numbers]);
      });
      return this.memory.uint32(pointer, bins).slice();
    } finally {
      this.release(pointer);
    }
  }

  /**
   * A value with its uncertainty. `points` are image coordinates x, y: length 2, polyline 2 or more, angle 3 (the second is
   * the vertex), cobb and ratio 4 (two lines), rectangle 2 (opposite corners), ellipse 3 (centre, ends of the half
   * axes), polygon and perimeter 3 or more.
   */
  measure(tool: MeasureTool, points: Float64Array, context: MeasureContext): Measured {
    const temporaries: number[] = [];
    try {
      const result = this.run("apus_measure", [
        measureTools.indexOf(tool),
        this.copied(points, temporaries),
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

  /** The volume of contours in the order of their places; `slice`: mm between slices, `step`: of the number shown. */
  volume(sections: readonly Section[], slice: number, step: number, coverage: number): MeasuredVolume {
    const numbers = Float64Array.from(sections.flatMap((each) => [each.area, each.uncertainty, each.place]));
    const temporaries: number[] = [];
    try {
      const pointer = this.copied(numbers, temporaries);
      const result = this.run("apus_volume", [pointer, sections.length, slice, step, coverage], 6);
      const [value, areas, ends, rounding, combined, expanded] = result as number[] & { length: 6 };
      return { value, areas, ends, rounding, combined, expanded } as MeasuredVolume;
    } finally {
      for (const each of temporaries) this.release(each);
    }
  }

  /** Luminance in cd/m² of a JND index, 1 to 1023 (PS3.14 §7.1). */
  gsdfLuminance(index: number): number {
    return this.run("apus_gsdf", [0, index], 1)[0] as number;
  }

  /** JND index of a luminance, 0.05 to 3993.4 cd/m². */
  gsdfIndex(luminance: number): number {
    return this.run("apus_gsdf", [1, luminance], 1)[0] as number;
  }

  /** What Bq/ml is multiplied with for SUV by body weight (g/ml); `null` when an input is missing or impossible. */
  suvFactor(input: SUVInput): number | null {
    const [found, factor] = this.run("apus_suv_factor", [
      input.weightKilograms,
      input.doseBecquerels,
      input.halfLifeSeconds,
      input.secondsSinceInjection,
      Number(input.decayCorrectedToInjection),
    ], 2);
    return found ? factor as number : null;
  }
}
