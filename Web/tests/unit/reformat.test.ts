import assert from "node:assert/strict";
import type { SeriesManifest, StackInfo } from "../../src/imaging/pictures.ts";
import { sliceSteps, volumeProblem } from "../../src/imaging/volume-fit.ts";
import { cross, dot, nearestPlane, planeOf, toPatient, type Vector } from "../../src/viewer/geometry.ts";
import {
  gridOf,
  isOblique,
  meetingPlace,
  nextThickness,
  patientPlane,
  pixelPlane,
  planeAlone,
  type PlaneAxes,
  type PlaneKind,
  planeKinds,
  reformattedFrames,
  turnedPlane,
  volumeCentre,
} from "../../src/viewer/reformat.ts";
import { stack as stackOf } from "./imaging-support.ts";

const budget = 2 ** 30;

/** Twenty axial slices of 64 × 48 pixels of 0.5 × 0.5 mm, 2 mm apart, from the feet upwards. */
function series(
  changes: Partial<StackInfo> = {},
  place: (slice: number) => Vector = (slice) => [-10, -20, 100 + 2 * slice],
  slope: (slice: number) => number = () => 1,
): SeriesManifest {
  const stack = stackOf({
    count: 20,
    rows: 48,
    columns: 64,
    spacing: [0.5, 0.5],
    frameOfReference: "1",
    ...changes,
  });
  const attributes = { lossy: false, overlays: [1], shutters: [], patientOrientation: ["L", "P"] };
  const frames = Array.from({ length: stack.count }, (_, index) => ({
    index,
    instance: { sopInstanceUID: `1.${index}`, attributes },
    frameNumber: 1,
    stack,
    display: { slope: slope(index), intercept: 0, modalityTable: null, windows: [] },
    position: stack.orientation ? place(index) : null,
    time: null,
  }));
  return { seriesInstanceUID: "1.1", frames, stacks: [stack] } as unknown as SeriesManifest;
}

function planes(made: SeriesManifest, axes: PlaneAxes) {
  return reformattedFrames(made, { stack: 0, axes, slab: planeAlone }).map((frame) => {
    const { orientation, rows, columns, spacing } = frame.stack;
    const [rowMM = null, columnMM = null] = spacing ?? [];
    return planeOf({ orientation, position: frame.position, rows, columns, spacing: { rowMM, columnMM } });
  });
}

const close = (a: readonly number[], b: readonly number[], tolerance = 1e-9) =>
  a.forEach((each, index) => assert.ok(Math.abs(each - (b[index] ?? NaN)) < tolerance, `${a} ≠ ${b}`));

function axesOf(made: SeriesManifest, kind: PlaneKind): PlaneAxes {
  const grid = gridOf(made, made.stacks[0] as StackInfo);
  assert.ok(grid);
  return patientPlane(grid, kind);
}

Deno.test("axial planes of an axial series stand exactly where its slices stand, in their order", () => {
  const made = series();
  const frames = reformattedFrames(made, { stack: 0, axes: axesOf(made, "axial"), slab: planeAlone });
  assert.equal(frames.length, 20);
  frames.forEach((frame, index) => close(frame.position ?? [], made.frames[index]?.position ?? []));
  const [first] = frames;
  assert.deepEqual([first?.stack.columns, first?.stack.rows, first?.stack.sliceSpacing], [64, 48, 2]);
});

Deno.test("coronal and sagittal planes go through every row and column of pixels and cover the volume", () => {
  const made = series();
  const coronal = reformattedFrames(made, { stack: 0, axes: axesOf(made, "coronal"), slab: planeAlone });
  // 20 slices of 2 mm at pixels of 0.5 mm; the upper edge is half a step above the uppermost slice.
  assert.deepEqual([coronal.length, coronal[0]?.stack.columns, coronal[0]?.stack.rows], [48, 64, 80]);
  close(coronal[7]?.position ?? [], [-10, -20 + 7 * 0.5, 138 + 1 - 0.25]);
  const sagittal = reformattedFrames(made, { stack: 0, axes: axesOf(made, "sagittal"), slab: planeAlone });
  assert.deepEqual([sagittal.length, sagittal[0]?.stack.columns, sagittal[0]?.stack.rows], [64, 48, 80]);
  close(sagittal[63]?.position ?? [], [-10 + 63 * 0.5, -20, 138 + 1 - 0.25]);
});

Deno.test("planes name no stored object and keep nothing that belongs to one", () => {
  const made = series();
  const [frame] = reformattedFrames(made, { stack: 0, axes: axesOf(made, "coronal"), slab: planeAlone });
  assert.equal(frame?.instance.sopInstanceUID, "");
  assert.deepEqual(frame?.instance.attributes.overlays, []);
  assert.deepEqual(frame?.instance.attributes.patientOrientation, []);
});

Deno.test("three planes meet where each of them goes through", () => {
  const made = series();
  const grid = gridOf(made, made.stacks[0] as StackInfo);
  assert.ok(grid);
  const chosen = planeKinds.map((kind, index) => {
    const axes = axesOf(made, kind);
    const plane = planes(made, axes)[5 + index];
    assert.ok(plane);
    return { plane, axes };
  });
  // Slice 5, row 6, column 7.
  close(meetingPlace(chosen, volumeCentre(grid)), [-10 + 7 * 0.5, -20 + 6 * 0.5, 100 + 5 * 2]);
});

