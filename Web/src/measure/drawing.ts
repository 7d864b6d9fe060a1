/** A mark being drawn: which points it has, and what the next press, move and release make of it. */
import type { ViewportFrame } from "../viewer/viewport-api.ts";
import { type Coordinate, gridPoint, type Kind, pointCount } from "./mark.ts";
import { ellipseInBox } from "./shape.ts";

export interface Drawing {
  kind: Kind;
  frame: ViewportFrame;
  points: readonly Coordinate[];
  anchorUncertainty: readonly Coordinate[];
  /** Where the next point would be. */
  preview: Coordinate | null;
}

/** Points to be placed by hand; an ellipse is drawn by the box around it. */
export function handPoints(kind: Kind): readonly [least: number, most: number] {
  return kind === "ellipse" ? [2, 2] : pointCount[kind];
}

export function begun(kind: Kind, frame: ViewportFrame, point: Coordinate, uncertainty: Coordinate): Drawing {
  return { kind, frame, points: [point], anchorUncertainty: [uncertainty], preview: null };
}

/** With one more point; one at the same place as the last adds nothing. */
export function withPoint(drawing: Drawing, point: Coordinate, uncertainty: Coordinate): Drawing {
  const last = drawing.points.at(-1);
  if (last && last[0] === point[0] && last[1] === point[1]) return { ...drawing, preview: null };
  return {
    ...drawing,
    points: [...drawing.points, point],
    anchorUncertainty: [...drawing.anchorUncertainty, uncertainty],
    preview: null,
  };
}

/** With its last point somewhere else. */
export function withLastAt(drawing: Drawing, point: Coordinate): Drawing {
  return { ...drawing, points: [...drawing.points.slice(0, -1), point] };
}

export function withoutLast(drawing: Drawing): Drawing | null {
  if (drawing.points.length < 2) return null;
  return {
    ...drawing,
    points: drawing.points.slice(0, -1),
    anchorUncertainty: drawing.anchorUncertainty.slice(0, -1),
  };
}

/** All points are there. */
export function isComplete(drawing: Drawing): boolean {
  return drawing.points.length >= handPoints(drawing.kind)[1];
}

/** Enough points to stop here. */
export function mayFinish(drawing: Drawing): boolean {
  return drawing.points.length >= handPoints(drawing.kind)[0];
}

/** Whether a drag from this point sets the next one too: lines, boxes, and the first stroke of everything else. */
export function beginsStroke(kind: Kind, index: number): boolean {
  return index === 0 || ((kind === "cobb" || kind === "ratio") && index === 2);
}

/** The points of the mark; `null` when it would have no extent. */
export function finished(
  drawing: Drawing,
): { points: readonly Coordinate[]; anchorUncertainty: readonly Coordinate[] } | null {
  const { kind, points, anchorUncertainty } = drawing;
  if (!mayFinish(drawing) || isFlat(kind, points)) return null;
  if (kind !== "ellipse") return { points, anchorUncertainty };
  const most: Coordinate = [
    Math.max(...anchorUncertainty.map((each) => each[0])),
    Math.max(...anchorUncertainty.map((each) => each[1])),
  ];
  // Halfway between two places of the grid is not always one.
  const ends = ellipseInBox(points).map(([column, row]) => gridPoint(column, row));
  return { points: ends, anchorUncertainty: ends.map(() => most) };
}

function isFlat(kind: Kind, points: readonly Coordinate[]): boolean {
  const same = (i: number, j: number) =>
    points[i]?.[0] === points[j]?.[0] && points[i]?.[1] === points[j]?.[1];
  if (kind === "ellipse" || kind === "rectangle") {
    return points[0]?.[0] === points[1]?.[0] || points[0]?.[1] === points[1]?.[1];
  }
  if (kind === "angle") return same(0, 1) || same(1, 2);
  if (kind === "cobb" || kind === "ratio") return same(0, 1) || same(2, 3);
  return points.length > 1 && points.every((_, index) => same(0, index));
}

/** As it looks now: with the point under the pointer. */
export function shownPoints(drawing: Drawing): readonly Coordinate[] {
  const { kind, points, preview } = drawing;
  const all = preview === null ? points : [...points, preview];
  return kind === "ellipse" && all.length === 2 ? ellipseInBox(all) : all;
}
