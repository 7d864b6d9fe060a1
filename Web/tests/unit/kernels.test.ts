import assert from "node:assert/strict";
import {
  displayTableBytes,
  exportNames,
  type FrameFormat,
  type ImageBuffer,
  interpolationFor,
  KernelError,
  placeTable,
  sampleTypeOf,
  slotBytes,
  type View,
} from "../../src/imaging/kernels.ts";
import { kernelModule, kernels } from "./wasm.ts";

const format = (changes: Partial<FrameFormat> = {}): FrameFormat => ({
  columns: 2,
  rows: 1,
  samplesPerPixel: 1,
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  signed: false,
  planar: false,
  photometric: "MONOCHROME2",
  ...changes,
});

const decoded = (bytes: number[], changes: Partial<FrameFormat>, codec: "native" | "rle" = "native") => {
  const of = format(changes);
  const [source, slot] = [kernels.allocate(bytes.length + 1), kernels.allocate(slotBytes(of))];
  kernels.memory.copyIn(Uint8Array.from(bytes), source);
  try {
    kernels.decode(codec, source, bytes.length, of, slot);
    const count = of.columns * of.rows;
    const type = sampleTypeOf(of);
    if (type === "rgb8") return [...kernels.memory.uint8(slot, 3 * count)];
    return [...kernels.memory[type](slot, count)];
  } finally {
    kernels.release(source);
    kernels.release(slot);
  }
};

Deno.test("the module exports what its wrapper calls, and nothing else", () => {
  const names = WebAssembly.Module.exports(kernelModule).map(({ name }) => name);
  assert.deepEqual(names.sort(), [...exportNames].sort());
  assert.deepEqual(WebAssembly.Module.imports(kernelModule), [{
    module: "env",
    name: "memory",
    kind: "memory",
  }]);
});

Deno.test("PS3.5 §8.1.1 bits outside those stored are dropped, the sign is carried up", () => {
  assert.deepEqual(decoded([0x34, 0x12, 0xff, 0xff], {}), [0x1234, 0xffff]);
  assert.deepEqual(decoded([0x34, 0x12, 0xff, 0xff], { signed: true }), [0x1234, -1]);
  assert.deepEqual(decoded([0xff, 0xaf, 0x01, 0xf0], { bitsStored: 12, highBit: 11 }), [0x0fff, 1]);
  assert.deepEqual(decoded([0xff, 0xaf, 0xff, 0x07], { bitsStored: 12, highBit: 11, signed: true }), [
    -1,
    0x7ff,
  ]);
  assert.deepEqual(decoded([0xf3, 0xff, 0x10, 0x00], { bitsStored: 12, highBit: 15 }), [0xfff, 1]);
  assert.deepEqual(decoded([0x80, 0x7f], { bitsAllocated: 8, bitsStored: 8, highBit: 7, signed: true }), [
    -128,
    127,
  ]);
  assert.deepEqual(
    decoded([0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0], { bitsAllocated: 32, bitsStored: 32, highBit: 31 }),
    [
      0xffffffff,
      1,
    ],
  );
});

Deno.test("PS3.5 §8.1.1 single bits become bytes", () => {
  const bits = { columns: 10, bitsAllocated: 1, bitsStored: 1, highBit: 0 };
  assert.deepEqual(decoded([0b10000101, 0b10], bits), [1, 0, 1, 0, 0, 0, 0, 1, 0, 1]);
});

