import assert from "node:assert/strict";
import {
  applied,
  baseScale,
  fitScale,
  imageToScreen,
  initialView,
  inverse,
  mirrored,
  panned,
  rotated,
  screenAxes,
  type Stage,
  type View,
  zoomedAbout,
} from "../../src/viewer/view.ts";

const stage: Stage = {
  image: { width: 256, height: 128 },
  aspect: 1,
  viewport: { width: 1000, height: 800 },
  trueScale: null,
};
const at = (view: View, x: number, y: number, on = stage) => {
  const point = applied(imageToScreen(view, on), { x, y });
  return [Math.round(point.x * 1000) / 1000, Math.round(point.y * 1000) / 1000];
};

Deno.test("PACS-4.2.8-c a picture is fitted into the viewport, turned or not, pixels not square included", () => {
  assert.equal(fitScale(stage, 0), 1000 / 256);
  assert.equal(fitScale(stage, 90), 800 / 256);
  assert.equal(fitScale({ ...stage, aspect: 4 }, 0), 800 / 512);
});

Deno.test("PACS-4.2.8-c zooming keeps the point under the pointer where it is", () => {
  let view = panned(rotated(initialView, 33), stage, 40, -25);
  const before = applied(inverse(imageToScreen(view, stage)), { x: 620, y: 410 });
  view = zoomedAbout(view, stage, 2.5, 620 - 500, 410 - 400);
  const after = applied(imageToScreen(view, stage), before);
  assert.ok(Math.abs(after.x - 620) < 1e-6 && Math.abs(after.y - 410) < 1e-6);
});

Deno.test("zoom has its limits", () => {
  assert.equal(zoomedAbout(initialView, stage, 1e9, 0, 0).zoom, 40);
  assert.equal(zoomedAbout(initialView, stage, 1e-9, 0, 0).zoom, 0.1);
});

Deno.test("PACS-4.2.8-b mirroring is about the screen's axes, however the picture is turned", () => {
  for (const rotation of [0, 90, 180, 270, 37]) {
    const view = { ...initialView, rotation };
    const [x = 0, y = 0] = at(view, 30, 20);
    const near = (found: number[], expected: number[]) =>
      found.forEach((each, index) =>
        assert.ok(Math.abs(each - (expected[index] ?? 0)) < 0.002, `${rotation}`)
      );
    near(at(mirrored(view, "horizontal"), 30, 20), [1000 - x, y]);
    near(at(mirrored(view, "vertical"), 30, 20), [x, 800 - y]);
  }
});

Deno.test("GUIDE-1.1.1.1.2-2 a quarter turn takes the left edge to the top", () => {
  const [x, y] = at(rotated(initialView, 90), 0, 64);
  assert.equal(x, 500);
  assert.ok((y ?? 0) < 400);
});

Deno.test("the inverse of a transform takes the screen back to the image", () => {
  const view = { ...mirrored(rotated(initialView, 12.5), "vertical"), zoom: 1.7, panX: 12, panY: -3 };
  const matrix = imageToScreen(view, stage);
  const back = applied(inverse(matrix), applied(matrix, { x: 17.25, y: 99.5 }));
  assert.ok(Math.abs(back.x - 17.25) < 1e-9 && Math.abs(back.y - 99.5) < 1e-9);
});

Deno.test("panning keeps its place in the picture when the viewport changes its size", () => {
  const view = panned({ ...initialView, zoom: 2 }, stage, 100, 0);
  const half = { ...stage, viewport: { width: 500, height: 400 } };
  const [full = 0] = at(view, 128, 64);
  const [small = 0] = at(view, 128, 64, half);
  assert.equal(full - 500, 2 * (small - 250));
});

Deno.test("PACS-4.2.11-d life size uses the screen's measure, and fits where there is none", () => {
  const view: View = { ...initialView, mode: "trueSize" };
  assert.equal(baseScale(view, { ...stage, trueScale: 2.6 }), 2.6);
  assert.equal(baseScale(view, stage), fitScale(stage, 0));
  assert.equal(baseScale({ ...view, mode: "pixels" }, stage), 1);
});

Deno.test("the screen's axes follow flips and turns", () => {
  const right = (view: View) => {
    const { x, y } = screenAxes(view).right;
    return [Math.round(x), Math.round(y)].map((each) => each + 0);
  };
  assert.deepEqual(right(initialView), [1, 0]);
  assert.deepEqual(right(mirrored(initialView, "horizontal")), [-1, 0]);
  // Turned clockwise, going right on the screen is going up in the image.
  assert.deepEqual(right(rotated(initialView, 90)), [0, -1]);
});
