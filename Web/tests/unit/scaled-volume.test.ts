import assert from "node:assert/strict";
import { Arena } from "../../src/imaging/arena.ts";
import type { PictureSource } from "../../src/imaging/drawing.ts";
import { KernelMemory } from "../../src/imaging/memory.ts";
import type { DisplayValues } from "../../src/imaging/pictures.ts";
import { commonScale, isOneScale, rescale, ScaledVolume } from "../../src/imaging/scaled-volume.ts";
import { stack as stackOf } from "./imaging-support.ts";

const scale = (slope: number, intercept = 0, padding: readonly [number, number] | null = null) => ({
  slope,
  intercept,
  padding,
});

Deno.test("values on the common scale are off by half of its step at most", () => {
  for (
    const [scales, stored] of [
      [[scale(0.31), scale(2.7), scale(1.113)], [-0x8000, 0x7fff]],
      [[scale(0.31), scale(2.7, 100)], [0, 0xffff]],
      [[scale(0.5, -1024), scale(1, -1000)], [0, 4095]],
      [[scale(3, 0, [-7, -5]), scale(1)], [-0x8000, 0x7fff]],
      [[scale(-2), scale(1)], [0, 255]],
    ] as const
  ) {
    const common = commonScale(scales, stored);
    const values = Array.from(
      { length: 257 },
      (_, i) => Math.round(stored[0] + (stored[1] - stored[0]) * i / 256),
    );
    for (const own of scales) {
      const to = common.type === "int16" ? new Int16Array(257) : new Uint16Array(257);
      rescale(values, to, own, common);
      values.forEach((value, i) => {
        const away = Math.abs((to[i] as number) * common.slope - (value * own.slope + own.intercept));
        assert.ok(away <= common.slope * 0.500001, `${value} · ${own.slope} + ${own.intercept}: ${away}`);
      });
    }
  }
});

Deno.test("the slice with the largest slope keeps its values, signed or not", () => {
  assert.deepEqual(commonScale([scale(0.5), scale(2)], [-0x8000, 0x7fff]), { slope: 2, type: "int16" });
  assert.deepEqual(commonScale([scale(0.5), scale(2)], [0, 0xffff]), { slope: 2, type: "uint16" });
  // All values nothing: any step will do.
  assert.deepEqual(commonScale([scale(0)], [0, 0xffff]), { slope: 1, type: "uint16" });
});

Deno.test("padding stays padding, whatever it is in its slice", () => {
  const scales = [scale(2, 0, [-2000, -1990]), scale(1, 10, [5, 5])];
  const common = commonScale(scales, [-0x8000, 0x7fff]);
  const to = new Int16Array(3);
  rescale([-1995, 0, -0x8000], to, scales[0]!, common);
  assert.deepEqual([to[0], to[1]], [-0x8000, 0]);
  assert.ok(to[2]! > -0x8000, "the least value is none");
  rescale([5, 4, 6], to, scales[1]!, common);
  assert.equal(to[0], -0x8000);
  assert.ok(to[1]! > 0);
});

Deno.test("a stack is copied slice by slice as they come", () => {
  const memory = new KernelMemory(new WebAssembly.Memory({ initial: 1 }));
  const stack = stackOf({ rows: 1, columns: 2, count: 3, bitsAllocated: 16, bitsStored: 16, signed: true });
  const displays = [1, 2, 4].map((
    slope,
  ) => ({ ...scale(slope), rescaleType: "BQML" } as unknown as DisplayValues));
  assert.ok(!isOneScale(displays) && isOneScale([displays[0], displays[0]]));
  memory.int16(0, 6).set([100, -100, 100, -100, 100, -100]);
  const scaled = ScaledVolume.make(new Arena(1024, 1024), memory, stack, displays);
  assert.ok(scaled);
  scaled.update(0, "int16", Uint8Array.of(1, 0, 1));
  assert.deepEqual([...memory.int16(scaled.address, 6)], [25, -25, 0, 0, 100, -100]);
  scaled.update(0, "int16", Uint8Array.of(1, 1, 1));
  assert.deepEqual([...memory.int16(scaled.address + 4, 2)], [50, -50]);
  const source = {
    picture: { type: "int16", address: 0 },
    stack,
    display: displays[1],
  } as unknown as PictureSource;
  const { picture, display } = scaled.source(source, 2);
  assert.equal(picture.address, scaled.address + 8);
  assert.deepEqual([display.slope, display.intercept, display.padding], [4, 0, null]);
  assert.equal(
    ScaledVolume.make(new Arena(0, 8), memory, stackOf({ rows: 64, columns: 64 }), displays),
    null,
  );
});
