/**
 * The numbers of Documentation/measurement-uncertainty.md, computed again in both languages: its examples, the sensitivity
 * coefficients of its formulas against numerical derivatives, and the distribution it states for anchors placed by hand.
 */
import assert from "node:assert/strict";
import { useCatalogue } from "../../src/core/i18n.ts";
import { explain, type Explained } from "../../src/measure/evaluate.ts";
import { KernelMath } from "../../src/measure/kernel-math.ts";
import { valueText } from "../../src/measure/labels.ts";
import type { Coordinate, Kind } from "../../src/measure/mark.ts";
import { measuredVolume } from "../../src/measure/volume.ts";
import type { Affine } from "../../src/viewer/viewport-api.ts";
import { makeDesk, makeFrame } from "./measure-support.ts";
import { catalogue } from "./support.ts";
import { kernels } from "./wasm.ts";

const math = new KernelMath(kernels);
const documents = ["measurement-uncertainty.md", "measurement-uncertainty.zh-CN.md"].map((name) =>
  [name, Deno.readTextFileSync(new URL(`../../../Documentation/${name}`, import.meta.url))] as const
);

interface Setting {
  rowSpacing: number;
  columnSpacing: number;
  relative: number;
  edge: number;
}

/** That of the examples. */
const example: Setting = { rowSpacing: 0.8, columnSpacing: 0.5, relative: 0.01, edge: 0.4 };

function ask(kind: Kind, points: readonly Coordinate[], setting: Setting): Explained[] {
  const { rowSpacing, columnSpacing, relative, edge } = setting;
  const u = edge / Math.sqrt(12);
  return explain({
    kind,
    points,
    calibration: { source: "pixelSpacing", rowSpacing, columnSpacing, spacingUncertainty: relative },
    anchorUncertainty: points.map(() => [u, u]),
    aspect: rowSpacing / columnSpacing,
  }, math);
}

/** Names in the tables: the tool and which of its values is meant. */
const named: Readonly<Record<string, readonly [Kind, number]>> = {
  length: ["length", 0],
  polyline: ["polyline", 0],
  perimeter: ["polygon", 1],
  curve: ["curve", 0],
  angle: ["angle", 0],
  cobb: ["cobb", 0],
  ratio: ["ratio", 0],
  rectangle: ["rectangle", 0],
  ellipse: ["ellipse", 0],
  circle: ["circle", 0],
  radius: ["circle", 1],
  polygon: ["polygon", 0],
};

/** A number as printed is right when it differs by no more than half of its last digit. */
function isPrinted(text: string, truth: number): void {
  const plain = text.replaceAll(",", "");
  const digits = plain.split(".")[1]?.length ?? 0;
  assert.ok(Math.abs(Number(plain) - truth) <= 0.5001 * 10 ** -digits, `${text}, not ${truth}`);
}

const shownText = ({ quantity, unit, measured }: Explained) =>
  valueText({
    quantity,
    derivation: null,
    value: measured.value,
    unit,
    uncertainty: measured.expanded,
    k: 2,
  }).replaceAll("\u00a0", " ").replace(" (k=2)", "");