Deno.test("PS3.3 C.7.6.3 colour becomes RGB, pixel by pixel", () => {
  const rgb = { samplesPerPixel: 3, bitsAllocated: 8, bitsStored: 8, highBit: 7, photometric: "RGB" };
  assert.deepEqual(decoded([1, 2, 3, 4, 5, 6], rgb), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(decoded([1, 4, 2, 5, 3, 6], { ...rgb, planar: true }), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(decoded([76, 85, 255, 255, 128, 128], { ...rgb, photometric: "YBR_FULL" }), [
    254,
    0,
    0,
    255,
    255,
    255,
  ]);
  assert.deepEqual(decoded([0, 255, 128, 128], { ...rgb, photometric: "YBR_FULL_422" }), [
    0,
    0,
    0,
    255,
    255,
    255,
  ]);
});

Deno.test("a frame that is too short, or too large, is refused and nothing traps", () => {
  const fails = (run: () => unknown, code: number) =>
    assert.throws(run, (error) => error instanceof KernelError && error.code === code);
  fails(() => decoded([1, 2, 3], {}), 1);
  fails(() => decoded([1, 2, 3, 4], {}, "rle"), 1);
  fails(() => decoded([1, 2], { samplesPerPixel: 2, bitsAllocated: 8, bitsStored: 8, highBit: 7 }), 12);
  fails(() => decoded([1, 2], { bitsAllocated: 64 }), 12);
});

Deno.test("PACS-4.2.8-b pan, flip and quarter turns put each pixel where it belongs", () => {
  const [columns, rows] = [3, 2];
  const pointer = kernels.allocate(columns * rows);
  kernels.memory.uint8(pointer, 6).set([10, 20, 30, 40, 50, 60]);
  const image: ImageBuffer = { pointer, columns, rows, type: "uint8" };
  const colors = kernels.allocate(displayTableBytes);
  const table = kernels.greyTable(colors, {
    modality: { slope: 1, intercept: 0 },
    voi: { function: "LINEAR", center: 128, width: 256 },
    presentation: "IDENTITY",
  }, "uint8");
  const drawn = (deviceToImage: View["deviceToImage"], width: number, height: number) => {
    const target = kernels.allocate(width * height * 4);
    for (const interpolation of ["nearest", "linear"] as const) {
      kernels.display({ pointer: target, width, height }, image, table, {
        deviceToImage,
        interpolation,
        background: 0xff0000ff,
      });
    }
    return [...kernels.memory.uint32(target, width * height)].map((color) =>
      color === 0xff0000ff ? -1 : color & 0xff
    );
  };
  assert.deepEqual(drawn([1, 0, 0, 1, 0, 0], 3, 2), [10, 20, 30, 40, 50, 60]);
  assert.deepEqual(drawn([1, 0, 0, 1, -1, 0], 3, 2), [-1, 10, 20, -1, 40, 50]);
  assert.deepEqual(drawn([-1, 0, 0, 1, 3, 0], 3, 2), [30, 20, 10, 60, 50, 40]);
  assert.deepEqual(drawn([1, 0, 0, -1, 0, 2], 3, 2), [40, 50, 60, 10, 20, 30]);
  assert.deepEqual(drawn([0, -1, 1, 0, 0, 2], 2, 3), [40, 10, 50, 20, 60, 30]);
});

Deno.test("a picture made smaller is averaged", () => {
  assert.equal(interpolationFor([1, 0, 0, 1, 0, 0]), "linear");
  assert.equal(interpolationFor([2, 0, 0, 2, 0, 0]), "area");
  assert.equal(interpolationFor([2, 0, 0, 2, 0, 0], "nearest"), "nearest");
});

Deno.test("tables of 32-bit samples have steps that their range needs", () => {
  assert.deepEqual(placeTable("int16"), { offset: -32768, count: 65536, shift: 0 });
  assert.deepEqual(placeTable("uint32", [1000, 66535]), { offset: 1000, count: 65536, shift: 0 });
  assert.deepEqual(placeTable("uint32", [0, 1_000_000]), { offset: 0, count: 62501, shift: 4 });
});

Deno.test("freed memory is used again", () => {
  const before = kernels.memory.size;
  for (let round = 0; round < 200; round++) kernels.release(kernels.allocate(3_000_000));
  for (let round = 0; round < 2000; round++) kernels.release(kernels.allocate(100 + round));
  assert.ok(kernels.memory.size <= before + 4_000_000);
});
