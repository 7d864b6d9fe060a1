/** The volume between contours on parallel planes: each area times the thickness it stands for. */
import type { FrameInfo } from "../imaging/pictures.ts";
import { quantities } from "./codes.ts";
import { coverageFactor } from "./evaluate.ts";
import type { Mark, Value } from "./mark.ts";

export type NoVolume = "noContours" | "noPlace" | "notParallel" | "samePlane" | "noArea";

export interface Section {
  area: number;
  /** Standard uncertainty of the area. */
  uncertainty: number;
  /** Place of the plane along the normal, mm. */
  place: number;
}

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

/**
 * V = Σ A·h. Between two contours each stands for half the distance; beyond the outermost ones for half a slice, which may be
 * wrong by half a slice either way (evenly spread).
 */
export function volumeOf(sections: readonly Section[], slice: number): Value {
  let volume = 0;
  let variance = 0;
  sections.forEach(({ area, uncertainty, place }, index) => {
    const [before, after] = [sections[index - 1], sections[index + 1]];
    const below = before ? (place - before.place) / 2 : slice / 2;
    const above = after ? (after.place - place) / 2 : slice / 2;
    volume += area * (below + above);
    variance += ((below + above) * uncertainty) ** 2;
    for (const end of [before, after]) if (!end) variance += (area * slice) ** 2 / 12;
  });
  return {
    quantity: quantities.volume,
    derivation: null,
    value: volume,
    unit: "mm3",
    uncertainty: coverageFactor * Math.sqrt(variance),
    k: coverageFactor,
  };
}
