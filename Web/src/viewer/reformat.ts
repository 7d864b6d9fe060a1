/**
 * Planes cut through a volume, as views show them: each has frames of its own, made up at equal steps along its normal, so that
 * scrolling, linking, lines and the 3-D cursor treat it like a series that was acquired so. All in the patient's space (LPS, mm).
 */
import type {
  FrameInfo,
  InstanceInfo,
  Plane as PixelPlane,
  SeriesManifest,
  StackInfo,
} from "../imaging/pictures.ts";
import { slicesOf, sliceSteps } from "../imaging/volume-fit.ts";
import { cross, dot, minus, type Plane, type Vector } from "./geometry.ts";
import type { Affine } from "./viewport-api.ts";

export type PlaneKind = "axial" | "coronal" | "sagittal";
export const planeKinds: readonly PlaneKind[] = ["axial", "coronal", "sagittal"];

/** How a family of parallel planes lies; equal planes are the same object. */
export interface PlaneAxes {
  /** What it began as; turned planes keep their colour and name. */
  kind: PlaneKind;
  /** Unit vectors to the right and downwards on the screen. */
  right: Vector;
  down: Vector;
  /** The way the planes are counted: the normal or its reverse. */
  along: Vector;
  /** A place that one of the planes goes through. */
  anchor: Vector;
}

export type SlabMode = "maximum" | "minimum" | "average";
export const slabModes: readonly SlabMode[] = ["maximum", "minimum", "average"];

export interface Slab {
  mode: SlabMode;
  /** 0: the plane alone. */
  thicknessMM: number;
}

/** What a view shows of a volume in place of the stored images. */
export interface Reformat {
  /** Index of the stack that is cut. */
  stack: number;
  axes: PlaneAxes;
  slab: Slab;
}

export const planeAlone: Slab = { mode: "maximum", thicknessMM: 0 };
/** A choice of thicknesses to step through. */
const thicknesses = [0, 1, 2, 3, 5, 8, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200];

/** The next thickness of the list upwards or downwards. */
export function nextThickness(thicknessMM: number, by: number): number {
  const found = by > 0
    ? thicknesses.find((each) => each > thicknessMM)
    : thicknesses.findLast((each) => each < thicknessMM);
  return found ?? thicknessMM;
}

// MARK: The volume

/** The grid of stored pixels as far as planes need it. */
export interface VolumeGrid {
  row: Vector;
  column: Vector;
  normal: Vector;
  columnMM: number;
  rowMM: number;
  stepMM: number;
  columns: number;
  rows: number;
  /** Centres of the slices' first pixels, in the order of the display. */
  positions: readonly Vector[];
}

const grids = new WeakMap<StackInfo, VolumeGrid>();

/** `null` where a stack has no place in space. */
export function gridOf(series: SeriesManifest, stack: StackInfo): VolumeGrid | null {
  const known = grids.get(stack);
  if (known) return known;
  const { orientation, spacing, columns, rows } = stack;
  const positions = slicesOf(series, stack).map((each) => each.position);
  if (orientation?.length !== 6 || !spacing || positions.length === 0) return null;
  if (!positions.every((each): each is Vector => each !== null)) return null;
  const row = orientation.slice(0, 3) as unknown as Vector;
  const column = orientation.slice(3, 6) as unknown as Vector;
  const normal = cross(row, column);
  const stepMM = stack.sliceSpacing ?? sliceSteps(positions.flat(), normal).step;
  const [rowMM, columnMM] = spacing;
  const grid = { row, column, normal, columnMM, rowMM, stepMM, columns, rows, positions };
  grids.set(stack, grid);
  return grid;
}

/** How far the volume reaches along a direction: between centres of pixels, `edge` 0, or between their outer edges, 0.5. */
function extent(grid: VolumeGrid, direction: Vector, edge: 0 | 0.5): [low: number, high: number] {
  const places = grid.positions.map((each) => dot(each, direction));
  let [low, high] = [Infinity, -Infinity];
  for (const place of places) [low, high] = [Math.min(low, place), Math.max(high, place)];
  const grow = (perPixel: number, first: number, last: number) => {
    low += Math.min(perPixel * first, perPixel * last);
    high += Math.max(perPixel * first, perPixel * last);
  };
  grow(dot(grid.row, direction) * grid.columnMM, -edge, grid.columns - 1 + edge);
  grow(dot(grid.column, direction) * grid.rowMM, -edge, grid.rows - 1 + edge);
  grow(dot(grid.normal, direction) * grid.stepMM, -edge, edge);
  return [low, high];
}

