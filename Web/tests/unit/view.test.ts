import assert from "node:assert/strict";
import { drawMatrix, fitScale, initialView, zoomedAbout } from "../../src/viewer/view.ts";

const image = { width: 100, height: 50 };
const viewport = { width: 400, height: 400 };
const at = (matrix: number[], x: number, y: number) => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = matrix;
  return [a * x + c * y + e, b * x + d * y + f].map((each) => Math.round(each * 1000) / 1000);
};

Deno.test("PACS-4.2.8-c the picture fits, keeps its shape and stands in the middle", () => {
  assert.equal(fitScale(image, viewport, 0), 4);
  const matrix = drawMatrix(initialView, image, 1, viewport);
  assert.deepEqual([at(matrix, 0, 0), at(matrix, 100, 50)], [[0, 100], [400, 300]]);
});

Deno.test("PACS-4.2.8-c pixels taller than wide are drawn so", () => {
  const matrix = drawMatrix(initialView, image, 2, viewport);
  assert.deepEqual([at(matrix, 0, 0), at(matrix, 100, 50)], [[0, 0], [400, 400]]);
});

Deno.test("PACS-4.2.8-b flips mirror about the centre, turns go clockwise", () => {
  assert.deepEqual(at(drawMatrix({ ...initialView, flipHorizontal: true }, image, 1, viewport), 0, 0), [
    400,
    100,
  ]);
  assert.deepEqual(at(drawMatrix({ ...initialView, flipVertical: true }, image, 1, viewport), 0, 0), [
    0,
    300,
  ]);
  // The upper left corner goes to the upper right.
  assert.deepEqual(at(drawMatrix({ ...initialView, quarterTurns: 1 }, image, 1, viewport), 0, 0), [300, 0]);
});

Deno.test("PACS-4.2.8-b panning moves by screen pixels whatever the zoom", () => {
  const view = { ...initialView, zoom: 3, panX: 10, panY: -5 };
  const [x = 0, y = 0] = at(drawMatrix(view, image, 1, viewport), 50, 25);
  assert.deepEqual([x, y], [210, 195]);
});

Deno.test("PACS-4.2.8-c zooming keeps the point under the pointer", () => {
  const before = drawMatrix(initialView, image, 1, viewport);
  const [x = 0, y = 0] = at(before, 30, 10);
  const zoomed = zoomedAbout(initialView, 2.5, x - 200, y - 200);
  assert.deepEqual(at(drawMatrix(zoomed, image, 1, viewport), 30, 10), [x, y]);
  assert.equal(zoomedAbout(initialView, 1e9, 0, 0).zoom, 40);
});
