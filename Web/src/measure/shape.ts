/** Outlines of marks in image coordinates, for drawing, for picking with the pointer, and as regions. No values come from here. */
import type { Coordinate, Kind } from "./mark.ts";

/** A run of straight lines. */
export interface Outline {
  points: readonly Coordinate[];
  closed: boolean;
}

/** Corners an ellipse is drawn with; with 128 the deviation is 3·10⁻⁴ of the radius. */
const ellipseCorners = 128;
const curveSteps = 32;

/**
 * The lines of a mark. `aspect` is row spacing divided by column spacing: a circle is round and a curve parametrized in
 * millimetres, not in pixels.
 */
export function outlines(kind: Kind, points: readonly Coordinate[], aspect: number): Outline[] {
  if (points.length === 0) return [];
  switch (kind) {
    case "cobb":
    case "ratio":
      return [points.slice(0, 2), points.slice(2, 4)].filter((each) => each.length > 0).map(open);
    case "curve":
      return [open(curvePoints(points, aspect))];
    case "ellipse":
      return points.length < 4 ? [open(points)] : [closed(ellipsePoints(points))];
    case "circle":
      return points.length < 2 ? [open(points)] : [closed(ellipsePoints(circleAxes(points, aspect)))];
    case "rectangle":
      return points.length < 2 ? [open(points)] : [closed(rectangleCorners(points))];
    case "polygon":
    case "freehand":
      return [points.length < 3 ? open(points) : closed(points)];
    case "volume":
      return [];
    default:
      return [open(points)];
  }
}

const open = (points: readonly Coordinate[]): Outline => ({ points, closed: false });
const closed = (points: readonly Coordinate[]): Outline => ({ points, closed: true });

export function rectangleCorners(points: readonly Coordinate[]): Coordinate[] {
  const [[a, b], [c, d]] = pair(points, 0);
  return [[a, b], [c, b], [c, d], [a, d]];
}

/** Two points from `at` on; the origin where they are missing. */
export function pair(points: readonly Coordinate[], at: number): [Coordinate, Coordinate] {
  return [points[at] ?? [0, 0], points[at + 1] ?? [0, 0]];
}

export interface EllipseAxes {
  center: Coordinate;
  /** Half axes as vectors. */
  first: Coordinate;
  second: Coordinate;
}

/** From the ends of both axes. */
export function ellipseAxes(points: readonly Coordinate[]): EllipseAxes {
  const [a, b] = pair(points, 0);
  const [c, d] = pair(points, 2);
  return {
    center: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2],
    first: [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2],
    second: [(d[0] - c[0]) / 2, (d[1] - c[1]) / 2],
  };
}

/** The ends of the axes of a circle given by its centre and a point on its rim: an ellipse on non-square pixels. */
export function circleAxes(points: readonly Coordinate[], aspect: number): Coordinate[] {
  const [[column, row], rim] = pair(points, 0);
  const radius = Math.hypot(rim[0] - column, (rim[1] - row) * aspect);
  const tall = radius / aspect;
  return [[column - radius, row], [column + radius, row], [column, row - tall], [column, row + tall]];
}

function ellipsePoints(points: readonly Coordinate[]): Coordinate[] {
  const { center, first, second } = ellipseAxes(points);
  return Array.from({ length: ellipseCorners }, (_, index) => {
    const angle = (index * 2 * Math.PI) / ellipseCorners;
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    return [
      center[0] + cosine * first[0] + sine * second[0],
      center[1] + cosine * first[1] + sine * second[1],
    ];
  });
}

/**
 * The centripetal Catmull-Rom curve through the points, as short straight lines; at its ends a mirrored point continues it.
 * It neither loops nor overshoots between close points (Yuksel et al. 2011).
 */
export function curvePoints(controls: readonly Coordinate[], aspect: number): Coordinate[] {
  const through = controls.filter((each, index) => {
    const before = controls[index - 1];
    return before === undefined || each[0] !== before[0] || each[1] !== before[1];
  });
  const [first, second] = pair(through, 0);
  if (through.length < 3) return [...through];
  const [beforeLast, last] = pair(through, through.length - 2);
  const all = [mirrored(second, first), ...through, mirrored(beforeLast, last)];
  const drawn: Coordinate[] = [first];
  for (let i = 1; i + 2 < all.length; i++) drawn.push(...curveSpan(all.slice(i - 1, i + 3), aspect));
  return drawn;
}

const mirrored = (point: Coordinate, about: Coordinate): Coordinate => [
  2 * about[0] - point[0],
  2 * about[1] - point[1],
];