Deno.test("turned planes stay at right angles, go through the centre, and turn back without a trace", () => {
  const made = series();
  const grid = gridOf(made, made.stacks[0] as StackInfo);
  assert.ok(grid);
  const centre: Vector = [-1.2, -9.3, 117.7];
  const axis = cross(axesOf(made, "axial").right, axesOf(made, "axial").down);
  let [coronal, sagittal] = [axesOf(made, "coronal"), axesOf(made, "sagittal")];
  for (let i = 0; i < 300; i++) {
    coronal = turnedPlane(coronal, axis, 0.1 * Math.PI / 180, centre);
    sagittal = turnedPlane(sagittal, axis, 0.1 * Math.PI / 180, centre);
  }
  // To the right and 30° down, as the hand turns on the screen.
  close(coronal.right, [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6), 0], 1e-12);
  close(coronal.down, [0, 0, -1], 1e-12);
  assert.ok(Math.abs(dot(coronal.along, sagittal.along)) < 1e-12);
  assert.ok(isOblique(coronal));
  const turned = planes(made, coronal);
  const index = nearestPlane(turned, centre);
  const plane = turned[index];
  assert.ok(plane);
  const distance = dot([
    centre[0] - plane.origin[0],
    centre[1] - plane.origin[1],
    centre[2] - plane.origin[2],
  ], coronal.along);
  assert.ok(Math.abs(distance) < 1e-9);
  const back = turnedPlane(coronal, axis, -30 * Math.PI / 180, centre);
  close(back.right, [1, 0, 0], 1e-12);
  assert.ok(!isOblique(back));
});

Deno.test("a pixel of the output lies where the view shows it, whole or at half resolution, turned and mirrored", () => {
  const made = series();
  const plane = planes(made, axesOf(made, "sagittal"))[11];
  assert.ok(plane);
  const transform = { a: 0, b: -3, c: 2.5, d: 0, e: 40, f: 310 };
  for (const coarseness of [1, 2]) {
    const made = pixelPlane(plane, transform, coarseness);
    const [u, v] = [17, 29];
    const at = [0, 1, 2].map((axis) =>
      (made.origin[axis] ?? 0) + u * (made.across[axis] ?? 0) + v * (made.down[axis] ?? 0)
    );
    // The same place through the view: device point (u, v) times the coarseness back to the image.
    const [x, y] = [
      (v * coarseness - transform.f) / transform.b,
      (u * coarseness - transform.e) / transform.c,
    ];
    close(at, toPatient(plane, { x, y }));
  }
});

Deno.test("a tilted series keeps the patient's axes and covers all of its slices", () => {
  const [cosine, sine] = [Math.cos(0.3), Math.sin(0.3)];
  const made = series(
    {
      orientation: [1, 0, 0, 0, cosine, -sine],
      normal: [0, sine, cosine],
      uniform: false,
      sliceSpacing: null,
    },
    (slice) => [-10, -20, 100 + 2 * slice],
  );
  const axes = axesOf(made, "coronal");
  close(axes.right, [1, 0, 0]);
  const [frame] = reformattedFrames(made, { stack: 0, axes, slab: planeAlone });
  const height = (frame?.stack.rows ?? 0) * (frame?.stack.spacing?.[0] ?? 0);
  // 19 steps of 2 mm, 47 rows of 0.5 mm leaning by the tilt, half a pixel and half a step at both ends.
  const expected = 38 + 48 * 0.5 * sine + 2 * cosine * cosine;
  assert.ok(height >= expected - 0.01 && height < expected + 0.51, `${height} for ${expected}`);
});

Deno.test("series that cannot be cut are refused with their reason", () => {
  const problem = (made: SeriesManifest, bytes = budget) =>
    volumeProblem(made, made.stacks[0] as StackInfo, bytes);
  assert.equal(problem(series()), null);
  assert.equal(problem(series({ samplesPerPixel: 3, photometric: "RGB" })), "color");
  assert.equal(problem(series({ photometric: "PALETTE COLOR" })), "color");
  assert.equal(problem(series({ count: 1 })), "single");
  assert.equal(problem(series({ orientation: null })), "geometry");
  assert.equal(problem(series({ orientation: [1, 0, 0, 0, 0.99, 0] })), "geometry");
  assert.equal(problem(series({ spatial: false })), "times");
  // Scales of their own are brought onto one; that takes a copy.
  const bytes = 20 * 48 * 64 * 2;
  const scaled = series({}, undefined, (slice) => 1 + slice);
  assert.deepEqual([problem(scaled, 2 * bytes), problem(scaled, 2 * bytes - 1)], [null, "memory"]);
  assert.deepEqual([problem(series(), bytes), problem(series(), bytes - 1)], [null, "memory"]);
  const units = scaled.frames.map((frame, slice) => ({
    ...frame,
    display: { ...frame.display, rescaleType: slice > 3 ? "HU" : "US" },
  }));
  assert.equal(problem({ ...scaled, frames: units }), "scales");
  assert.equal(problem(series({ float: true })), "format");
  assert.equal(problem(series({ bitsAllocated: 32, bitsStored: 32 })), "format");
  assert.equal(problem(series(), 1000), "memory");
});

Deno.test("missing slices are counted as gaps; the step is that of the others", () => {
  const places = [0, 2, 4, 8, 10, 12, 18].flatMap((z) => [0, 0, z]);
  assert.deepEqual(sliceSteps(places, [0, 0, 1]), { step: 2, gaps: 2 });
});

Deno.test("thickness goes through its list and stays at the ends", () => {
  assert.deepEqual([nextThickness(0, 1), nextThickness(7, 1), nextThickness(7, -1)], [1, 8, 5]);
  assert.deepEqual([nextThickness(0, -1), nextThickness(200, 1)], [0, 200]);
});
