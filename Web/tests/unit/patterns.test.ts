import assert from "node:assert/strict";
import { drawPattern, patternNames, percent, type Raster } from "../../src/viewer/patterns.ts";

function drawn(name: (typeof patternNames)[number], width: number, height: number) {
  const pixels = new Uint8Array(width * height);
  const raster: Raster = {
    fill(x, y, w, h, level) {
      assert.ok([x, y, w, h, level].every(Number.isInteger), `${name}: whole pixels only`);
      assert.ok(level >= 0 && level <= 255, `${name}: level ${level}`);
      for (let row = Math.max(0, y); row < Math.min(height, y + h); row++) {
        pixels.fill(level, row * width + Math.max(0, x), row * width + Math.min(width, Math.max(0, x + w)));
      }
    },
  };
  drawPattern(raster, name, width, height);
  return { pixels, at: (x: number, y: number) => pixels[y * width + x] };
}

Deno.test("PACS-4.8.1-4 every pattern is drawn on whole pixels within 8 bits, on any screen", () => {
  for (const name of patternNames) {
    for (const [width, height] of [[1024, 1024], [1920, 1080], [2560, 2048], [1201, 777]] as const) {
      drawn(name, width, height);
    }
  }
});

Deno.test("PACS-4.5.21-1 the ramp holds all 256 levels", () => {
  assert.equal(new Set(drawn("ramp", 1024, 64).pixels).size, 256);
});

Deno.test("SMPTE has its patches from 0 to 100 percent, 5 in 0 and 95 in 100", () => {
  const levels = new Set(drawn("smpte", 1024, 1024).pixels);
  for (let share = 0; share <= 100; share += 10) assert.ok(levels.has(percent(share)), `${share} %`);
  const { at } = drawn("smpte", 1024, 1024);
  const cell = 64;
  const near = (cells: number) => Math.round(cells * cell);
  assert.equal(at(near(6.9), near(9.9)), percent(5));
  assert.equal(at(near(8.9), near(9.9)), percent(95));
  assert.equal(at(6 * cell + 3, 9 * cell + 3), 0);
  assert.equal(at(8 * cell + 3, 9 * cell + 3), 255);
});

Deno.test("SMPTE's finest lines are one pixel wide", () => {
  const { at } = drawn("smpte", 1024, 1024);
  const [x, y] = [7 * 64, 7 * 64 + 10];
  assert.deepEqual([0, 1, 2, 3].map((step) => at(x + step, y)), [255, 0, 255, 0]);
});

Deno.test("TG18-QC has sixteen patches whose corners lie 4 levels above and below", () => {
  const { at } = drawn("tg18qc", 1024, 1024);
  for (let index = 0; index < 16; index++) {
    const [x, y] = [280 + (index % 4) * 116, 280 + Math.floor(index / 4) * 116];
    const level = 8 + index * 16;
    if (index === 5 || index === 6 || index === 9 || index === 10) continue;
    assert.equal(at(x + 51, y + 51), level);
    assert.deepEqual([at(x + 2, y + 2), at(x + 99, y + 2), at(x + 2, y + 99), at(x + 99, y + 99)], [
      level + 4,
      level - 4,
      level - 4,
      level + 4,
    ]);
  }
  assert.equal(at(150 + 50, 460 + 50), 13);
  assert.equal(at(772 + 50, 460 + 50), 242);
});

Deno.test("the even patterns are even", () => {
  assert.deepEqual([...new Set(drawn("unl10", 640, 480).pixels)], [percent(10)]);
  assert.deepEqual([...new Set(drawn("unl80", 640, 480).pixels)], [percent(80)]);
});
