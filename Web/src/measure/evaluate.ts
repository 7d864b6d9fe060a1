/** From points to values with their uncertainty. The only place that asks for values, and only when a mark has changed. */
import type { MeasureContext, Measured, MeasureTool } from "../imaging/kernels.ts";
import { type Code, quantities, type QuantityName } from "./codes.ts";
import type { Calibration, Coordinate, Kind, Value } from "./mark.ts";
import type { MeasureMath } from "./math.ts";
import { kernelPoints } from "./pixel-values.ts";
import { circleAxes, curvePoints, ellipseAxes, pair } from "./shape.ts";

/** A value with the parts of its uncertainty, for the page that explains it. */
export interface Explained {
  name: QuantityName;
  quantity: Code;
  unit: string;
  measured: Measured;
}

export interface Geometry {
  kind: Kind;
  points: readonly Coordinate[];
  calibration: Calibration;
  /** Of each point, in pixels. */
  anchorUncertainty: readonly Coordinate[];
  /** How much taller than wide a pixel is, as far as that is known. */
  aspect: number;
  /** k; 2 when left out. */
  coverage?: number;
}

export const coverageFactor = 2;

type Dimension = "length" | "area" | "angle" | "ratio";

const steps: Readonly<Record<Dimension, number>> = { length: 0.1, area: 0.1, angle: 0.1, ratio: 0.001 };
/** From this area on tenths of a square millimetre say nothing. */
const largeArea = 1000;

/** The step of the number shown. */
export function displayStep(name: QuantityName, value: number): number {
  switch (name) {
    case "angle":
    case "cobbAngle":
      return steps.angle;
    case "ratio":
      return steps.ratio;
    case "area":
      return Math.abs(value) >= largeArea ? 1 : steps.area;
    case "volume":
      return Math.abs(value) >= largeArea ? 10 : 1;
    case "pixelCount":
      return 1;
    case "suv":
      return 0.01;
    default:
      return steps.length;
  }
}

export function valuesOf(geometry: Geometry, math: MeasureMath): Value[] {
  return explain(geometry, math).map(({ quantity, unit, measured }) => ({
    quantity,
    derivation: null,
    value: measured.value,
    unit,
    uncertainty: measured.expanded,
    k: coverageFactor,
  }));
}

/** All geometric values of a mark; empty for kinds without, and where nothing may be measured. */
export function explain(geometry: Geometry, math: MeasureMath): Explained[] {
  const ask = new Question(geometry, math);
  const { kind, points } = geometry;
  switch (kind) {
    case "length":
      return [ask.one("length", "length", points)];
    case "polyline":
      return [ask.one("pathLength", "polyline", points)];
    case "curve":
      return [ask.curve(points)];
    case "angle":
      return ask.angle("angle", "angle", points);
    case "cobb":
      return ask.angle("cobbAngle", "cobb", points);
    case "ratio":
      return [
        ask.one("ratio", "ratio", points),
        ask.one("length", "length", pair(points, 0)),
        ask.one("length", "length", pair(points, 2)),
      ];
    case "rectangle":
      return [ask.one("area", "rectangle", points)];
    case "ellipse":
      return [ask.one("area", "ellipse", halfAxes(points), endsShare)];
    case "circle":
      return ask.circle(points);
    case "polygon":
    case "freehand":
      return [
        ask.one("area", "polygon", points),
        ask.one("perimeter", "perimeter", points),
      ];
    default:
      return [];
  }
}

/**
 * The kernels take the centre and an end of each half axis as placed by hand. Here the ends of whole axes were, each half axis
 * being half the way between two of them: u_A = π·√((a² + b²)/2)·u, half of what the kernels' own anchors would give.
 */
const endsShare = 0.5;
/** Centre and one end of each axis, as the kernels take an ellipse. */
function halfAxes(points: readonly Coordinate[]): Coordinate[] {
  const { center, first, second } = ellipseAxes(points);
  const end = (axis: Coordinate): Coordinate => [center[0] + axis[0], center[1] + axis[1]];
  return [center, end(first), end(second)];
}

class Question {
  readonly #geometry: Geometry;
  readonly #math: MeasureMath;
  readonly #millimetres: boolean;
  readonly #coverage: number;

