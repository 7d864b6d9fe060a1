/** Between the image and the screen: the only place where marks and the view meet. Screen units are device pixels. */
import type { Affine, Point } from "../viewer/viewport-api.ts";
import { type Coordinate, gridPoint } from "./mark.ts";
import { toCorner } from "./pixel-values.ts";
import type { Outline } from "./shape.ts";

export function toScreen([column, row]: Coordinate, view: Affine): Point {
  const [x, y] = [column + toCorner, row + toCorner];
  return { x: view.a * x + view.c * y + view.e, y: view.b * x + view.d * y + view.f };
}

/** The place in the image, not yet on the marks' grid. */
export function toImage(point: Point, view: Affine): Coordinate {
  const determinant = view.a * view.d - view.b * view.c;
  const [x, y] = [point.x - view.e, point.y - view.f];
  return [
    (view.d * x - view.c * y) / determinant - toCorner,
    (view.a * y - view.b * x) / determinant - toCorner,
  ];
}

export function outlineOnScreen(outline: Outline, view: Affine): Outline {
  const points = outline.points.map((each): Coordinate => {
    const { x, y } = toScreen(each, view);
    return [x, y];
  });
  return { points, closed: outline.closed };
}

/** CSS pixels a pointer's place is uncertain by: a mouse reports whole ones, a fingertip covers more. */
const pointerPixels: Readonly<Record<string, number>> = { touch: 3 };

/**
 * Standard uncertainty of an anchor in image pixels, along columns and rows: it lies evenly spread in a square whose edge is
 * the pointer's step on the screen, seen through the view.
 */
export function anchorUncertaintyOf(view: Affine, pixelRatio: number, pointerType: string): Coordinate {
  const edge = pixelRatio * (pointerPixels[pointerType] ?? 1);
  const determinant = view.a * view.d - view.b * view.c;
  const along = (across: number, down: number) =>
    (edge * Math.hypot(across, down)) / Math.abs(determinant) / Math.sqrt(12);
  return [along(view.d, view.c), along(view.b, view.a)];
}

/** The nearest place of the image to draw at, on the grid. */
export function drawable(point: Coordinate, columns: number, rows: number): Coordinate {
  const inside = (value: number, count: number) => Math.min(Math.max(value, -toCorner), count - toCorner);
  return gridPoint(inside(point[0], columns), inside(point[1], rows));
}

/** The way from one place to another, as far as all points stay in the image; on the grid. */
export function drawableShift(
  points: readonly Coordinate[],
  from: Coordinate,
  to: Coordinate,
  columns: number,
  rows: number,
): Coordinate {
  const within = (axis: 0 | 1, count: number) => {
    const places = points.map((each) => each[axis]);
    const least = -toCorner - Math.min(...places);
    const most = count - toCorner - Math.max(...places);
    return Math.min(Math.max(to[axis] - from[axis], Math.min(least, 0)), Math.max(most, 0));
  };
  return gridPoint(within(0, columns), within(1, rows));
}

/** Whether a line is seen in a window of this size, not only its end at the very edge (Liang and Barsky). */
export function crosses(from: Point, to: Point, width: number, height: number, inset: number): boolean {
  let [enter, leave] = [0, 1];
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const edges: readonly [number, number][] = [
    [-dx, from.x - inset],
    [dx, width - inset - from.x],
    [-dy, from.y - inset],
    [dy, height - inset - from.y],
  ];
  for (const [way, room] of edges) {
    if (way === 0 && room < 0) return false;
    if (way < 0) enter = Math.max(enter, room / way);
    if (way > 0) leave = Math.min(leave, room / way);
  }
  return enter <= leave;
}