/** A step that goes at most one voxel along any axis of the grid. */
function voxelStep(grid: VolumeGrid, direction: Vector): number {
  return 1 / Math.max(
    Math.abs(dot(direction, grid.row)) / grid.columnMM,
    Math.abs(dot(direction, grid.column)) / grid.rowMM,
    Math.abs(dot(direction, grid.normal)) / grid.stepMM,
  );
}

export function volumeCentre(grid: VolumeGrid): Vector {
  const middle = (direction: Vector) => {
    const [low, high] = extent(grid, direction, 0);
    return (low + high) / 2;
  };
  return [middle([1, 0, 0]), middle([0, 1, 0]), middle([0, 0, 1])];
}

// MARK: Planes

const patientAxes: Readonly<Record<PlaneKind, Pick<PlaneAxes, "right" | "down" | "along">>> = {
  // Seen from the feet, from the front and from the left; counted from the head, from the front and from the right.
  axial: { right: [1, 0, 0], down: [0, 1, 0], along: [0, 0, -1] },
  coronal: { right: [1, 0, 0], down: [0, 0, -1], along: [0, 1, 0] },
  sagittal: { right: [0, 1, 0], down: [0, 0, -1], along: [1, 0, 0] },
};

/** From here on a direction counts as that of the patient's axis: about 2.5 degrees. */
const alignedCosine = 0.999;
/** From here on planes are counted the way the slices are. */
const parallelCosine = 0.9;

/** The plane of the patient's axes; one of its planes goes through centres of pixels. */
export function patientPlane(grid: VolumeGrid, kind: PlaneKind): PlaneAxes {
  const { right, down, along } = patientAxes[kind];
  const first: Vector = grid.positions[0] ?? [0, 0, 0];
  const last: Vector = grid.positions.at(-1) ?? first;
  const isAcquired = Math.abs(dot(grid.normal, along)) > parallelCosine;
  const sense = isAcquired && dot(minus(last, first), along) < 0 ? -1 : 1;
  return { kind, right, down, along: times(along, sense), anchor: first };
}

/** Whether a plane was turned away from the patient's axes. */
export function isOblique({ kind, along }: PlaneAxes): boolean {
  return Math.abs(dot(along, patientAxes[kind].along)) < alignedCosine;
}

const times = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
const sum = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const unit = (a: Vector): Vector => times(a, 1 / Math.sqrt(dot(a, a)));

/** About a unit vector, from right to down where that is `right × down`. */
function rotatedVector(vector: Vector, axis: Vector, radians: number): Vector {
  const [cosine, sine] = [Math.cos(radians), Math.sin(radians)];
  const across = sum(times(vector, cosine), times(cross(axis, vector), sine));
  return sum(across, times(axis, dot(axis, vector) * (1 - cosine)));
}

/** A plane turned about an axis through a place, which it goes through from then on. */
export function turnedPlane(axes: PlaneAxes, axis: Vector, radians: number, centre: Vector): PlaneAxes {
  const right = unit(rotatedVector(axes.right, axis, radians));
  const leaning = rotatedVector(axes.down, axis, radians);
  // At right angles again, so that many small turns do not add up to a crooked plane.
  const down = unit(minus(leaning, times(right, dot(leaning, right))));
  const normal = cross(right, down);
  const sense = dot(cross(axes.right, axes.down), axes.along) < 0 ? -1 : 1;
  return { kind: axes.kind, right, down, along: times(normal, sense), anchor: centre };
}

/** Rounding of positions may leave the last plane this share of a step outside. */
const stepTolerance = 1e-3;
const framesMaximum = 8192;

