import assert from "node:assert/strict";
import { edgeLetters, turned } from "../../src/imaging/orientation.ts";
import { tagRows } from "../../src/viewer/tag-rows.ts";

const axial = [1, 0, 0, 0, 1, 0];

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
