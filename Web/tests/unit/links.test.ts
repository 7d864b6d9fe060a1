import assert from "node:assert/strict";
import type { Plane } from "../../src/viewer/geometry.ts";
import { followed, type LinkedStack } from "../../src/viewer/links.ts";

const plane = (z: number, sense = 1): Plane => ({
  origin: [0, 0, z],
  row: [1, 0, 0],
  column: [0, sense, 0],
  columnMM: 1,
  rowMM: 1,
  columns: 10,
  rows: 10,
});
const stack = (from: number, step: number, count: number, more: Partial<LinkedStack> = {}): LinkedStack => ({
  planes: Array.from({ length: count }, (_, index) => plane(from + step * index)),
  frameOfReference: "1.2",
  index: 0,
  anchor: 0,
  shifted: false,
  ...more,
});

Deno.test("stacks of one frame of reference follow by position, whatever their spacing", () => {
  assert.equal(followed(stack(0, 5, 40, { index: 10 }), stack(0, 1, 200)), 50);
  assert.equal(followed(stack(0, 5, 40, { index: 10 }), stack(100, -2, 60)), 25);
});

Deno.test("other stacks follow by the distance gone since they were linked", () => {
  const source = stack(0, 5, 40, { index: 14, anchor: 10 });
  const target = stack(700, 2, 100, { anchor: 30, index: 30, frameOfReference: "9.9" });
  assert.equal(followed(source, target), 40);
});

Deno.test("a shift made by scrolling alone is kept in the same frame of reference as well", () => {
  const source = stack(0, 5, 40, { index: 12, anchor: 10 });
  const target = stack(0, 5, 40, { anchor: 13, index: 13, shifted: true });
  assert.equal(followed(source, target), 15);
});

Deno.test("stacks seen from opposite sides go the same way through the body", () => {
  const source = stack(0, 5, 40, { index: 14, anchor: 10 });
  const planes = Array.from({ length: 40 }, (_, index) => plane(500 - 5 * index, -1));
  const target = { ...stack(0, 1, 1), planes, anchor: 20, index: 20, frameOfReference: "9.9" };
  // Four slices towards the head: the target is numbered downwards.
  assert.equal(followed(source, target), 16);
});

Deno.test("stacks without geometry follow image by image, within their ends", () => {
  const bare = (count: number, more: Partial<LinkedStack>): LinkedStack => ({
    ...stack(0, 1, 0, more),
    planes: Array.from({ length: count }, () => null),
  });
  assert.equal(followed(bare(50, { index: 12, anchor: 10 }), bare(20, { anchor: 5 })), 7);
  assert.equal(followed(bare(50, { index: 40, anchor: 10 }), bare(20, { anchor: 5 })), 19);
});

Deno.test("a stack that cuts the other has nothing to follow", () => {
  const sagittal: Plane = { ...plane(0), row: [0, 1, 0], column: [0, 0, -1] };
  const target: LinkedStack = { ...stack(0, 1, 1), planes: [sagittal, sagittal] };
  assert.equal(followed(stack(0, 5, 40, { index: 3 }), target), null);
});