/** Frames of a family of planes, in the order in which they are counted. */
export function reformattedFrames(series: SeriesManifest, reformat: Reformat): readonly FrameInfo[] {
  const source = series.stacks[reformat.stack];
  const grid = source ? gridOf(series, source) : null;
  if (!source || !grid) return [];
  const { axes, slab } = reformat;
  const { right, down, along } = axes;
  const slices = slicesOf(series, source);
  const middle = slices[slices.length >> 1];
  if (!middle) return [];
  const pixel = Math.min(grid.columnMM, grid.rowMM);
  // Turned planes keep size and middle, so that the picture neither shrinks nor wanders under the hand; views draw beyond it.
  const middlePlace = volumeCentre(grid);
  const half = (direction: Vector) => {
    const [from, to] = extent(grid, direction, 0.5);
    return (to - from) / 2;
  };
  const [halfWidth, halfHeight] = [half(patientAxes[axes.kind].right), half(patientAxes[axes.kind].down)];
  const [left, top] = [dot(middlePlace, right) - halfWidth, dot(middlePlace, down) - halfHeight];
  const [low, high] = extent(grid, along, 0);
  const step = voxelStep(grid, along);
  const start = dot(axes.anchor, along);
  const first = Math.ceil((low - start) / step - stepTolerance);
  const last = Math.floor((high - start) / step + stepTolerance);
  const count = Math.min(Math.max(last - first + 1, 1), framesMaximum);
  const pixels = (length: number) => Math.max(1, Math.ceil(length / pixel - stepTolerance));
  const stack: StackInfo = {
    ...source,
    first: 0,
    count,
    columns: pixels(2 * halfWidth),
    rows: pixels(2 * halfHeight),
    orientation: [...right, ...down],
    normal: cross(right, down),
    spacing: [pixel, pixel],
    pixelAspect: 1,
    sliceSpacing: step,
    sliceThickness: slab.thicknessMM > 0 ? slab.thicknessMM : null,
    spatial: true,
    uniform: true,
  };
  const corner = sum(times(right, left + pixel / 2), times(down, top + pixel / 2));
  const instance = standIn(slices, middle.instance);
  return Array.from({ length: count }, (_, index): FrameInfo => ({
    index,
    instance,
    frameNumber: index + 1,
    stack,
    display: middle.display,
    position: sum(corner, times(along, start + (first + index) * step)),
    time: null,
  }));
}

/** Planes belong to no stored object: nothing that names one may be found on them. */
function standIn(slices: readonly FrameInfo[], instance: InstanceInfo): InstanceInfo {
  const lossy = slices.find((each) => each.instance.attributes.lossy)?.instance.attributes;
  return {
    ...instance,
    sopInstanceUID: "",
    instanceNumber: null,
    attributes: {
      ...instance.attributes,
      ...(lossy ? { lossy: true, lossyRatio: lossy.lossyRatio, lossyMethod: lossy.lossyMethod } : {}),
      patientOrientation: [],
      regions: [],
      overlays: [],
      shutters: [],
    },
  };
}

/** Where planes at right angles meet; what they leave open is that of `otherwise`. */
export function meetingPlace(
  planes: readonly { plane: Plane; axes: PlaneAxes }[],
  otherwise: Vector,
): Vector {
  return planes.reduce(
    (place, { plane, axes: { along } }) => sum(place, times(along, dot(minus(plane.origin, place), along))),
    otherwise,
  );
}

/**
 * The plane of an output whose pixels lie on the frame's image as the transform says.
 * @param coarseness Edge of an output pixel in pixels of the transform.
 */
export function pixelPlane(plane: Plane, imageToOutput: Affine, coarseness: number): PixelPlane {
  const { a, b, c, d, e, f } = imageToOutput;
  const determinant = a * d - b * c || 1;
  // In image coordinates: from an output pixel to the next, and the output's corner.
  const [acrossX, acrossY] = [d / determinant, -b / determinant];
  const [downX, downY] = [-c / determinant, a / determinant];
  const [x, y] = [-(acrossX * e + downX * f), -(acrossY * e + downY * f)];
  const spaced = (columns: number, rows: number) =>
    sum(times(plane.row, columns * plane.columnMM), times(plane.column, rows * plane.rowMM));
  return {
    origin: sum(plane.origin, spaced(x - 0.5, y - 0.5)),
    across: spaced(acrossX * coarseness, acrossY * coarseness),
    down: spaced(downX * coarseness, downY * coarseness),
  };
}
