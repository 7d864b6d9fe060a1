import { test } from "node:test";
import assert from "node:assert/strict";
import {
  type FrameHeader,
  FrameStreamReader,
  rangesText,
  StreamError,
} from "../../src/imaging/frame-stream.ts";
import { streamOf } from "./imaging-support.ts";

function read(bytes: Uint8Array, piece: number) {
  const found: { header: FrameHeader; payload: Uint8Array }[] = [];
  let payload = new Uint8Array(0);
  const reader = new FrameStreamReader(
    (header) => {
      payload = new Uint8Array(header.payloadBytes);
      const target = payload;
      return { write: (part, offset) => target.set(part, offset) };
    },
    (header) => found.push({ header, payload }),
  );
  for (let at = 0; at < bytes.length; at += piece) reader.write(bytes.subarray(at, at + piece));
  return found;
}

test("messages are the same whatever pieces they come in", () => {
  const bytes = streamOf([
    { index: 3, rows: 2, columns: 3, bits: 16, payload: new Uint8Array(12).fill(7) },
    { index: 4, kind: 1, payload: new TextEncoder().encode('{"code":"damaged","message":""}') },
    { kind: 2, payload: new Uint8Array(0) },
  ]);
  const whole = read(bytes, bytes.length);
  assert.equal(whole.length, 3);
  assert.deepEqual(whole.map(({ header }) => header.kind), ["frame", "failure", "end"]);
  assert.deepEqual(whole[0]?.payload, new Uint8Array(12).fill(7));
  for (const piece of [1, 5, 24, 31]) assert.deepEqual(read(bytes, piece), whole);
});

test("what is no frame stream, or a damaged one, is refused", () => {
  assert.throws(() => read(new TextEncoder().encode("<!doctype html>"), 100), StreamError);
  const bytes = streamOf([{ index: 0, kind: 9, payload: new Uint8Array(0) }]);
  assert.throws(() => read(bytes, 100), StreamError);
  const huge = streamOf([{ index: 0, payload: new Uint8Array(0) }]);
  new DataView(huge.buffer).setUint32(8, 0xffffffff, true);
  assert.throws(() => read(huge, 100), StreamError);
});

test("held frames are told as ranges", () => {
  const held = new Set([0, 1, 2, 5, 7, 8]);
  assert.equal(rangesText(9, (index) => held.has(index)), "0-2,5,7-8");
  assert.equal(rangesText(9, () => false), "");
  assert.equal(rangesText(3, () => true), "0-2");
});
