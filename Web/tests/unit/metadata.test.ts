import assert from "node:assert/strict";
import { type DataSet, framesOf, isImage } from "../../src/imaging/metadata.ts";
import { edgeLetters, turned } from "../../src/imaging/orientation.ts";
import { tagRows } from "../../src/viewer/tag-rows.ts";

const value = (...values: unknown[]) => ({ vr: "UN", Value: values });
const axial = [1, 0, 0, 0, 1, 0];
const image = (number: number, z: number | null, more: Record<string, unknown> = {}): DataSet => ({
  "00080018": value(`1.2.${number}`),
  "00200013": value(number),
  "00280010": value(4),
  "00280011": value(6),
  "00280100": value(16),
  ...(z === null ? {} : { "00200032": value(0, 0, z), "00200037": value(...axial) }),
  ...(more as DataSet),
});
const order = (...data: DataSet[]) => framesOf("/s", data, () => "").map((frame) => frame.instanceNumber);

Deno.test("PACS-4.2.8-e slices are ordered by position, not by arrival", () => {
  assert.deepEqual(order(image(3, 10), image(1, 30), image(2, 20)), [1, 2, 3]);
  // A number out of step with the positions does not break up the stack.
  assert.deepEqual(order(image(1, 0), image(5, 10), image(3, 20), image(6, 30)), [1, 5, 3, 6]);
});

Deno.test("PACS-4.2.8-e several time points at one place, or no geometry, go by Instance Number", () => {
  assert.deepEqual(order(image(2, 0), image(4, 10), image(1, 0), image(3, 10)), [1, 2, 3, 4]);
  assert.deepEqual(order(image(2, null), image(1, null)), [1, 2]);
});

Deno.test("PS3.3 C.7.6.16 frames of an enhanced object take their own window, rescale and place", () => {
  const frame = (z: number, center: number) => ({
    "00209113": value({ "00200032": value(0, 0, z) }),
    "00289132": value({ "00281050": value(center), "00281051": value(100) }),
  });
  const data = image(1, null, {
    "00280008": value(2),
    "52009229": value({
      "00209116": value({ "00200037": value(...axial) }),
      "00289145": value({ "00281052": value(-5), "00281053": value(2) }),
      "00289110": value({ "00280030": value(2, 1) }),
    }),
    "52009230": value(frame(0, 10), frame(5, 20)),
  });
  const frames = framesOf("/s", [data], () => "");
  assert.deepEqual(frames.map((each) => each.window), [{ center: 10, width: 100 }, {
    center: 20,
    width: 100,
  }]);
  assert.deepEqual([frames[1]?.source.format.slope, frames[1]?.source.format.intercept], [2, -5]);
  assert.equal(frames[0]?.pixelAspect, 2);
  assert.equal(frames[1]?.source.url, "/s/instances/1.2.1/frames/2");
});

Deno.test("colour is read as decoded: JPEG gives RGB, native keeps its own", () => {
  const colour = image(1, null, {
    "00280002": value(3),
    "00280004": value("YBR_FULL_422"),
    "00280100": value(8),
  });
  const photometric = (syntax: string) =>
    framesOf("/s", [colour], () => syntax)[0]?.source.format.photometric;
  assert.equal(photometric("1.2.840.10008.1.2.4.50"), "RGB");
  assert.equal(photometric("1.2.840.10008.1.2.1"), "YBR_FULL_422");
});

Deno.test("palettes, LUT sequences and packed bits are left to the server", () => {
  const prefers = (more: Record<string, unknown>) =>
    framesOf("/s", [image(1, null, more)], () => "")[0]?.source.preferRendered;
  assert.equal(prefers({ "00280004": value("PALETTE COLOR") }), true);
  assert.equal(prefers({ "00283000": value({}) }), true);
  assert.equal(prefers({ "00280100": value(1) }), true);
  assert.equal(prefers({}), false);
});

Deno.test("objects without rows and columns are no images; senseless values do no harm", () => {
  assert.equal(isImage({ "00080060": value("SR") }), false);
  assert.equal(framesOf("/s", [{ "00080018": value("1.2") }], () => "").length, 0);
  const odd = image(1, null, { "00280008": value(1e12), "00281050": value("x"), "00281051": value(-3) });
  const frames = framesOf("/s", [odd], () => "");
  assert.equal(frames.length, 100_000);
  assert.equal(frames[0]?.window, null);
});

Deno.test("PS3.3 C.7.6.1.1.1 PACS-4.2.8-b edge letters follow direction, flip and rotation", () => {
  const letters = edgeLetters(axial, []);
  assert.deepEqual(letters, { left: "R", right: "L", top: "A", bottom: "P" });
  const none = { flipHorizontal: false, flipVertical: false, quarterTurns: 0 };
  assert.deepEqual(turned(letters, { ...none, flipHorizontal: true }), {
    left: "L",
    right: "R",
    top: "A",
    bottom: "P",
  });
  assert.deepEqual(turned(letters, { ...none, flipVertical: true }), {
    left: "R",
    right: "L",
    top: "P",
    bottom: "A",
  });
  assert.deepEqual(turned(letters, { ...none, quarterTurns: 1 }), {
    left: "P",
    right: "A",
    top: "R",
    bottom: "L",
  });
  assert.deepEqual(edgeLetters([0.8, 0.6, 0, 0, 0, -1], []).right, "LP");
  assert.deepEqual(edgeLetters(null, ["L", "F"]), { left: "R", right: "L", top: "H", bottom: "F" });
  assert.deepEqual(edgeLetters(null, ["<b>", "F"]).right, "");
});

Deno.test("tag rows show nesting, names and values, within limits", () => {
  const rows = tagRows({
    "00100010": { vr: "PN", Value: [{ Alphabetic: "Li^Si", Ideographic: "李^四" }] },
    "0040A730": { vr: "SQ", Value: [{ "0040A160": { vr: "UT", Value: ["x".repeat(600)] } }] },
    "7FE00010": { vr: "OW", BulkDataURI: "http://x" },
  });
  assert.deepEqual(rows.map((row) => [row.depth, row.tag, row.keyword]), [
    [0, "(0010,0010)", "PatientName"],
    [0, "(0040,A730)", "ContentSequence"],
    [1, "(0040,A160)", "TextValue"],
    [0, "(7FE0,0010)", "PixelData"],
  ]);
  assert.equal(rows[0]?.value, "李四 Li Si");
  assert.equal(rows[2]?.value.length, 501);
});