for (const [name, text] of documents) {
  Deno.test(`PACS-4.2.9-a PACS-A-3 CT-4.3.2.6.4-b the examples of ${name} are what the program computes`, () => {
    useCatalogue("en", catalogue("en"));
    const rows = [...text.matchAll(/^\| `(\w+)`[^|]*\| ((?:\(\d+, \d+\) ?)+)\|(.*)\|$/gm)];
    assert.deepEqual(rows.map((each) => each[1]).sort(), Object.keys(named).sort());
    for (const [, row = "", anchors = "", rest = ""] of rows) {
      const [kind, index] = named[row] ?? ["length", 0];
      const points = [...anchors.matchAll(/\((\d+), (\d+)\)/g)].map((each): Coordinate => [
        Number(each[1]),
        Number(each[2]),
      ]);
      const found = ask(kind, points, example)[index];
      assert.ok(found);
      const [value = "", ...parts] = rest.split("|").map((each) => each.trim());
      const { measured } = found;
      isPrinted(value.split(" ")[0] ?? "", measured.value);
      const truths = [
        measured.anchoring,
        measured.spacing,
        measured.rounding,
        measured.combined,
        measured.expanded,
      ];
      truths.forEach((truth, at) => isPrinted(parts[at] ?? "", truth));
      assert.equal(parts[5], shownText(found), row);
    }
  });

  Deno.test(`PACS-A-1 PACS-A-2 CT-4.3.2.6.4-b numbers between the lines of ${name}`, () => {
    const has = (...parts: string[]) => parts.forEach((each) => assert.ok(text.includes(each), each));
    // The grid, the anchor at one screen pixel for each image pixel, limits evenly spread.
    isPrinted("0.00028", 1 / 1024 / Math.sqrt(12));
    isPrinted("0.29", 1 / Math.sqrt(12));
    [["1", "0.58"], ["2", "1.2"], ["0.5", "0.29"], ["5", "2.9"], ["3", "1.7"]].forEach(([limit, u]) => {
      isPrinted(u ?? "", Number(limit) / Math.sqrt(3));
      has(`±${limit} %`, `${u} %`);
    });
    isPrinted("0.23", 100 * 0.1 / 25 / Math.sqrt(3));
    isPrinted("2.3", 4 / Math.sqrt(3));
    isPrinted("0.1155", 0.4 / Math.sqrt(12));
    const length = ask("length", [[20, 30], [80, 80]], { ...example, relative: 0 })[0]?.measured.expanded;
    isPrinted("0.238", length ?? 0);
    has("0.00028", "0.29", "0.23 %", "2.3 HU", "0.1155", "0.238 mm");
    const sections = [[1200, 15, 0], [1500, 18, 5], [900, 12, 10]].map((
      [area = 0, uncertainty = 0, place = 0],
    ) => ({ area, uncertainty, place }));
    const volume = measuredVolume(sections, 5, math);
    assert.equal(volume.value, 18_000);
    isPrinted("131.6", volume.areas);
    isPrinted("2165", volume.ends);
    isPrinted("4338", volume.expanded);
    has("18,000", "131.6", "2165", "4338", "4,300");
    // SUV: the factor by the kernels, the uncertainty by its formula.
    const factor = math.suvFactor({
      weightKilograms: 70,
      doseBecquerels: 350e6,
      halfLifeSeconds: 6586.2,
      secondsSinceInjection: 3600,
      decayCorrectedToInjection: false,
    }) ?? 0;
    isPrinted("3.506", 12_000 * factor);
    const relative = Math.hypot(0.05, 0.01, 0.03, Math.LN2 * 60 / 6586.2);
    isPrinted("5.95", 100 * relative);
    isPrinted("0.42", 2 * relative * 12_000 * factor);
    has("3.506", "5.95 %", "U = 0.42");
  });
}

type Point = readonly [x: number, y: number];
const distance = (a: Point, b: Point) => Math.hypot(b[0] - a[0], b[1] - a[1]);
const unit = (a: Point, b: Point): Point => [(b[0] - a[0]) / distance(a, b), (b[1] - a[1]) / distance(a, b)];
const degree = 180 / Math.PI;

/** Sizes of the gradients by each anchor, as the document states them; the document's own words in `stated`. */
interface Coefficient {
  points: readonly Point[];
  stated: string;
  sizes(points: readonly Point[], value: number): number[];
}

/** Differences of the unit vectors of neighbouring lines; nothing beyond the ends of an open path. */
function turns(points: readonly Point[], closed: boolean): number[] {
  const count = points.length;
  const line = (at: number): Point => {
    if (!closed && (at < 0 || at >= count - 1)) return [0, 0];
    return unit(points[(at + count) % count] as Point, points[(at + 1) % count] as Point);
  };
  return points.map((_, at) => distance(line(at - 1), line(at)));
}

