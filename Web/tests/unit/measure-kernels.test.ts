/** Values and uncertainties as the kernels give them, against analytic truth and simulated clicks. */
import assert from "node:assert/strict";
import { explain } from "../../src/measure/evaluate.ts";
import { KernelMath } from "../../src/measure/kernel-math.ts";
import type { Calibration, Coordinate, Kind } from "../../src/measure/mark.ts";
import { ellipseInBox } from "../../src/measure/shape.ts";
import { kernelModule, kernels } from "./wasm.ts";

const math = new KernelMath(kernels);
// A module built before the kernels could measure has nothing to be tested here; the tests are then shown as ignored.
const ignore = !WebAssembly.Module.exports(kernelModule).some((each) => each.name === "apus_measure");
const spacing = { rowSpacing: 0.8, columnSpacing: 0.5 };
const calibration: Calibration = { source: "pixelSpacing", ...spacing, spacingUncertainty: 0 };

function ask(kind: Kind, points: readonly Coordinate[], uncertainty = 0, of: Calibration = calibration) {
  const aspect = spacing.rowSpacing / spacing.columnSpacing;
  const anchorUncertainty = points.map((): Coordinate => [uncertainty, uncertainty]);
  return explain({ kind, points, calibration: of, anchorUncertainty, aspect }, math).map((each) =>
    each.measured
  );
}

/** Points given in millimetres. */
const mm = (...points: [number, number][]): Coordinate[] =>
  points.map(([x, y]) => [x / spacing.columnSpacing, y / spacing.rowSpacing]);

const near = (value: number | undefined, truth: number, part = 1e-9) =>
  assert.ok(Math.abs((value ?? NaN) - truth) <= Math.abs(truth) * part, `${value}, not ${truth}`);

Deno.test({
  name: "GUIDE-1.1.1.1.2-7 each tool gives the analytic truth on pixels that are not square",
  ignore,
  fn() {
    near(ask("length", mm([3, 4], [33, 44]))[0]?.value, 50);
    near(ask("polyline", mm([0, 0], [30, 40], [30, 50]))[0]?.value, 60);
    for (let degrees = 5; degrees <= 175; degrees += 5) {
      const [x, y] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      near(ask("angle", mm([90, 50], [50, 50], [50 + 30 * x, 50 + 30 * y]))[0]?.value, degrees);
    }
    near(ask("cobb", mm([10, 10], [60, 10], [10, 80], [60, 80 - 50 * Math.tan(Math.PI / 9)]))[0]?.value, 20);
    const [ratio, first, second] = ask("ratio", mm([30, 10], [60, 10], [10, 40], [70, 40]));
    near(ratio?.value, 0.5);
    near(first?.value, 30);
    near(second?.value, 60);
    near(ask("rectangle", mm([10, 10], [40, 50]))[0]?.value, 1200);
    near(ask("ellipse", ellipseInBox(mm([10, 10], [40, 50])))[0]?.value, Math.PI * 15 * 20);
    const [area, radius] = ask("circle", mm([50, 50], [62, 59]));
    near(area?.value, Math.PI * 225);
    near(radius?.value, 15);
    const [triangle, around] = ask("polygon", mm([0, 0], [30, 0], [30, 40]));
    near(triangle?.value, 600);
    near(around?.value, 120);
  },
});

Deno.test({
  name: "the length of a curve is that of the curve drawn",
  ignore,
  fn() {
    const quarter = Array.from({ length: 9 }, (_, i): [number, number] => {
      const angle = (i * Math.PI) / 16;
      return [100 + 40 * Math.cos(angle), 100 + 40 * Math.sin(angle)];
    });
    near(ask("curve", mm(...quarter))[0]?.value, 20 * Math.PI, 2e-3);
  },
});

