/** Which stacks can be cut in other planes, and how far apart their slices stand. */
import type { FrameInfo, SeriesManifest, StackInfo } from "./pictures.ts";
import { bytesPerPixel, sampleTypeOf } from "./samples.ts";
import { isOneScale, ScaledVolume } from "./scaled-volume.ts";
import { formatOf } from "./slots.ts";

export interface SliceSteps {
  /** Millimetres along the normal from a slice to the next: the middle one of all. */
  step: number;
  /** Places where slices are missing: steps of more than `gapFactor` times the middle one. */
  gaps: number;
}

/** From that many steps on the room between two slices is a gap, in which nothing is made up. */
export const gapFactor = 1.5;

/** @param positions Image Position (Patient) of each slice in the order of their places, 3 numbers each. */
export function sliceSteps(positions: ArrayLike<number>, normal: readonly number[]): SliceSteps {
  const steps: number[] = [];
  for (let at = 3; at + 2 < positions.length; at += 3) {
    let along = 0;
    for (let axis = 0; axis < 3; axis++) {
      along += ((positions[at + axis] ?? 0) - (positions[at - 3 + axis] ?? 0)) * (normal[axis] ?? 0);
    }
    steps.push(Math.abs(along));
  }
  const step = steps.slice().sort((a, b) => a - b)[steps.length >> 1] ?? 1;
  return { step, gaps: steps.filter((each) => each > gapFactor * step).length };
}

export function slicesOf(series: SeriesManifest, { first, count }: StackInfo): readonly FrameInfo[] {
  return series.frames.slice(first, first + count);
}

/** Why a stack cannot be cut in other planes. */
export type VolumeProblem = "color" | "single" | "geometry" | "times" | "scales" | "format" | "memory";

/** Direction cosines the kernels still take. */
const cosineTolerance = 1e-3;

function isSquare(orientation: readonly number[] | null): boolean {
  if (orientation?.length !== 6) return false;
  const product = (a: number, b: number) =>
    [0, 1, 2].reduce((sum, axis) => sum + (orientation[a + axis] ?? 0) * (orientation[b + axis] ?? 0), 0);
  return Math.abs(product(0, 0) - 1) < cosineTolerance && Math.abs(product(3, 3) - 1) < cosineTolerance &&
    Math.abs(product(0, 3)) < cosineTolerance;
}

/** @param budgetBytes of all pixels in memory; the whole series must fit. */
export function volumeProblem(
  series: SeriesManifest,
  stack: StackInfo,
  budgetBytes: number,
): VolumeProblem | null {
  if (stack.samplesPerPixel > 1 || stack.photometric === "PALETTE COLOR") return "color";
  if (stack.count < 2) return "single";
  const slices = slicesOf(series, stack);
  if (!stack.spacing || !isSquare(stack.orientation) || slices.some((each) => each.position === null)) {
    return "geometry";
  }
  if (!stack.spatial) return "times";
  const format = formatOf(stack);
  if (!format || format.bitsAllocated === 1 || !usable.includes(sampleTypeOf(format))) return "format";
  if (!hasOneMeaning(slices)) return "scales";
  const copied = isOneScale(slices.map((each) => each.display)) ? 0 : ScaledVolume.bytes(stack);
  if (copied > 0 && format.bitsAllocated > 16) return "scales";
  return seriesBytes(series) + copied > budgetBytes ? "memory" : null;
}

/** Slices of other units, or with tables of their own, cannot be brought onto one scale. */
function hasOneMeaning(slices: readonly FrameInfo[]): boolean {
  const [head] = slices;
  return slices.every(({ display, instance: { attributes } }) =>
    display.rescaleType === head?.display.rescaleType &&
    display.modalityTable?.key === head.display.modalityTable?.key &&
    attributes.pet?.units === head.instance.attributes.pet?.units
  );
}

const usable: readonly string[] = ["uint8", "int16", "uint16", "int32"];

function seriesBytes(series: SeriesManifest): number {
  return series.stacks.reduce((sum, stack) => {
    const format = formatOf(stack);
    const bytes = format ? bytesPerPixel(sampleTypeOf(format)) : 0;
    return sum + stack.rows * stack.columns * stack.count * bytes;
  }, 0);
}
