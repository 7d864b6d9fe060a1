import assert from "node:assert/strict";
import {
  automaticWindow,
  displayLevel,
  type GrayMapping,
  renderColor,
  renderGray,
  valueRange,
} from "../../src/imaging/voi.ts";

const mapping = (changes: Partial<GrayMapping> = {}): GrayMapping => ({
  slope: 1,
  intercept: 0,
  window: { center: 40, width: 400 },
  function: "LINEAR",
  inverted: false,
  ...changes,
});
const grays = (samples: Int16Array, changes: Partial<GrayMapping> = {}) => {
  const pixels = renderGray(samples, valueRange(samples), mapping(changes));
  return [...samples].map((_, i) => pixels[4 * i]);
};

Deno.test("PS3.3 C.11.2.1.2.1 PACS-4.2.8-d the linear window is exact at its edges", () => {
  const window = { center: 2048, width: 4096 };
  assert.equal(displayLevel(0, window, "LINEAR"), 0);
  assert.equal(displayLevel(1, window, "LINEAR") > 0, true);
  assert.equal(displayLevel(4095, window, "LINEAR"), 255);
  assert.equal(displayLevel(4096, window, "LINEAR"), 255);
  assert.equal(displayLevel(2047.5, window, "LINEAR"), 127.5);
});

Deno.test("PS3.3 C.11.2.1.2.1 PACS-4.2.8-d a width of 1 is a threshold", () => {
  const window = { center: 10, width: 1 };
  assert.equal(displayLevel(9.5, window, "LINEAR"), 0);
  assert.equal(displayLevel(9.6, window, "LINEAR"), 255);
});

Deno.test("PS3.3 C.11.2.1.3 sigmoid and exact linear", () => {
  assert.equal(displayLevel(40, { center: 40, width: 400 }, "SIGMOID"), 127.5);
  assert.equal(displayLevel(-160, { center: 40, width: 400 }, "LINEAR_EXACT"), 0);
  assert.equal(displayLevel(40, { center: 40, width: 400 }, "LINEAR_EXACT"), 127.5);
});

Deno.test("PACS-4.2.8-d rescale comes before the window, negative values included", () => {
  assert.deepEqual(grays(Int16Array.of(-1000, -160, 40, 240)), [0, 0, 128, 255]);
  assert.deepEqual(grays(Int16Array.of(24, 864, 1064, 1264), { intercept: -1024 }), [0, 0, 128, 255]);
  assert.deepEqual(grays(Int16Array.of(-80, 20, 120), { slope: 2 }), [0, 128, 255]);
});

Deno.test("PACS-4.2.8-d MONOCHROME1 and invert are the negative", () => {
  assert.deepEqual(grays(Int16Array.of(-1000, 40, 240), { inverted: true }), [255, 127, 0]);
});

Deno.test("pixels are opaque grey", () => {
  const pixels = renderGray(Uint8Array.of(40), { minimum: 40, maximum: 40 }, mapping());
  assert.deepEqual([...pixels], [128, 128, 128, 255]);
});

Deno.test("values too far apart for a table are mapped one by one, with the same result", () => {
  const samples = Int32Array.of(-100_000, -160, 40, 240, 100_000);
  const pixels = renderGray(samples, valueRange(samples), mapping());
  assert.deepEqual([0, 1, 2, 3, 4].map((i) => pixels[4 * i]), [0, 0, 128, 255, 255]);
});

Deno.test("colour keeps its channels, and the neutral window changes nothing", () => {
  const neutral = mapping({ window: { center: 128, width: 256 } });
  assert.deepEqual([...renderColor(Uint8Array.of(1, 128, 255), neutral)], [1, 128, 255, 255]);
});

Deno.test("the automatic window covers the picture and leaves padding out", () => {
  const samples = new Int16Array(10_000);
  for (let i = 0; i < samples.length; i++) samples[i] = i < 4000 ? -2000 : 100 + (i % 101);
  const window = automaticWindow(samples, valueRange(samples), 1, 0, -2000);
  assert.ok(Math.abs(window.center - 150.5) < 2, String(window.center));
  assert.ok(Math.abs(window.width - 101) < 4, String(window.width));
});

Deno.test("a flat picture still gets a window of at least 1", () => {
  const samples = new Uint8Array(100).fill(7);
  const window = automaticWindow(samples, valueRange(samples), 1, 0, null);
  assert.ok(window.width >= 1);
});
