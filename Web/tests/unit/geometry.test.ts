import assert from "node:assert/strict";
import {
  clipped,
  cutLine,
  nearestPlane,
  type Plane,
  planeOf,
  toPatient,
  toPlane,
} from "../../src/viewer/geometry.ts";

const axial = (z: number): Plane => ({
  origin: [-99.5, -99.5, z],
  row: [1, 0, 0],
  column: [0, 1, 0],
  columnMM: 1,
  rowMM: 1,
  columns: 200,
  rows: 200,
});
/** Looking from the left: columns run from front to back, rows from head to foot. */
const sagittal = (x: number): Plane => ({
  origin: [x, -99.5, 99.5],
  row: [0, 1, 0],
  column: [0, 0, -1],
  columnMM: 1,
  rowMM: 1,
  columns: 200,
  rows: 200,
});

Deno.test("GUIDE-1.1.1.1.2-8 an axial image cuts a sagittal one in a level line at its height", () => {
  const [from, to] = cutLine(axial(50), sagittal(0)) ?? assert.fail();
  assert.deepEqual([from.y, to.y], [50, 50]);
  assert.deepEqual([from.x, to.x].sort((a, b) => a - b), [0, 200]);
});

Deno.test("GUIDE-1.1.1.1.2-8 an oblique plane cuts where its equation says", () => {
  const tilt = Math.PI / 6;
  const oblique: Plane = {
    ...axial(0),
    column: [0, Math.cos(tilt), Math.sin(tilt)],
    origin: [-99.5, -99.5 * Math.cos(tilt), -99.5 * Math.sin(tilt)],
  };
  const [from, to] = cutLine(oblique, sagittal(0)) ?? assert.fail();
  for (const point of [from, to]) {
    const [, y, z] = toPatient(sagittal(0), point);
    assert.ok(Math.abs(z - y * Math.tan(tilt)) < 1e-9);
  }
});

Deno.test("GUIDE-1.1.1.1.2-8 parallel planes and planes that pass by have no line", () => {
  assert.equal(cutLine(axial(10), axial(20)), null);
  assert.equal(cutLine(axial(500), sagittal(0)), null);
});

Deno.test("a point goes to the patient and back, and knows its distance from other planes", () => {
  const place = toPatient(axial(10), { x: 30.5, y: 60.5 });
  assert.deepEqual([...place], [-69.5, -39.5, 10]);
  assert.deepEqual(toPlane(axial(25), place), { x: 30.5, y: 60.5, distanceMM: -15 });
  assert.equal(nearestPlane([axial(0), null, axial(8), axial(30)], place), 2);
});

Deno.test("lines are cut off at the picture's edge", () => {
  assert.deepEqual(clipped({ x: -10, y: 5 }, { x: 30, y: 5 }, 20, 10), [{ x: 0, y: 5 }, { x: 20, y: 5 }]);
  assert.equal(clipped({ x: -10, y: 15 }, { x: 30, y: 15 }, 20, 10), null);
});

Deno.test("a plane needs orientation, position and spacing that make sense", () => {
  const frame = {
    orientation: [1, 0, 0, 0, 1, 0],
    position: [0, 0, 0],
    columns: 10,
    rows: 10,
    spacing: { rowMM: 1, columnMM: 2 },
  };
  assert.equal(planeOf(frame)?.columnMM, 2);
  assert.equal(planeOf({ ...frame, orientation: [1, 0, 0, 1, 0, 0] }), null);
  assert.equal(planeOf({ ...frame, orientation: [2, 0, 0, 0, 1, 0] }), null);
  assert.equal(planeOf({ ...frame, spacing: { rowMM: null, columnMM: null } }), null);
});