/** From the second to the third of four points (Barry and Goldman's recursion). */
function curveSpan(four: readonly Coordinate[], aspect: number): Coordinate[] {
  const [a, b] = pair(four, 0);
  const [c, d] = pair(four, 2);
  const knot = (from: Coordinate, to: Coordinate) =>
    Math.sqrt(Math.max(Math.hypot(to[0] - from[0], (to[1] - from[1]) * aspect), 1e-9));
  const t1 = knot(a, b);
  const t2 = t1 + knot(b, c);
  const t3 = t2 + knot(c, d);
  return Array.from({ length: curveSteps }, (_, index) => {
    // The control point itself, not what rounding makes of it.
    if (index === curveSteps - 1) return c;
    const t = t1 + ((index + 1) / curveSteps) * (t2 - t1);
    const a1 = between(a, b, t / t1);
    const a2 = between(b, c, (t - t1) / (t2 - t1));
    const a3 = between(c, d, (t - t2) / (t3 - t2));
    const b1 = between(a1, a2, t / t2);
    const b2 = between(a2, a3, (t - t1) / (t3 - t1));
    return between(b1, b2, (t - t1) / (t2 - t1));
  });
}

const between = (from: Coordinate, to: Coordinate, part: number): Coordinate => [
  from[0] + (to[0] - from[0]) * part,
  from[1] + (to[1] - from[1]) * part,
];

/** Where a mark's handles are; all others points of its outline move with these. */
export function handles(kind: Kind, points: readonly Coordinate[]): readonly Coordinate[] {
  if (kind === "freehand") return points.length > 0 ? [points[0] as Coordinate] : [];
  return kind === "rectangle" && points.length === 2 ? rectangleCorners(points) : points;
}

/** The mark's points after one of its handles was pulled to a place. */
export function withHandleAt(
  kind: Kind,
  points: readonly Coordinate[],
  handle: number,
  to: Coordinate,
): readonly Coordinate[] {
  if (kind === "rectangle" && points.length === 2) return cornerAt(points, handle, to);
  if (kind === "ellipse" && points.length === 4) return axisEndAt(points, handle, to);
  if (kind === "circle" && handle === 0) return shifted(points, to, points[0] ?? to);
  if (kind === "freehand") return shifted(points, to, points[0] ?? to);
  return points.map((each, index) => (index === handle ? to : each));
}

/** All points moved by the way from one place to another. */
export function shifted(points: readonly Coordinate[], to: Coordinate, from: Coordinate): Coordinate[] {
  return points.map(([column, row]) => [column + to[0] - from[0], row + to[1] - from[1]]);
}

function cornerAt(points: readonly Coordinate[], corner: number, to: Coordinate): Coordinate[] {
  const [[a, b], [c, d]] = pair(points, 0);
  const fixed: readonly Coordinate[] = [[c, d], [a, d], [a, b], [c, b]];
  return [fixed[corner] ?? [c, d], to];
}

/** The axis follows the pulled end about the centre; the other axis turns with it and keeps its length. */
function axisEndAt(points: readonly Coordinate[], handle: number, to: Coordinate): Coordinate[] {
  const { center, first, second } = ellipseAxes(points);
  const sign = handle % 2 === 0 ? -1 : 1;
  const pulled: Coordinate = [(to[0] - center[0]) * sign, (to[1] - center[1]) * sign];
  const length = Math.hypot(pulled[0], pulled[1]);
  const other = handle < 2 ? second : first;
  const before = handle < 2 ? first : second;
  if (length === 0) return [...points];
  const otherLength = Math.hypot(other[0], other[1]);
  // The other axis stays on the side it was on.
  const side = before[0] * other[1] - before[1] * other[0] >= 0 ? 1 : -1;
  const turned: Coordinate = [
    (-pulled[1] / length) * otherLength * side,
    (pulled[0] / length) * otherLength * side,
  ];
  const [one, two] = handle < 2 ? [pulled, turned] : [turned, pulled];
  const end = (axis: Coordinate, way: number): Coordinate => [
    center[0] + axis[0] * way,
    center[1] + axis[1] * way,
  ];
  return [end(one, -1), end(one, 1), end(two, -1), end(two, 1)];
}

/** The ellipse in the box between two corners: ends of its level axis, then of its upright one. */
export function ellipseInBox(corners: readonly Coordinate[]): Coordinate[] {
  const [[a, b], [c, d]] = pair(corners, 0);
  const [column, row] = [(a + c) / 2, (b + d) / 2];
  return [[a, row], [c, row], [column, b], [column, d]];
}

/** The distance of a point from a run of lines. */
export function distanceToOutline(outline: Outline, column: number, row: number): number {
  const { points } = outline;
  if (points.length === 1) return Math.hypot((points[0]?.[0] ?? 0) - column, (points[0]?.[1] ?? 0) - row);
  let nearest = Infinity;
  const count = outline.closed ? points.length : points.length - 1;
  for (let i = 0; i < count; i++) {
    const a = points[i] as Coordinate;
    const b = points[(i + 1) % points.length] as Coordinate;
    nearest = Math.min(nearest, distanceToSegment(a, b, column, row));
  }
  return nearest;
}

function distanceToSegment(a: Coordinate, b: Coordinate, column: number, row: number): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const square = dx * dx + dy * dy;
  const part = square === 0 ? 0 : ((column - a[0]) * dx + (row - a[1]) * dy) / square;
  const at = Math.min(Math.max(part, 0), 1);
  return Math.hypot(a[0] + at * dx - column, a[1] + at * dy - row);
}
