import assert from "node:assert/strict";
import { decodeFrame, FrameError, type PixelFormat } from "../../src/imaging/frame.ts";
import { MultipartError, singlePart } from "../../src/imaging/multipart.ts";

const format = (changes: Partial<PixelFormat> = {}): PixelFormat => ({
  rows: 1,
  columns: 2,
  samplesPerPixel: 1,
  photometric: "MONOCHROME2",
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  signed: false,
  planar: false,
  slope: 1,
  intercept: 0,
  padding: null,
  ...changes,
});
const samples = (bytes: number[], changes: Partial<PixelFormat> = {}) => {
  const decoded = decodeFrame(Uint8Array.from(bytes), format(changes));
  return decoded.kind === "gray" ? [...decoded.samples] : [...decoded.rgb];
};

Deno.test("PS3.5 §8.1.1 16 bits, signed and unsigned, little-endian", () => {
  assert.deepEqual(samples([0x34, 0x12, 0xff, 0xff]), [0x1234, 0xffff]);
  assert.deepEqual(samples([0x34, 0x12, 0xff, 0xff], { signed: true }), [0x1234, -1]);
});

Deno.test("PS3.5 §8.1.1 bits above those stored are dropped, the sign is carried up", () => {
  assert.deepEqual(samples([0xff, 0xaf, 0x01, 0xf0], { bitsStored: 12, highBit: 11 }), [0x0fff, 1]);
  assert.deepEqual(samples([0xff, 0xaf, 0xff, 0x07], { bitsStored: 12, highBit: 11, signed: true }), [
    -1,
    0x7ff,
  ]);
  assert.deepEqual(samples([0xf3, 0xff, 0x10, 0x00], { bitsStored: 12, highBit: 15 }), [0xfff, 1]);
});

Deno.test("PS3.5 §8.1.1 8 bits", () => {
  const eight = { bitsAllocated: 8, bitsStored: 8, highBit: 7 };
  assert.deepEqual(samples([1, 255], eight), [1, 255]);
  assert.deepEqual(samples([1, 255], { ...eight, signed: true }), [1, -1]);
});

Deno.test("bytes that begin at an odd place are read right", () => {
  const bytes = Uint8Array.of(9, 0x34, 0x12, 0x78, 0x56).subarray(1);
  const decoded = decodeFrame(bytes, format());
  assert.deepEqual(decoded.kind === "gray" && [...decoded.samples], [0x1234, 0x5678]);
});

Deno.test("PS3.3 C.7.6.3.1.2 colour by pixel, by plane, and from luminance", () => {
  const colour = { samplesPerPixel: 3, bitsAllocated: 8, bitsStored: 8, highBit: 7, photometric: "RGB" };
  assert.deepEqual(samples([1, 2, 3, 4, 5, 6], colour), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(samples([1, 4, 2, 5, 3, 6], { ...colour, planar: true }), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(samples([76, 85, 255, 128, 128, 128], { ...colour, photometric: "YBR_FULL" }), [
    254,
    0,
    0,
    128,
    128,
    128,
  ]);
  assert.deepEqual(samples([100, 200, 128, 128], { ...colour, photometric: "YBR_FULL_422" }), [
    100,
    100,
    100,
    200,
    200,
    200,
  ]);
});

Deno.test("a frame shorter than it says, of no size, or of a strange kind is refused", () => {
  assert.throws(() => samples([1, 2, 3]), FrameError);
  assert.throws(() => samples([], { rows: 0 }), FrameError);
  assert.throws(() => samples([1, 2], { rows: 60_000, columns: 60_000 }), FrameError);
  assert.throws(() => samples([1, 2, 3, 4], { bitsAllocated: 12 }), FrameError);
  assert.throws(() => samples([1, 2, 3, 4], { samplesPerPixel: 2 }), FrameError);
});

const part = (text: string, boundary = "b") =>
  new TextDecoder().decode(
    singlePart(new TextEncoder().encode(text), `multipart/related; boundary="${boundary}"`),
  );

Deno.test("RFC 2387 the part's bytes are found, even when they look like a boundary", () => {
  assert.equal(part("--b\r\nContent-Type: x\r\n\r\npixels\r\n--b--\r\n"), "pixels");
  assert.equal(part("--b\r\nA: 1\r\n\r\none\r\n--bx two\r\n--b--"), "one\r\n--bx two");
  assert.equal(part("preamble\r\n--b\r\nA: 1\r\n\r\n\r\n--b--"), "");
});

Deno.test("a body that is not multipart is the frame itself", () => {
  const bytes = Uint8Array.of(1, 2);
  assert.equal(singlePart(bytes, "application/octet-stream"), bytes);
});

Deno.test("a broken multipart answer is refused", () => {
  assert.throws(() => part("nothing of the kind"), MultipartError);
  assert.throws(() => part("--b\r\nno end of header"), MultipartError);
  assert.throws(() => part("--b\r\nA: 1\r\n\r\ncut off"), MultipartError);
});
