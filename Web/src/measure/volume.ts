/** The volume between contours on parallel planes: each area times the thickness it stands for. */
import type { MeasuredVolume, Section } from "../imaging/kernels.ts";
import type { FrameInfo } from "../imaging/pictures.ts";
import { quantities } from "./codes.ts";
import { coverageFactor, displayStep } from "./evaluate.ts";
import type { Mark, Value } from "./mark.ts";
import type { MeasureMath } from "./math.ts";

export type NoVolume = "noContours" | "noPlace" | "notParallel" | "samePlane" | "noArea";

/** Direction cosines that differ by more are not of one stack. */
const parallelTolerance = 1e-4;
/** Planes closer than this, in mm, are one. */
const placeTolerance = 1e-3;

export function sectionsOf(
  contours: readonly Mark[],
  frameOf: (mark: Mark) => FrameInfo | null,
): Section[] | NoVolume {
  const sections: Section[] = [];
  let normal: readonly number[] | null = null;
  for (const mark of contours) {
    const area = mark.values.find((each) =>
      each.quantity.value === quantities.area.value && each.unit === "mm2"
    );
    if (!area) return "noArea";
    const frame = frameOf(mark);
    const own = frame?.stack.normal;
    if (!frame?.position || !own) return "noPlace";
    normal ??= own;
    if (own.some((each, axis) => Math.abs(each - (normal?.[axis] ?? 0)) > parallelTolerance)) {
      return "notParallel";
    }
    const place = frame.position.reduce((sum, each, axis) => sum + each * (normal?.[axis] ?? 0), 0);
    sections.push({ area: area.value, uncertainty: (area.uncertainty ?? 0) / area.k, place });
  }
  if (sections.length === 0) return "noContours";
  sections.sort((a, b) => a.place - b.place);
  const isDouble = sections.some((each, index) => {
    const next = sections[index + 1];
    return next !== undefined && next.place - each.place < placeTolerance;
  });
  return isDouble ? "samePlane" : sections;
}

/** As the kernels compute it; the step shown depends on the size of the volume, which is known only then. */
export function measuredVolume(
  sections: readonly Section[],
  slice: number,
  math: MeasureMath,
  coverage: number = coverageFactor,
): MeasuredVolume {
  const first = math.volume(sections, slice, displayStep("volume", 0), coverage);
  return math.volume(sections, slice, displayStep("volume", first.value), coverage);
}

export function volumeOf(sections: readonly Section[], slice: number, math: MeasureMath): Value {
  const { value, expanded } = measuredVolume(sections, slice, math);
  return {
    quantity: quantities.volume,
    derivation: null,
    value,
    unit: "mm3",
    uncertainty: expanded,
    k: coverageFactor,
  };
}
