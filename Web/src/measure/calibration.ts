/** Where the millimetres of a mark come from, and when there are none. */
import type { UltrasoundRegion } from "../imaging/pictures.ts";
import type { ViewportFrame } from "../viewer/viewport-api.ts";
import type {
  Calibration,
  CalibrationSource,
  Coordinate,
  Mark,
  NoMillimetres,
  PatientPoint,
} from "./mark.ts";

/** The frame as far as calibration and geometry need it. */
export type CalibratedFrame = Pick<
  ViewportFrame,
  "spacing" | "info" | "orientation" | "position" | "sopInstanceUID"
>;

const millimetresPerCentimetre = 10;

/** The calibration that holds at these points; a calibration the reader made on the image goes before the image's own. */
export function calibrationAt(
  frame: CalibratedFrame,
  points: readonly Coordinate[],
  fullResolution: boolean,
  made: readonly Mark[],
): Calibration {
  if (!fullResolution) return none("notFullResolution");
  const own = made.filter((each) =>
    each.kind === "calibration" && each.sopInstanceUID === frame.sopInstanceUID
  )
    .at(-1);
  if (own) return byReader(own, aspectOf(frame));
  const { regions } = frame.info.instance.attributes;
  if (regions.length > 0) return byRegion(regions, points);
  const { rowMM, columnMM } = frame.spacing;
  if (rowMM === null || columnMM === null || !(rowMM > 0 && columnMM > 0)) return none("noSpacing");
  const source = sources[frame.spacing.source];
  const calibration: Calibration = {
    source,
    rowSpacing: rowMM,
    columnSpacing: columnMM,
    spacingUncertainty: 0,
  };
  const { magnification } = frame.info.stack;
  return source === "magnified" && magnification !== null ? { ...calibration, magnification } : calibration;
}

export function none(reason: NoMillimetres): Calibration {
  return { source: "none", rowSpacing: null, columnSpacing: null, spacingUncertainty: 0, reason };
}

/** How much taller than wide a pixel is; 1 when unknown. */
export function aspectOf(frame: CalibratedFrame): number {
  const { rowMM, columnMM } = frame.spacing;
  if (rowMM !== null && columnMM !== null && rowMM > 0 && columnMM > 0) return rowMM / columnMM;
  const { pixelAspect } = frame.info.stack;
  return pixelAspect > 0 ? pixelAspect : 1;
}

const sources: Readonly<Record<CalibratedFrame["spacing"]["source"], CalibrationSource>> = {
  pixelSpacing: "pixelSpacing",
  pixelSpacingCalibrated: "calibrated",
  imagerSpacing: "detector",
  imagerSpacingCorrected: "magnified",
  nominalScanned: "nominalScanned",
  none: "none",
};

/**
 * The known length over the line's length in pixels. Its relative uncertainty is that of the line: both ends are anchored
 * with u, so √2·u over the length.
 */
function byReader(mark: Mark, aspect: number): Calibration {
  const [a, b] = mark.points;
  const known = mark.values[0]?.value ?? 0;
  if (!a || !b || !(known > 0)) return none("noSpacing");
  const pixels = Math.hypot(b[0] - a[0], (b[1] - a[1]) * aspect);
  if (!(pixels > 0)) return none("noSpacing");
  const anchor = Math.max(
    ...mark.anchorUncertainty.map(([column, row]) => Math.max(column, row * aspect)),
    0,
  );
  const columnSpacing = known / pixels;
  return {
    source: "user",
    rowSpacing: columnSpacing * aspect,
    columnSpacing,
    spacingUncertainty: (Math.SQRT2 * anchor) / pixels,
    mark: mark.uid,
  };
}

/** Region Spatial Format: a two-dimensional picture of tissue. Physical Units Direction: centimetres. */
const spatialFormat2D = 1;
const unitCentimetres = 3;

/** The corners are pixel numbers, both inside (PS3.3 C.8.5.5.1.4). */
function holds(region: UltrasoundRegion, [column, row]: Coordinate): boolean {
  return column >= region.x0 - 0.5 && column <= region.x1 + 0.5 && row >= region.y0 - 0.5 &&
    row <= region.y1 + 0.5;
}

function byRegion(regions: readonly UltrasoundRegion[], points: readonly Coordinate[]): Calibration {
  const around = regions.filter((each) => points.every((point) => holds(each, point)));
  const usable = around.find((each) =>
    each.spatialFormat === spatialFormat2D && each.unitsX === unitCentimetres &&
    each.unitsY === unitCentimetres &&
    each.deltaX !== 0 && each.deltaY !== 0
  );
  if (usable) {
    return {
      source: "ultrasoundRegion",
      rowSpacing: Math.abs(usable.deltaY) * millimetresPerCentimetre,
      columnSpacing: Math.abs(usable.deltaX) * millimetresPerCentimetre,
      spacingUncertainty: 0,
      region: regions.indexOf(usable) + 1,
    };
  }
  if (around.length > 0) return none("regionUnit");
  const touched = points.some((point) => regions.some((each) => holds(each, point)));
  return none(touched ? "severalRegions" : "outsideRegion");
}

/** The points in patient space (PS3.3 C.7.6.2.1.1); `null` where the image has no place there. */
export function patientPointsOf(
  frame: CalibratedFrame,
  points: readonly Coordinate[],
): PatientPoint[] | null {
  const { orientation, position, spacing } = frame;
  const { rowMM, columnMM } = spacing;
  if (orientation?.length !== 6 || position?.length !== 3 || rowMM === null || columnMM === null) return null;
  return points.map(([column, row]) => {
    const along = (axis: number) =>
      (position[axis] ?? 0) + (orientation[axis] ?? 0) * column * columnMM +
      (orientation[axis + 3] ?? 0) * row * rowMM;
    return [along(0), along(1), along(2)];
  });
}