  constructor(geometry: Geometry, math: MeasureMath) {
    this.#geometry = geometry;
    this.#math = math;
    this.#coverage = geometry.coverage ?? coverageFactor;
    const { rowSpacing, columnSpacing } = geometry.calibration;
    this.#millimetres = rowSpacing !== null && columnSpacing !== null;
  }

  /** `share`: what the uncertainty of the anchors asked about is of that of the anchors placed. */
  one(name: QuantityName, tool: MeasureTool, points: readonly Coordinate[], share = 1): Explained {
    const measured = this.#measured(name, tool, points, share);
    return { name, quantity: quantities[name], unit: this.#unit(name), measured };
  }

  /** An angle needs only the shape of the pixels, but where rows and columns are not lengths there is none. */
  angle(name: QuantityName, tool: MeasureTool, points: readonly Coordinate[]): Explained[] {
    const { reason } = this.#geometry.calibration;
    if (reason === "regionUnit" || reason === "severalRegions") return [];
    const found = this.one(name, tool, points);
    return Number.isFinite(found.measured.value) ? [found] : [];
  }

  /**
   * The length is that of the curve drawn. Only its control points were placed by hand, so the part of anchoring is that of
   * the line through them.
   */
  curve(points: readonly Coordinate[]): Explained {
    const fine = this.one("pathLength", "polyline", curvePoints(points, this.#geometry.aspect));
    const { anchoring } = this.#measured("pathLength", "polyline", points);
    return this.#recombined(fine, anchoring);
  }

  /** Centre and one point of the rim were placed: u_A = 2πr·u_r. */
  circle(points: readonly Coordinate[]): Explained[] {
    const radius = this.one("radius", "length", points);
    const area = this.one("area", "ellipse", halfAxes(circleAxes(points, this.#geometry.aspect)));
    return [this.#recombined(area, 2 * Math.PI * radius.measured.value * radius.measured.anchoring), radius];
  }

  #unit(name: QuantityName): string {
    if (name === "angle" || name === "cobbAngle") return "deg";
    if (name === "ratio") return "1";
    if (name === "area") return this.#millimetres ? "mm2" : "{pixels}2";
    return this.#millimetres ? "mm" : "{pixels}";
  }

  #measured(name: QuantityName, tool: MeasureTool, points: readonly Coordinate[], share = 1): Measured {
    const context = this.#context(name, share);
    const found = this.#math.measure(tool, kernelPoints(points), context);
    const displayed = displayStep(name, found.value);
    // The step depends on the size of the value, which is known only now.
    return displayed === context.displayStep
      ? found
      : this.#math.measure(tool, kernelPoints(points), { ...context, displayStep: displayed });
  }

  #context(name: QuantityName, share: number): MeasureContext {
    const { calibration, anchorUncertainty, aspect } = this.#geometry;
    const { rowSpacing, columnSpacing, spacingUncertainty } = calibration;
    const shapeOnly = name === "angle" || name === "cobbAngle" || name === "ratio";
    const known: readonly [number, number] | null = rowSpacing !== null && columnSpacing !== null
      ? [rowSpacing, columnSpacing]
      : null;
    return {
      spacing: known ?? (shapeOnly ? [aspect, 1] : [1, 1]),
      spacingUncertainty: known ? spacingUncertainty : 0,
      anchor: [share * anchorEdge(anchorUncertainty, 0), share * anchorEdge(anchorUncertainty, 1)],
      displayStep: displayStep(name, 0),
      coverage: this.#coverage,
    };
  }

  /** With another part of anchoring than the kernels know of. */
  #recombined(explained: Explained, anchoring: number): Explained {
    const { rounding, spacing } = explained.measured;
    const combined = Math.sqrt(anchoring * anchoring + rounding * rounding + spacing * spacing);
    const expanded = this.#coverage * combined;
    return { ...explained, measured: { ...explained.measured, anchoring, combined, expanded } };
  }
}

/** A place evenly spread over an edge has the standard uncertainty edge/√12. The least certain point counts for all. */
function anchorEdge(uncertainties: readonly Coordinate[], axis: 0 | 1): number {
  return Math.sqrt(12) * Math.max(...uncertainties.map((each) => each[axis]), 0);
}
