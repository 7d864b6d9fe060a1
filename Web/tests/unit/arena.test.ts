import { test } from "node:test";
import assert from "node:assert/strict";
import { Arena } from "../../src/imaging/arena.ts";

test("room given back grows together again", () => {
  const arena = new Arena(1024, 64 * 1024);
  const all = Array.from({ length: 4 }, () => arena.take(16 * 1024) as number);
  assert.equal(arena.take(64), null);
  assert.equal(arena.usedBytes, 64 * 1024);
  for (const index of [1, 3, 0, 2]) arena.release(all[index] as number);
  assert.equal(arena.usedBytes, 0);
  assert.equal(arena.take(64 * 1024), 1024);
});

test("the piece that fits best is taken, and nothing overlaps", () => {
  const arena = new Arena(0, 1 << 20);
  const taken = new Map<number, number>();
  let seed = 1;
  const random = (limit: number) => (seed = (seed * 48271) % 0x7fffffff) % limit;
  for (let step = 0; step < 5000; step++) {
    if (taken.size > 0 && random(2) === 0) {
      const address = [...taken.keys()][random(taken.size)] as number;
      arena.release(address);
      taken.delete(address);
      continue;
    }
    const bytes = 1 + random(20_000);
    const address = arena.take(bytes);
    if (address === null) continue;
    for (const [other, size] of taken) assert.ok(address + bytes <= other || other + size <= address);
    assert.ok(address + bytes <= 1 << 20);
    taken.set(address, bytes);
  }
  for (const address of taken.keys()) arena.release(address);
  assert.equal(arena.largestBytes, 1 << 20);
});

test("an address that was never given out is ignored", () => {
  const arena = new Arena(64, 1024);
  arena.release(64);
  assert.equal(arena.largestBytes, 1024);
});