const coefficients: Readonly<Record<string, Coefficient>> = {
  length: { points: [[12, 20], [64, 71]], stated: "√2·u", sizes: () => [1, 1] },
  radius: { points: [[50, 50], [70, 61]], stated: "√2·u", sizes: () => [1, 1] },
  polyline: {
    points: [[12, 20], [64, 71], [90, 30], [97, 80]],
    stated: "u·√(Σ \\|e<sub>i−1</sub> − e<sub>i</sub>\\|²)",
    sizes: (p) => turns(p, false),
  },
  perimeter: {
    points: [[12, 20], [64, 31], [90, 70], [20, 80]],
    stated: "∂L/∂P<sub>i</sub> = e<sub>i−1</sub> − e<sub>i</sub>",
    sizes: (p) => turns(p, true),
  },
  angle: {
    points: [[100, 52], [40, 50], [70, 85]],
    stated: "u·√(1/\\|BA\\|² + 1/\\|BC\\|² + \\|AC\\|²/(\\|BA\\|²\\|BC\\|²))",
    sizes([a = [0, 0], b = [0, 0], c = [0, 0]]) {
      const [ba, bc] = [distance(b, a), distance(b, c)];
      return [degree / ba, (degree * distance(a, c)) / (ba * bc), degree / bc];
    },
  },
  cobb: {
    points: [[20, 30], [120, 36], [20, 100], [120, 84]],
    stated: "u·√(2/L₁² + 2/L₂²)",
    sizes([a = [0, 0], b = [0, 0], c = [0, 0], d = [0, 0]]) {
      const [one, two] = [degree / distance(a, b), degree / distance(c, d)];
      return [one, one, two, two];
    },
  },
  ratio: {
    points: [[60, 40], [140, 45], [30, 90], [190, 81]],
    stated: "R·u·√(2/L₁² + 2/L₂²)",
    sizes([, , c = [0, 0], d = [0, 0]], value) {
      const second = distance(c, d);
      return [1 / second, 1 / second, value / second, value / second];
    },
  },
  rectangle: {
    points: [[20, 30], [80, 75]],
    stated: "u·√(2(w² + h²))",
    sizes: ([a = [0, 0], b = [0, 0]]) => [distance(a, b), distance(a, b)],
  },
  ellipse: {
    points: [[20, 55], [80, 55], [50, 30], [50, 80]],
    stated: "π·u·√((a² + b²)/2)",
    sizes([a = [0, 0], b = [0, 0], c = [0, 0], d = [0, 0]]) {
      const [first, second] = [(Math.PI / 4) * distance(c, d), (Math.PI / 4) * distance(a, b)];
      return [first, first, second, second];
    },
  },
  circle: {
    points: [[100, 60], [140, 71]],
    stated: "2πr·√2·u",
    sizes: ([a = [0, 0], b = [0, 0]]) => [2 * Math.PI * distance(a, b), 2 * Math.PI * distance(a, b)],
  },
  polygon: {
    points: [[20, 30], [80, 33], [85, 80], [40, 95]],
    stated: "(u/2)·√(Σ \\|P<sub>i+1</sub> − P<sub>i−1</sub>\\|²)",
    sizes: (p) =>
      p.map((_, at) =>
        distance(p[(at + p.length - 1) % p.length] as Point, p[(at + 1) % p.length] as Point) / 2
      ),
  },
};

