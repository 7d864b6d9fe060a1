/**
 * Where masks and contours of other objects lie on an image: by place in the patient when both know theirs, else by the
 * image they say they were drawn on. Knows no page.
 */
import { dot, minus, normal, type Plane, planeOf, toPatient, toPlane, type Vector } from "./geometry.ts";
import type { Affine, Point } from "./viewport-api.ts";

/** An image as far as laying something over it needs. */
export interface Ground {
  plane: Plane | null;
  frameOfReference: string | null;
  /** Millimetres from this image to its neighbours; `null` when not known. */
  sliceMM: number | null;
  sopInstanceUID: string;
  frameNumber: number;
  rows: number;
  columns: number;
}

export interface SourceReference {
  sopInstanceUID: string;
  frameNumbers: readonly number[];
}

/** Why nothing of a structure is drawn on an image. */
export type NotDrawn = "otherFrame" | "noPlane" | "notParallel" | "notHere";

export interface MaskFrame {
  rows: number;
  columns: number;
  plane: Plane | null;
  sources: readonly SourceReference[];
  /** Value and length by turns; values are shares of full from 0 to 1. */
  runs: readonly number[];
}

export interface Contour {
  type: string;
  /** x, y, z by turns, mm (LPS). */
  points: readonly number[];
}

/** Masks count as lying in an image's plane up to this distance: what rounding of positions and tilts of them make. */
const coincidenceMM = 0.1;
const coincidenceShare = 0.1;
const sameDirection = 0.9999;
/** Half a slice where nothing says how far slices are apart. */
const unknownHalfSliceMM = 0.5;

export function isSource(sources: readonly SourceReference[], ground: Ground): boolean {
  return sources.some((each) =>
    each.sopInstanceUID === ground.sopInstanceUID &&
    (each.frameNumbers.length === 0 || each.frameNumbers.includes(ground.frameNumber))
  );
}

/** A frame of a segmentation as a plane; `null` unless it says all that is needed. */
export function maskPlane(
  rows: number,
  columns: number,
  frame: {
    position: readonly number[] | null;
    orientation: readonly number[] | null;
    pixelSpacing: readonly number[] | null;
  },
): Plane | null {
  const { position, orientation, pixelSpacing } = frame;
  const [rowMM = null, columnMM = null] = pixelSpacing ?? [];
  if (!(rowMM !== null && rowMM > 0 && columnMM !== null && columnMM > 0)) return null;
  return planeOf({ position, orientation, rows, columns, spacing: { rowMM, columnMM } });
}

/** From continuous coordinates of one plane's pixels to those of another, both with (0, 0) at the outer corner. */
export function planeToPlane(from: Plane, to: Plane): Affine {
  const at = (x: number, y: number) => toPlane(to, toPatient(from, { x, y }));
  const [origin, right, down] = [at(0, 0), at(1, 0), at(0, 1)];
  return {
    a: right.x - origin.x,
    b: right.y - origin.y,
    c: down.x - origin.x,
    d: down.y - origin.y,
    e: origin.x,
    f: origin.y,
  };
}

/** How far a plane's corners lie from another plane, at most. */
function distanceMM(from: Plane, to: Plane): number {
  const { columns, rows } = from;
  const corners = [[0, 0], [columns, 0], [columns, rows], [0, rows]] as const;
  return Math.max(...corners.map(([x, y]) => Math.abs(toPlane(to, toPatient(from, { x, y })).distanceMM)));
}

const identity: Affine = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };

export type PlacedMasks = { masks: readonly { frame: MaskFrame; matrix: Affine }[] } | { reason: NotDrawn };

/** The frames of a mask that lie in the plane of an image, and how their pixels map to its pixels. */
export function masksOn(
  frames: readonly MaskFrame[],
  frameOfReference: string,
  ground: Ground,
): PlacedMasks {
  const inSpace = frames.some((each) => each.plane !== null);
  if (!inSpace || !ground.plane) {
    const masks = frames.filter((each) =>
      isSource(each.sources, ground) && each.rows === ground.rows && each.columns === ground.columns
    ).map((frame) => ({ frame, matrix: identity }));
    return masks.length > 0 ? { masks } : { reason: ground.plane || !inSpace ? "notHere" : "noPlane" };
  }
  const to = ground.plane;
  const shared = frameOfReference !== "" && frameOfReference === ground.frameOfReference;
  const tolerance = Math.max(coincidenceMM, (ground.sliceMM ?? 0) * coincidenceShare);
  let [parallel, related] = [false, false];
  const masks: { frame: MaskFrame; matrix: Affine }[] = [];
  for (const frame of frames) {
    const { plane } = frame;
    if (!plane || !(shared || isSource(frame.sources, ground))) continue;
    related = true;
    if (Math.abs(dot(normal(plane), normal(to))) < sameDirection) continue;
    parallel = true;
    if (distanceMM(plane, to) > tolerance) continue;
    masks.push({ frame, matrix: planeToPlane(plane, to) });
  }
  if (masks.length > 0) return { masks };
  return { reason: !related && !shared ? "otherFrame" : parallel ? "notHere" : "notParallel" };
}

