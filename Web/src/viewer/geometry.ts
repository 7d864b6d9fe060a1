/** Frames in the patient's space (LPS, mm): from image to patient and back, where planes cut each other. */
import type { Point } from "./viewport-api.ts";

export type Vector = readonly [number, number, number];

/** A frame as a rectangle in space. */
export interface Plane {
  /** Centre of the first pixel. */
  origin: Vector;
  /** Unit vectors along a row (columns ascending) and along a column (rows ascending). */
  row: Vector;
  column: Vector;
  columnMM: number;
  rowMM: number;
  columns: number;
  rows: number;
}

export const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const plus = (a: Vector, b: Vector, factor: number): Vector => [
  a[0] + b[0] * factor,
  a[1] + b[1] * factor,
  a[2] + b[2] * factor,
];

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function normal(plane: Pick<Plane, "row" | "column">): Vector {
  return cross(plane.row, plane.column);
}

/** Direction cosines may be this far from unit length and from square, and still be believed. */
const cosineTolerance = 0.01;

/** `null` unless orientation, position and spacing are all there and make sense. */
export function planeOf(frame: {
  orientation: readonly number[] | null;
  position: readonly number[] | null;
  columns: number;
  rows: number;
  spacing: { rowMM: number | null; columnMM: number | null };
}): Plane | null {
  const { orientation, position, spacing } = frame;
  if (orientation?.length !== 6 || position?.length !== 3) return null;
  if (spacing.rowMM === null || spacing.columnMM === null) return null;
  const row = orientation.slice(0, 3) as unknown as Vector;
  const column = orientation.slice(3, 6) as unknown as Vector;
  const isUnit = (v: Vector) => Math.abs(dot(v, v) - 1) < cosineTolerance;
  if (!isUnit(row) || !isUnit(column) || Math.abs(dot(row, column)) > cosineTolerance) return null;
  return {
    origin: position as unknown as Vector,
    row,
    column,
    columnMM: spacing.columnMM,
    rowMM: spacing.rowMM,
    columns: frame.columns,
    rows: frame.rows,
  };
}

/** Image coordinates with the first pixel's centre at (0.5, 0.5). */
export function toPatient(plane: Plane, { x, y }: Point): Vector {
  const across = plus(plane.origin, plane.row, (x - 0.5) * plane.columnMM);
  return plus(across, plane.column, (y - 0.5) * plane.rowMM);
}

/** The foot of the perpendicular in image coordinates, and the signed distance from the plane. */
export function toPlane(plane: Plane, place: Vector): Point & { distanceMM: number } {
  const from = minus(place, plane.origin);
  return {
    x: dot(from, plane.row) / plane.columnMM + 0.5,
    y: dot(from, plane.column) / plane.rowMM + 0.5,
    distanceMM: dot(from, normal(plane)),
  };
}

/** Planes that lean less than this against each other have no line worth drawing: about 8 degrees. */
const parallelCosine = 0.99;

export function areParallel(a: Pick<Plane, "row" | "column">, b: Pick<Plane, "row" | "column">): boolean {
  return Math.abs(dot(normal(a), normal(b))) > parallelCosine;
}

/** Where the rectangle of `cutting` passes through the plane of `shown`, in the image coordinates of `shown`. */
export function cutLine(cutting: Plane, shown: Plane): [Point, Point] | null {
  if (areParallel(cutting, shown)) return null;
  const corners: Vector[] = [
    toPatient(cutting, { x: 0, y: 0 }),
    toPatient(cutting, { x: cutting.columns, y: 0 }),
    toPatient(cutting, { x: cutting.columns, y: cutting.rows }),
    toPatient(cutting, { x: 0, y: cutting.rows }),
  ];
  const heights = corners.map((corner) => toPlane(shown, corner).distanceMM);
  const ends: Point[] = [];
  corners.forEach((from, at) => {
    const next = (at + 1) % corners.length;
    const [low, high] = [heights[at] ?? 0, heights[next] ?? 0];
    const to = corners[next];
    if (to === undefined || low === high || low > 0 === high > 0) return;
    const { x, y } = toPlane(shown, plus(from, minus(to, from), low / (low - high)));
    ends.push({ x, y });
  });
  const [first, second] = ends;
  return first && second ? clipped(first, second, shown.columns, shown.rows) : null;
}

/** The part of a line inside the picture (Liang and Barsky's method); `null` when it passes by. */
export function clipped(from: Point, to: Point, width: number, height: number): [Point, Point] | null {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  let [enter, leave] = [0, 1];
  for (const [step, room] of [[-dx, from.x], [dx, width - from.x], [-dy, from.y], [dy, height - from.y]]) {
    if (step === undefined || room === undefined) return null;
    if (step === 0) {
      if (room < 0) return null;
    } else if (step < 0) enter = Math.max(enter, room / step);
    else leave = Math.min(leave, room / step);
  }
  if (enter >= leave) return null;
  const at = (share: number) => ({ x: from.x + dx * share, y: from.y + dy * share });
  return [at(enter), at(leave)];
}

/** The frame whose plane lies nearest to a place; -1 when none has a known plane. */
export function nearestPlane(planes: readonly (Plane | null)[], place: Vector): number {
  let [best, distance] = [-1, Infinity];
  planes.forEach((plane, index) => {
    if (!plane) return;
    const away = Math.abs(toPlane(plane, place).distanceMM);
    if (away < distance) [best, distance] = [index, away];
  });
  return best;
}
