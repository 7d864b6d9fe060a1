/** Regions, statistics and measurements. */

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
  /** Standard uncertainty of the mean, σ/√n; 0 for one pixel. */
  meanUncertainty: number;
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
  | "polygon"
  | "perimeter";
export const measureTools: readonly MeasureTool[] = [
  "length",
  "polyline",
  "angle",
  "cobb",
  "ratio",
  "rectangle",
  "ellipse",
  "polygon",
  "perimeter",
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

/** One contour of a volume. */
export interface Section {
  /** mm². */
  area: number;
  /** Standard uncertainty of the area, mm². */
  uncertainty: number;
  /** Place of the plane along the normal, mm. */
  place: number;
}

/** mm³; standard uncertainties from the areas, from the two ends and from rounding. */
export interface MeasuredVolume {
  value: number;
  areas: number;
  ends: number;
  rounding: number;
  combined: number;
  /** U = k·u. */
  expanded: number;
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