export interface PlacedContour {
  type: string;
  /** In image coordinates. */
  points: readonly Point[];
}

export type PlacedContours = { contours: readonly PlacedContour[] } | { reason: NotDrawn };

/** The contours that lie within half a slice of an image. */
export function contoursOn(
  contours: readonly Contour[],
  frameOfReference: string,
  ground: Ground,
): PlacedContours {
  if (!ground.plane) return { reason: "noPlane" };
  if (frameOfReference === "" || frameOfReference !== ground.frameOfReference) {
    return { reason: "otherFrame" };
  }
  const half = ground.sliceMM === null ? unknownHalfSliceMM : ground.sliceMM / 2;
  const to = ground.plane;
  const axis = normal(to);
  const found: PlacedContour[] = [];
  let lying = contours.length === 0;
  for (const { type, points } of contours) {
    const [low, high] = depths(points, to.origin, axis);
    // Contours across the slices are none of this plane's.
    if (high - low > 2 * half) continue;
    lying = true;
    const depth = (low + high) / 2;
    // Halfway between two slices a contour belongs to one of them.
    if (depth <= -half || depth > half) continue;
    found.push({ type, points: onPlane(points, to) });
  }
  if (found.length > 0) return { contours: found };
  return { reason: lying ? "notHere" : "notParallel" };
}

function depths(points: readonly number[], origin: Vector, axis: Vector): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i + 2 < points.length; i += 3) {
    const depth = dot(minus([points[i] ?? 0, points[i + 1] ?? 0, points[i + 2] ?? 0], origin), axis);
    low = Math.min(low, depth);
    high = Math.max(high, depth);
  }
  return [low, high];
}

function onPlane(points: readonly number[], to: Plane): Point[] {
  const found: Point[] = [];
  for (let i = 0; i + 2 < points.length; i += 3) {
    const { x, y } = toPlane(to, [points[i] ?? 0, points[i + 1] ?? 0, points[i + 2] ?? 0]);
    found.push({ x, y });
  }
  return found;
}

// MARK: Bits

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Larger masks than this are not drawn, whatever an object declares. */
const areaMaximum = 64 * 1024 * 1024;

/** Calls back for each piece of a run that lies in one row and is not empty. */
function eachPiece(
  { rows, columns, runs }: Pick<MaskFrame, "rows" | "columns" | "runs">,
  use: (row: number, column: number, length: number, value: number) => void,
): void {
  const end = rows * columns;
  let at = 0;
  for (let i = 0; i + 1 < runs.length && at < end; i += 2) {
    const value = runs[i] ?? 0;
    let left = Math.min(Math.max(runs[i + 1] ?? 0, 0), end - at);
    if (value <= 0) at += left;
    else {
      while (left > 0) {
        const column = at % columns;
        const length = Math.min(left, columns - column);
        use(Math.floor(at / columns), column, length, value);
        at += length;
        left -= length;
      }
    }
  }
}

/** The smallest box that holds all set pixels; `null` when there are none. */
export function boxOf(mask: Pick<MaskFrame, "rows" | "columns" | "runs">): Box | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  eachPiece(mask, (row, column, length) => {
    left = Math.min(left, column);
    right = Math.max(right, column + length);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row + 1);
  });
  return right < 0 ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

export type RGB = readonly [number, number, number];

/** The set pixels of a mask in one colour, as red, green, blue, opacity; cut to its box. */
export function pictureOf(
  mask: Pick<MaskFrame, "rows" | "columns" | "runs">,
  [red, green, blue]: RGB,
): { box: Box; pixels: Uint8ClampedArray<ArrayBuffer> } | null {
  const box = boxOf(mask);
  if (!box || box.width * box.height > areaMaximum) return null;
  const pixels = new Uint8ClampedArray(box.width * box.height * 4);
  eachPiece(mask, (row, column, length, value) => {
    let at = ((row - box.y) * box.width + column - box.x) * 4;
    for (let i = 0; i < length; i++, at += 4) {
      pixels[at] = red;
      pixels[at + 1] = green;
      pixels[at + 2] = blue;
      pixels[at + 3] = value * 255;
    }
  });
  return { box, pixels };
}

/** Lengths of 0 and 1 by turns, beginning with 0, as value and length by turns. */
export function pairsOfBits(lengths: readonly number[]): number[] {
  return lengths.flatMap((length, index) => [index % 2, length]);
}
