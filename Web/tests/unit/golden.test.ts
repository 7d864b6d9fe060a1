/** The same inputs through the same kernels as in `Tests/ImagingTests/GoldenTests.swift`, with one table of hashes. */
import assert from "node:assert/strict";
import {
  type Affine,
  displayTableBytes,
  type GreyState,
  type ImageBuffer,
  type Interpolation,
  measureTools,
  type Padding,
  type Plane,
} from "../../src/imaging/kernels.ts";
import { kernels } from "./wasm.ts";

const table = new URL("../../../Tests/ImagingTests/Golden/hashes.json", import.meta.url);
const golden = JSON.parse(Deno.readTextFileSync(table)) as Record<string, string>;

const [columns, rows, slices] = [64, 48, 12];
const samples = kernels.allocate(columns * rows * slices * 2);
const values = kernels.memory.int16(samples, columns * rows * slices);
let state = 1;
for (let i = 0; i < values.length; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  values[i] = (i % 997) * 3 - 1000 + (state >>> 24);
}
const image: ImageBuffer = {
  pointer: samples,
  columns,
  rows,
  type: "int16",
  padding: { low: -1000, high: -990 },
};
const colors = kernels.allocate(displayTableBytes);
const output = kernels.allocate(100 * 80 * 4);

/** FNV-1a. */
function hashOf(bytes: Uint8Array): string {
  let value = 0x811c9dc5;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value.toString(16);
}

const hash = (pointer: number, count: number) => hashOf(kernels.memory.uint8(pointer, count));
const hashOfNumbers = (...numbers: number[]) => hashOf(new Uint8Array(Float64Array.from(numbers).buffer));

const grey = (name: "LINEAR" | "LINEAR_EXACT" | "SIGMOID"): GreyState => ({
  modality: { slope: 1.5, intercept: -24.25 },
  voi: { function: name, center: 240.5, width: 1601 },
  presentation: "INVERSE",
  paddingColor: 0xff102030,
});

for (const name of ["LINEAR", "LINEAR_EXACT", "SIGMOID"] as const) {
  Deno.test(`golden grey table ${name}`, () => {
    kernels.greyTable(colors, grey(name), "int16", image.padding);
    assert.equal(hash(colors, displayTableBytes), golden[`table ${name}`]);
  });
}

const views: [string, Affine, ImageBuffer][] = [
  ["", [0.71, 0.13, -0.17, 0.83, 2.25, -7.5], image],
  ["upright ", [0.71, 0, 0, -0.83, -2.25, 47.5], { ...image, padding: null }],
];
for (const interpolation of ["nearest", "linear", "cubic", "area"] as Interpolation[]) {
  for (const [name, deviceToImage, shown] of views) {
    Deno.test(`golden display ${name}${interpolation}`, () => {
      const display = kernels.greyTable(colors, grey("LINEAR"), "int16", image.padding);
      kernels.display({ pointer: output, width: 100, height: 80 }, shown, display, {
        deviceToImage,
        interpolation,
        background: 0xff0000ff,
      });
      assert.equal(hash(output, 100 * 80 * 4), golden[`display ${name}${interpolation}`]);
    });
  }
}

const oblique: Plane = { origin: [1.5, -2, 0.25], right: [0.31, 0.07, 0.11], down: [-0.05, 0.37, 0.09] };
const level: Plane = { origin: [1.5, 2, 0.25], right: [0.31, 0, 0], down: [0, 0.17, 0.12] };
// Tilted with padding; without either, slanting and along the rows of the slices.
const stacks: [string, number, Padding | null, Plane][] = [
  ["", 0.21, { low: -1000, high: -990 }, oblique],
  ["even ", 0, null, oblique],
  ["level ", 0, null, level],
];
for (const [name, thickness] of [["plane", 0], ["maximum", 6.5], ["minimum", 6.5], ["mean", 6.5]] as const) {
  for (const [stack, tilt, padding, plane] of stacks) {
    Deno.test(`golden reformat ${stack}${name}`, () => {
      const positions = Float64Array.from(
        { length: 3 * slices },
        (_, i) => Math.floor(i / 3) * [0, tilt, 1.3][i % 3]!,
      );
      kernels.reformat(
        { pointer: output, width: 100, height: 80 },
        {
          pointer: samples,
          columns,
          rows,
          type: "int16",
          spacing: [0.7, 0.6],
          orientation: [1, 0, 0, 0, 1, 0],
          positions,
          padding,
          maximumGap: 2,
          nominalStep: 1.3,
        },
        plane,
        name === "plane" ? undefined : { projection: name, thickness },
      );
      assert.equal(hash(output, 100 * 80 * 4), golden[`reformat ${stack}${name}`]);
    });
  }
}

Deno.test("golden downscale", () => {
  kernels.downscale(image, 3, output);
  assert.equal(hash(output, 22 * 16 * 2), golden["downscale 3"]);
});

const drawn = Float64Array.of(12.25, 40.5, 80.125, 31, 71.5, 99.75, 3, 60.5);
const pointCounts = {
  length: 2,
  polyline: 4,
  angle: 3,
  cobb: 4,
  ratio: 4,
  rectangle: 2,
  ellipse: 3,
  polygon: 4,
  perimeter: 4,
};
for (const tool of measureTools) {
  Deno.test(`golden measure ${tool}`, () => {
    const found = kernels.measure(tool, drawn.slice(0, 2 * pointCounts[tool]), {
      spacing: [0.8, 0.55],
      spacingUncertainty: 0.01,
      anchor: [0.4, 0.3],
      displayStep: 0.1,
      coverage: 2,
    });
    const { value, perimeter, parts, anchoring, rounding, spacing, combined, expanded } = found;
    const bits = hashOfNumbers(value, perimeter, ...parts, anchoring, rounding, spacing, combined, expanded);
    assert.equal(bits, golden[`measure ${tool}`]);
  });
}

Deno.test("golden volume", () => {
  const sections = [[101.7, 1.1, -3], [140.9, 1.3, -0.75], [88.3, 0.9, 2.25]].map((
    [area = 0, uncertainty = 0, place = 0],
  ) => ({ area, uncertainty, place }));
  const { value, areas, ends, rounding, combined, expanded } = kernels.volume(sections, 2.25, 1, 2);
  assert.equal(hashOfNumbers(value, areas, ends, rounding, combined, expanded), golden["volume"]);
});

Deno.test("golden statistics", () => {
  const region = {
    shape: "ellipse" as const,
    center: [30.25, 22.5] as const,
    axes: [14, 5, -3, 8.4] as const,
  };
  const found = kernels.statistics(image, region, 1.5, -24.25);
  assert.ok(found);
  const { count, mean, deviation, minimum, maximum, sum, minimumAt, maximumAt, padding, areaPixels } = found;
  const numbers = [
    count,
    mean,
    deviation,
    minimum,
    maximum,
    sum,
    ...minimumAt,
    ...maximumAt,
    padding,
    areaPixels,
  ];
  assert.equal(hashOfNumbers(...numbers, found.meanUncertainty), golden["statistics"]);
});
