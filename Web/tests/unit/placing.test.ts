import assert from "node:assert/strict";
import {
  boxOf,
  contoursOn,
  type Ground,
  type MaskFrame,
  maskPlane,
  masksOn,
  pairsOfBits,
  pictureOf,
  planeToPlane,
} from "../../src/viewer/placing.ts";
import { applied } from "../../src/viewer/view.ts";

const axial = [1, 0, 0, 0, 1, 0];
const at = (z: number, orientation = axial, spacing = [1, 1]) =>
  maskPlane(64, 64, { position: [-32, -32, z], orientation, pixelSpacing: spacing });
const ground = (more: Partial<Ground> = {}): Ground => ({
  plane: at(10),
  frameOfReference: "1.9",
  sliceMM: 5,
  sopInstanceUID: "1.1",
  frameNumber: 1,
  rows: 64,
  columns: 64,
  ...more,
});
const mask = (more: Partial<MaskFrame> = {}): MaskFrame => ({
  rows: 64,
  columns: 64,
  plane: at(10),
  sources: [],
  runs: [0, 65, 1, 3, 0, 64 * 64 - 68],
  ...more,
});
const reason = (found: object) => ("reason" in found ? found.reason : null);

Deno.test("PACS-4.2.8-f masks lie on the images whose plane is theirs, of whatever series", () => {
  const found = masksOn([mask({ plane: at(5) }), mask(), mask({ plane: at(15) })], "1.9", ground());
  assert.ok("masks" in found);
  assert.equal(found.masks.length, 1);
  assert.deepEqual(applied(found.masks[0]?.matrix ?? assert.fail(), { x: 3, y: 4 }), { x: 3, y: 4 });
});

Deno.test("PACS-4.2.8-f what is not drawn has its reason", () => {
  const other = mask({ plane: at(0) });
  assert.equal(reason(masksOn([other], "1.9", ground())), "notHere");
  assert.equal(reason(masksOn([mask()], "1.8", ground())), "otherFrame");
  assert.equal(reason(masksOn([mask()], "1.9", ground({ plane: null }))), "noPlane");
  const coronal = mask({ plane: at(10, [1, 0, 0, 0, 0, -1]) });
  assert.equal(reason(masksOn([coronal], "1.9", ground())), "notParallel");
  const tilted = [1, 0, 0, 0, Math.cos(0.02), Math.sin(0.02)];
  assert.equal(reason(masksOn([mask({ plane: at(10, tilted) })], "1.9", ground())), "notParallel");
});

Deno.test("PACS-4.2.8-f a mask of other pixels is mapped through the patient", () => {
  const [half, plane] = [at(10, [-1, 0, 0, 0, 1, 0], [0.5, 2]), at(10)];
  assert.ok(half && plane);
  const { x, y } = applied(planeToPlane(half, plane), { x: 0.5, y: 0.5 });
  // The centre of the first pixel is the same place, whatever the spacing and direction.
  assert.ok(Math.abs(x - 0.5) < 1e-9 && Math.abs(y - 0.5) < 1e-9);
  const next = applied(planeToPlane(half, plane), { x: 1.5, y: 2.5 });
  assert.ok(Math.abs(next.x - (0.5 - 2)) < 1e-9 && Math.abs(next.y - 1.5) < 1e-9);
});

Deno.test("without places in the patient the source image decides", () => {
  const own = mask({ plane: null, sources: [{ sopInstanceUID: "1.1", frameNumbers: [] }] });
  assert.ok("masks" in masksOn([own], "", ground({ plane: null })));
  assert.equal(reason(masksOn([own], "", ground({ sopInstanceUID: "1.2" }))), "notHere");
});

Deno.test("PACS-4.2.8-f a contour lies on the one image within half a slice", () => {
  const contour = (z: number, type = "CLOSED_PLANAR") => ({ type, points: [0, 0, z, 10, 0, z, 10, 10, z] });
  const heights = [-2.5, 0, 2.4, 2.5].map((dz) => contour(10 + dz));
  const found = contoursOn(heights, "1.9", ground());
  assert.ok("contours" in found);
  // Exactly between two images it belongs to one of them only.
  assert.equal(found.contours.length, 3);
  assert.deepEqual(found.contours[0]?.points[1], { x: 42.5, y: 32.5 });
  assert.equal(reason(contoursOn([contour(20)], "1.9", ground())), "notHere");
  assert.equal(reason(contoursOn([contour(10)], "1.7", ground())), "otherFrame");
  const across = { type: "OPEN_NONPLANAR", points: [0, 0, 0, 0, 0, 20] };
  assert.equal(reason(contoursOn([across], "1.9", ground())), "notParallel");
});

Deno.test("a mask's picture is cut to its pixels and holds no more than the rows and columns declared", () => {
  const drawn = pictureOf({ rows: 4, columns: 4, runs: pairsOfBits([5, 2, 2, 1, 0, 99]) }, [1, 2, 3]);
  assert.deepEqual(drawn?.box, { x: 0, y: 1, width: 4, height: 3 });
  const set = [...drawn?.pixels ?? []].filter((_, index) => index % 4 === 3).map((each) => each > 0);
  assert.deepEqual(set, [0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1].map(Boolean));
  assert.equal(boxOf({ rows: 2, columns: 2, runs: [0, 4] }), null);
  assert.deepEqual([...pictureOf({ rows: 1, columns: 1, runs: [0.5, 1] }, [9, 8, 7])?.pixels ?? []], [
    9,
    8,
    7,
    128,
  ]);
});