/** Each tool with the points that are placed by hand and what becomes of them. */
const tools: readonly [Kind, Coordinate[], (points: readonly Coordinate[]) => readonly Coordinate[]][] = [
  ["length", mm([3, 4], [33, 44]), (p) => p],
  ["polyline", mm([0, 0], [30, 40], [70, 30]), (p) => p],
  ["angle", mm([90, 50], [50, 50], [60, 90]), (p) => p],
  ["cobb", mm([10, 10], [60, 15], [10, 80], [60, 60]), (p) => p],
  ["ratio", mm([30, 10], [60, 12], [10, 40], [70, 41]), (p) => p],
  ["rectangle", mm([10, 10], [40, 50]), (p) => p],
  ["ellipse", mm([10, 10], [40, 50]), ellipseInBox],
  ["circle", mm([50, 50], [62, 59]), (p) => p],
  ["polygon", mm([0, 0], [30, 0], [40, 40], [5, 30]), (p) => p],
];

for (const [kind, placed, made] of tools) {
  Deno.test({
    name: `PACS-A-2 CT-4.3.2.6.4-a simulated clicks of ${kind} scatter as its anchoring says, within 3 %`,
    ignore,
    fn() {
      let state = 12345;
      const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5;
      const edge = 0.4;
      const values = Array.from({ length: 30_000 }, () => {
        const clicked = placed.map(([c, r]): Coordinate => [c + edge * random(), r + edge * random()]);
        return ask(kind, made(clicked))[0]?.value ?? NaN;
      });
      const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
      const deviation = Math.sqrt(
        values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (values.length - 1),
      );
      const stated = ask(kind, made(placed), edge / Math.sqrt(12))[0]?.anchoring ?? NaN;
      assert.ok(Math.abs(deviation / stated - 1) < 0.03, `${deviation} and ${stated}`);
    },
  });
}

Deno.test({
  name: "PACS-A-3 the parts combine to the expanded uncertainty with k = 2",
  ignore,
  fn() {
    const [length] = ask("length", mm([3, 4], [33, 44]), 0.1, { ...calibration, spacingUncertainty: 0.01 });
    assert.ok(length);
    const { anchoring, rounding, spacing: ofSpacing, combined, expanded } = length;
    near(rounding, 0.1 / Math.sqrt(12));
    near(ofSpacing, Math.hypot(30 * 30, 40 * 40) / 50 * 0.01);
    near(combined, Math.hypot(anchoring, rounding, ofSpacing));
    near(expanded, 2 * combined);
  },
});

Deno.test({
  name: "statistics count pixels whose centre is inside, without padding",
  ignore,
  fn() {
    const values = Int16Array.from({ length: 8 * 6 }, (_, i) => i);
    const block = { frame: 0, x: 100, y: 50, width: 8, height: 6, samplesPerPixel: 1, values };
    const region = { shape: "rectangle" as const, left: 101, top: 51, right: 104, bottom: 53 };
    const found = math.statistics(block, region, { slope: 2, intercept: -10, padding: [9, 9] });
    const inside = [10, 11, 17, 18, 19].map((each) => each * 2 - 10);
    const mean = inside.reduce((sum, each) => sum + each, 0) / inside.length;
    assert.equal(found?.count, 5);
    near(found?.mean, mean);
    near(found?.deviation, Math.sqrt(inside.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 4));
    assert.deepEqual([found?.minimum, found?.maximum], [10, 28]);
  },
});

Deno.test({
  name: "GUIDE-1.1.1.1.2-7 a Cobb angle is the same however the picture lies",
  ignore,
  fn() {
    for (let degrees = 0; degrees < 360; degrees += 15) {
      const [cosine, sine] = [Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180)];
      const turned = ([[-60, -40], [50, -35], [-60, 60], [50, 40]] as const).map((
        [x, y],
      ): [number, number] => [
        cosine * x - sine * y,
        sine * x + cosine * y,
      ]);
      near(ask("cobb", mm(...turned))[0]?.value, 12.907, 1e-4);
    }
  },
});
