import { test } from "node:test";
import assert from "node:assert/strict";
import { Arena } from "../../src/imaging/arena.ts";
import { absent, formatOf, SeriesSlots } from "../../src/imaging/slots.ts";
import { stack } from "./imaging-support.ts";

const positions = (zs: number[]) => Float64Array.from(zs.flatMap((z) => [0, 0, z]));

test("a stack in one piece is a volume along its normal, whichever way it is read", () => {
  const up = new SeriesSlots([stack({ count: 3 })], positions([0, 2, 4]), new Arena(0, 1 << 20));
  assert.ok(up.reserveWhole());
  const down = new SeriesSlots([stack({ count: 3 })], positions([4, 2, 0]), new Arena(0, 1 << 20));
  assert.ok(down.reserveWhole());
  const bytes = 8 * 8 * 2;
  assert.deepEqual([0, 1, 2].map((each) => up.slot(each)), [0, bytes, 2 * bytes]);
  assert.deepEqual([0, 1, 2].map((each) => down.slot(each)), [2 * bytes, bytes, 0]);
  down.finished(0, 0);
  assert.deepEqual([...down.loadedSlices(0)], [0, 0, 1]);
});

test("what does not fit leaves nothing behind", () => {
  const arena = new Arena(0, 512);
  const slots = new SeriesSlots(
    [stack({ count: 3 }), stack({ index: 1, first: 3, count: 9 })],
    positions([]),
    arena,
  );
  assert.equal(slots.reserveWhole(), false);
  assert.equal(arena.usedBytes, 0);
});

test("single slots come and go; what went is not there", () => {
  const arena = new Arena(0, 256);
  const slots = new SeriesSlots([stack({ count: 5 })], positions([]), arena);
  assert.notEqual(slots.slot(0), null);
  assert.notEqual(slots.slot(4), null);
  assert.equal(slots.slot(2), null);
  slots.finished(4, 0);
  slots.evict(4);
  assert.equal(slots.levels[4], absent);
  assert.notEqual(slots.slot(2), null);
});

test("a preview gives way to the whole picture and never the other way round", () => {
  const arena = new Arena(0, 4096);
  const slots = new SeriesSlots([stack({ count: 1 })], positions([]), arena);
  assert.ok(slots.reserveWhole());
  const preview = slots.previewSlot(0, 2, 2, 2);
  slots.finished(0, 2);
  assert.deepEqual(slots.picture(0), preview);
  slots.finished(0, 0);
  slots.finished(0, 2);
  assert.equal(slots.picture(0)?.level, 0);
  assert.equal(arena.usedBytes, 128);
});

test("pixels of other kinds than the kernels draw have no place", () => {
  assert.equal(formatOf(stack({ float: true })), null);
  assert.equal(formatOf(stack({ bitsAllocated: 64 })), null);
  assert.equal(
    formatOf(stack({ samplesPerPixel: 3, bitsAllocated: 16, photometric: "RGB" }))?.bitsAllocated,
    8,
  );
});
