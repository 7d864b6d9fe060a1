import assert from "node:assert/strict";
import { nearestLoaded } from "../../src/imaging/schedule.ts";

Deno.test("the nearest loaded frame stands in", () => {
  const loaded = new Set([2, 9]);
  assert.equal(nearestLoaded(5, 12, (index) => loaded.has(index)), 2);
  assert.equal(nearestLoaded(9, 12, (index) => loaded.has(index)), 9);
  assert.equal(nearestLoaded(9, 12, () => false), -1);
});
