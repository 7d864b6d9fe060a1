/** Shared by the unit tests of loading and drawing. */
import type { StackInfo } from "../../src/imaging/pictures.ts";

export interface MessageText {
  index?: number;
  kind?: number;
  rows?: number;
  columns?: number;
  bits?: number;
  payload: Uint8Array;
}

/** A frame stream as the server writes it. */
export function streamOf(messages: readonly MessageText[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + messages.reduce((sum, each) => sum + 24 + each.payload.length, 0));
  bytes.set(new TextEncoder().encode("APUSFRM1"));
  const view = new DataView(bytes.buffer);
  let at = 8;
  for (const { index = 0, kind = 0, rows = 0, columns = 0, bits = 8, payload } of messages) {
    view.setUint32(at, payload.length, true);
    view.setUint32(at + 4, index, true);
    bytes.set([kind, 0, 0, 0, bits, bits, 1, 1], at + 8);
    view.setUint32(at + 16, rows, true);
    view.setUint32(at + 20, columns, true);
    bytes.set(payload, at + 24);
    at += 24 + payload.length;
  }
  return bytes;
}

/** A small CT stack with changes. */
export function stack(changes: Partial<StackInfo> = {}): StackInfo {
  return {
    index: 0,
    first: 0,
    count: 1,
    rows: 8,
    columns: 8,
    samplesPerPixel: 1,
    bitsAllocated: 16,
    bitsStored: 12,
    signed: false,
    float: false,
    photometric: "MONOCHROME2",
    palette: null,
    orientation: [1, 0, 0, 0, 1, 0],
    normal: [0, 0, 1],
    spacing: [1, 1],
    spacingSource: "pixelSpacing",
    magnification: null,
    pixelAspect: 1,
    frameOfReference: null,
    sliceSpacing: 2,
    sliceThickness: 2,
    spatial: true,
    uniform: true,
    ...changes,
  };
}
