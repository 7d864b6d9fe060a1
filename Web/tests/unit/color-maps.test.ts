import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { colorMap, colorMapNames } from "../../src/viewer/color-maps.ts";

// SHA-256 of the tables as the standard publishes them (PS3.6 Annex B), computed from its own palette objects.
const published: Record<string, string> = {
  "hotIron": "8bba464199e149c18cf501e8174289abf693e5af4a7db4c1602ad48dd4338dda",
  "pet": "bc03f513531e405c3535f0e0d42ab86fb4d7df84fc02f2cd96e75c364b460145",
  "hotMetalBlue": "a421277b84abae409188b25c2fba742ad459dc30356a4aebd37ceb33a94718f9",
  "pet20Step": "6f4f77ec9646ab6c536f1abe9e755ab548dfd0a4e71c4bfe130be2bd355c54ac",
};

Deno.test("GUIDE-1.1.1.1.2-4 each standard colour map equals its published table", () => {
  for (const [name, hash] of Object.entries(published)) {
    const { rgb } = colorMap(name as "pet");
    assert.equal(createHash("sha256").update(rgb).digest("hex"), hash, name);
  }
});

Deno.test("every colour map has 256 entries, and the rainbow runs from blue to red", () => {
  for (const name of colorMapNames) assert.equal(colorMap(name).rgb.length, 768);
  const { rgb } = colorMap("rainbow");
  assert.deepEqual([...rgb.slice(0, 3)], [0, 0, 255]);
  assert.deepEqual([...rgb.slice(-3)], [255, 0, 0]);
});