for (const [row, { points, stated, sizes }] of Object.entries(coefficients)) {
  Deno.test(`CT-4.3.2.6.4-c PACS-A-3 the sensitivity coefficients of ${row} are its numerical derivatives`, () => {
    for (const [name, text] of documents) assert.ok(text.includes(stated), `${name}: ${stated}`);
    const [kind, index] = named[row] ?? ["length", 0];
    // Square pixels of 1 mm, for which the document writes its formulas; the step of the display plays no part.
    const setting = { rowSpacing: 1, columnSpacing: 1, relative: 0, edge: 0.01 };
    const valueAt = (moved: readonly Point[]) => ask(kind, moved, setting)[index]?.measured.value ?? NaN;
    const truth = sizes(points, valueAt(points));
    const step = 1e-4;
    const numeric = points.map((_, at) =>
      Math.hypot(...([0, 1] as const).map((axis) => {
        const moved = (way: number) =>
          points.map((each, i): Point =>
            i !== at ? each : axis === 0 ? [each[0] + way, each[1]] : [each[0], each[1] + way]
          );
        return (valueAt(moved(step)) - valueAt(moved(-step))) / (2 * step);
      }))
    );
    // An ellipse is computed from its axes: of both ends of one only what changes its length or place counts.
    numeric.forEach((each, at) => {
      const wanted = truth[at] ?? NaN;
      assert.ok(
        Math.abs(each - wanted) <= 1e-5 * Math.max(wanted, 1),
        `anchor ${at}: ${each}, not ${wanted}`,
      );
    });
    const u = setting.edge / Math.sqrt(12);
    const anchoring = ask(kind, points, setting)[index]?.measured.anchoring ?? NaN;
    assert.ok(Math.abs(anchoring / (u * Math.hypot(...truth)) - 1) < 1e-5, `${anchoring}`);
  });
}

/** The same sequence in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

for (const [ratio, zoom, spacing] of [[1, 0.7, 0.5], [1, 3.2, 0.8], [2, 2.5, 0.4], [1.5, 9, 1.2]] as const) {
  Deno.test(`PACS-A-2 PACS-4.2.9-a anchors placed at ${zoom} pixels of a screen of ${ratio} are spread evenly, and so are lengths as stated`, () => {
    const random = randomNumbers(4711);
    const view: Affine = { a: zoom, b: 0, c: 0, d: zoom, e: 11.3, f: 7.9 };
    const frame = makeFrame({ spacing: { rowMM: spacing, columnMM: spacing, source: "pixelSpacing" } });
    const errors: number[] = [];
    const lengths: { error: number; uncertainty: number }[] = [];
    for (let i = 0; i < 1500; i++) {
      // The rod of a phantom lies anywhere on the screen; the browser tells whole CSS pixels of where the hand meant it.
      const from: Point = [20 + 40 * random(), 30 + 40 * random()];
      const to: Point = [from[0] + 30 + 40 * random(), from[1] + 40 + 40 * random()];
      const pressed = (place: Point): Point => {
        const css = ([x, y]: Point): Point => [(zoom * x + view.e) / ratio, (zoom * y + view.f) / ratio];
        const [x, y] = css(place);
        return [Math.round(x), Math.round(y)];
      };
      const desk = makeDesk({ math });
      desk.frame.set(frame);
      desk.view.set(view);
      desk.ratio.set(ratio);
      desk.measuring.choose("length");
      desk.pointer.drag(pressed(from), pressed(to));
      const mark = desk.last();
      const [length] = mark?.values ?? [];
      if (!mark || !length) throw new Error(`nothing drawn in ${i}`);
      const error = length.value - distance(from, to) * spacing;
      lengths.push({ error, uncertainty: length.uncertainty ?? 0 });
      [from, to].forEach((meant, at) =>
        ([0, 1] as const).forEach((axis) => errors.push((mark.points[at]?.[axis] ?? NaN) + 0.5 - meant[axis]))
      );
    }
    const edge = ratio / zoom;
    // Kolmogorov and Smirnov: the greatest distance from the even distribution over p, below its 1 % quantile.
    errors.sort((a, b) => a - b);
    const farthest = Math.max(
      ...errors.map((each, i) => Math.abs((i + 0.5) / errors.length - (each / edge + 0.5))),
    );
    assert.ok(farthest < 1.63 / Math.sqrt(errors.length) + 0.002, `${farthest}`);
    const scatter = Math.sqrt(lengths.reduce((sum, each) => sum + each.error ** 2, 0) / lengths.length);
    const anchoring = Math.SQRT2 * spacing * edge / Math.sqrt(12);
    assert.ok(Math.abs(scatter / anchoring - 1) < 0.05, `${scatter}, not ${anchoring}`);
    const within = lengths.filter((each) => Math.abs(each.error) <= each.uncertainty).length;
    assert.ok(within >= 0.94 * lengths.length, `${within}`);
  });
}
