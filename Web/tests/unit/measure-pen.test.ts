import assert from "node:assert/strict";
import type { Kind } from "../../src/measure/mark.ts";
import { idle, makeDesk, makeFrame, standInMath } from "./measure-support.ts";

type Hand = (pointer: ReturnType<typeof makeDesk>["pointer"]) => void;

/** Each tool by clicks, with the points that must come of it. */
const byClicks: readonly [Kind, Hand, number][] = [
  ["length", (p) => (p.click([10, 10]), p.hover([60, 10]), p.click([60, 10])), 2],
  ["angle", (p) => [[10, 10], [50, 50], [90, 10]].forEach((at) => p.click(at as [number, number])), 3],
  [
    "cobb",
    (p) => [[10, 10], [90, 15], [10, 80], [90, 60]].forEach((at) => p.click(at as [number, number])),
    4,
  ],
  [
    "ratio",
    (p) => [[30, 10], [70, 10], [10, 80], [90, 80]].forEach((at) => p.click(at as [number, number])),
    4,
  ],
  ["ellipse", (p) => (p.click([10, 10]), p.click([90 + 1 / 1024, 60])), 4],
  ["circle", (p) => (p.click([50, 50]), p.click([80, 50])), 2],
  ["rectangle", (p) => (p.click([10, 10]), p.click([90, 60])), 2],
  ["probe", (p) => p.click([33, 44]), 1],
  ["text", (p) => p.click([33, 44]), 1],
  ["arrow", (p) => (p.click([10, 10]), p.click([90, 60])), 2],
  ["polyline", (p) => (p.click([10, 10]), p.click([50, 50]), p.doubleClick([90, 10])), 3],
  ["curve", (p) => (p.click([10, 10]), p.click([50, 50]), p.click([90, 10]), p.click([91, 11])), 3],
  ["polygon", (p) => (p.click([10, 10]), p.click([90, 10]), p.click([50, 80]), p.click([14, 12])), 3],
];

const byDrag: readonly [Kind, Hand, number][] = [
  ["length", (p) => p.drag([10, 10], [60, 10]), 2],
  ["cobb", (p) => (p.drag([10, 10], [90, 15]), p.drag([10, 80], [90, 60])), 4],
  ["ratio", (p) => (p.drag([30, 10], [70, 10]), p.drag([10, 80], [90, 80])), 4],
  ["angle", (p) => (p.drag([10, 10], [50, 50]), p.click([90, 10])), 3],
  ["ellipse", (p) => p.drag([10, 10], [90, 60]), 4],
  ["circle", (p) => p.drag([50, 50], [80, 50]), 2],
  ["rectangle", (p) => p.drag([10, 10], [90, 60]), 2],
  ["arrow", (p) => p.drag([10, 10], [90, 60]), 2],
  ["freehand", (p) => {
    p.down([10, 10]);
    for (let i = 1; i <= 40; i++) p.move([10 + i * 2, 10 + 30 * Math.sin(i / 6)]);
    p.up([90, 11]);
  }, 41],
];

for (const [name, table] of [["clicks", byClicks], ["a drag", byDrag]] as const) {
  for (const [kind, hand, count] of table) {
    Deno.test(`PACS-4.2.9 ${kind} is drawn by ${name}`, () => {
      const desk = makeDesk();
      desk.measuring.choose(kind);
      hand(desk.pointer);
      const mark = desk.last();
      assert.equal(mark?.kind, kind);
      assert.equal(mark?.points.length, count);
      assert.equal(mark?.anchorUncertainty.length, count);
      assert.ok(mark?.points.flat().every((each) => (each * 1024) % 1 === 0), "on the grid");
      assert.equal(desk.measuring.drawing(), null);
      assert.equal(desk.store.selected(), mark?.uid);
    });
    Deno.test(`${kind} is drawn by ${name} of a finger`, () => {
      const desk = makeDesk();
      desk.measuring.choose(kind);
      const touch = { pointerType: "touch" };
      const { pointer } = desk;
      // A finger does not hover; a tap wobbles by a few pixels.
      hand({
        ...pointer,
        hover: () => false,
        click: (
          at,
        ) => (pointer.down(at, touch),
          pointer.move([at[0] + 3, at[1]], touch),
          pointer.up([at[0] + 3, at[1]], touch)),
        drag: (from, to) => pointer.drag(from, to, touch),
      });
      assert.equal(desk.last()?.kind, kind);
      assert.equal(desk.last()?.points.length, count);
    });
  }
}

Deno.test("points lie where the pointer was, counted from pixel centres, on the grid", () => {
  const desk = makeDesk();
  desk.view.set({ a: 3, b: 0, c: 0, d: 3, e: 7, f: 5 });
  desk.measuring.choose("length");
  desk.pointer.drag([100, 50], [200, 50]);
  const [first] = desk.last()?.points ?? [];
  assert.ok(Math.abs((first?.[0] ?? 0) - (93 / 3 - 0.5)) <= 0.5 / 1024);
  assert.equal((first?.[0] ?? 0) * 1024 % 1, 0);
});

Deno.test("a tool serves once; chosen again it stays", () => {
  const desk = makeDesk();
  desk.measuring.choose("length");
  desk.pointer.drag([10, 10], [60, 10]);
  assert.equal(desk.tool(), "window");
  desk.measuring.choose("length");
  desk.measuring.choose("length");
  desk.pointer.drag([10, 110], [60, 110]);
  assert.equal(desk.tool(), "measure.length");
  desk.pointer.drag([10, 210], [60, 210]);
  assert.equal(desk.store.own().length, 3);
  assert.ok(desk.measuring.putToolAway());
  assert.equal(desk.tool(), "window");
  desk.measuring.choose("cobb");
  desk.measuring.putToolAway();
  desk.measuring.repeat();
  assert.equal(desk.tool(), "measure.cobb");
});

Deno.test("Escape gives up a drawing, Backspace its last point", () => {
  const desk = makeDesk();
  desk.measuring.choose("polygon");
  desk.pointer.click([10, 10]);
  desk.pointer.click([90, 10]);
  desk.pointer.click([50, 80]);
  desk.measuring.takeBackPoint();
  assert.equal(desk.measuring.drawing()?.points.length, 2);
  assert.ok(desk.measuring.cancelDrawing());
  assert.equal(desk.measuring.drawing(), null);
  assert.equal(desk.store.own().length, 0);
});

Deno.test("a handle is gripped within 22 CSS pixels, also on a screen with two device pixels each", () => {
  for (const ratio of [1, 2]) {
    const desk = makeDesk();
    desk.ratio.set(ratio);
    desk.measuring.choose("length");
    desk.pointer.drag([100, 100], [180, 100]);
    const before = desk.last();
    desk.pointer.drag([180, 110.5], [180, 140.5]);
    const after = desk.last();
    assert.deepEqual(after?.points[0], before?.points[0]);
    // The handle keeps its distance from the pointer: it does not jump.
    const down = (after?.points[1]?.[1] ?? 0) - (before?.points[1]?.[1] ?? 0);
    assert.ok(Math.abs(down - 30 * ratio) < 0.01, String(down));
    assert.notEqual(after?.values[0]?.value, before?.values[0]?.value);
  }
});

Deno.test("a press beside everything is the viewer's", () => {
  const desk = makeDesk();
  desk.measuring.choose("length");
  desk.pointer.drag([100, 100], [180, 100]);
  assert.equal(desk.pointer.down([300, 300]), false);
  assert.equal(desk.store.selected(), null);
});

Deno.test("a line is moved whole and stays in the image; values of length do not change", () => {
  const desk = makeDesk();
  desk.measuring.choose("length");
  desk.pointer.drag([100, 100], [180, 100]);
  const before = desk.last();
  desk.pointer.drag([140, 102], [140, -500]);
  const after = desk.last();
  assert.deepEqual(after?.points.map((each) => each[1]), [-0.5, -0.5]);
  assert.equal(after?.values[0]?.value, before?.values[0]?.value);
});

Deno.test("a label is moved in image coordinates; the mark stays", () => {
  const desk = makeDesk();
  desk.measuring.choose("length");
  desk.pointer.drag([100, 100], [180, 100]);
  const mark = desk.last();
  desk.pen.labels.set(mark?.uid ?? "", { x: 200, y: 200, width: 50, height: 20 });
  desk.pointer.drag([210, 205], [260, 255]);
  assert.deepEqual(desk.last()?.points, mark?.points);
  assert.deepEqual(desk.last()?.values, mark?.values);
  assert.deepEqual(desk.last()?.label, [249.5, 249.5]);
});

Deno.test("every change is taken back and made again exactly", async () => {
  const desk = makeDesk();
  desk.measuring.choose("ellipse");
  desk.pointer.drag([100, 100], [180, 160]);
  await idle();
  const drawn = desk.last();
  assert.ok(drawn?.values.some((each) => each.derivation !== null), "statistics have come");
  desk.pointer.drag([180, 130], [220, 130]);
  await idle();
  const pulled = desk.last();
  desk.measuring.remove(pulled?.uid ?? "");
  assert.equal(desk.last(), undefined);
  const content = (mark: typeof drawn) => ({ ...mark, modified: "" });
  desk.history.undo();
  assert.deepEqual(content(desk.last()), content(pulled));
  desk.history.undo();
  assert.deepEqual(content(desk.last()), content(drawn));
  desk.history.undo();
  assert.equal(desk.last(), undefined);
  for (let i = 0; i < 2; i++) desk.history.redo();
  assert.deepEqual(content(desk.last()), content(pulled));
});

Deno.test("Escape during a drag puts the mark back", () => {
  const desk = makeDesk();
  desk.measuring.choose("length");
  desk.pointer.drag([100, 100], [180, 100]);
  const before = desk.last();
  desk.pointer.down([180, 100]);
  desk.pointer.move([220, 150]);
  assert.notDeepEqual(desk.last()?.points, before?.points);
  assert.ok(desk.pen.cancel());
  assert.deepEqual(desk.last(), before);
});

Deno.test("a second finger takes away what the first began", () => {
  const desk = makeDesk();
  desk.measuring.choose("length");
  desk.pointer.down([100, 100], { pointerType: "touch" });
  desk.pen.pointerCancel();
  assert.equal(desk.measuring.drawing(), null);
});

Deno.test("PACS-4.2.11-b nothing is measured before full resolution; words may be written", () => {
  const desk = makeDesk();
  desk.full.set(false);
  desk.measuring.choose("length");
  assert.equal(desk.pointer.down([100, 100]), true);
  desk.pointer.up([200, 100]);
  assert.equal(desk.store.own().length, 0);
  assert.deepEqual(desk.said, ["measure.none.notFullResolution"]);
  desk.measuring.choose("arrow");
  desk.pointer.drag([100, 100], [200, 100]);
  assert.equal(desk.last()?.kind, "arrow");
});

Deno.test("a drawing is not continued on another image", () => {
  const desk = makeDesk();
  const first = desk.frame();
  desk.measuring.choose("angle");
  desk.pointer.click([100, 100]);
  desk.frame.set(makeFrame({ sopInstanceUID: "1.2.3.4.6" }));
  desk.pointer.click([200, 100]);
  assert.equal(desk.measuring.drawing()?.points.length, 1);
  desk.frame.set(first);
  desk.pointer.click([200, 100]);
  desk.pointer.click([200, 200]);
  assert.equal(desk.last()?.sopInstanceUID, first?.sopInstanceUID);
});

Deno.test("others' marks are selected but not changed or deleted", () => {
  const desk = makeDesk();
  desk.measuring.choose("length");
  desk.pointer.drag([100, 100], [180, 100]);
  const own = desk.last();
  assert.ok(own);
  desk.store.receive([{ ...own, uid: "7.7", author: { name: "other", displayName: "Other" } }], [own.uid]);
  desk.pointer.drag([180, 100], [220, 150]);
  desk.measuring.remove("7.7");
  assert.deepEqual(desk.store.get("7.7")?.points, own.points);
});

Deno.test("something without extent is no mark", () => {
  for (const kind of ["length", "ellipse", "rectangle", "circle"] as const) {
    const desk = makeDesk();
    desk.measuring.choose(kind);
    desk.pointer.click([100, 100]);
    desk.pointer.click([100, 100]);
    desk.measuring.cancelDrawing();
    assert.equal(desk.store.own().length, 0, kind);
  }
});

Deno.test("a calibration holds for all own marks on its image, and its undoing for them too", async () => {
  const desk = makeDesk();
  desk.frame.set(makeFrame({ spacing: { rowMM: null, columnMM: null, source: "none" } }));
  desk.measuring.choose("length");
  desk.pointer.drag([100, 100], [180, 100]);
  const length = desk.last()?.uid ?? "";
  assert.equal(desk.store.get(length)?.values[0]?.unit, "{pixels}");
  desk.measuring.choose("calibration");
  desk.pointer.drag([100, 200], [200, 200]);
  await idle();
  const now = desk.store.get(length);
  assert.equal(now?.calibration.source, "user");
  assert.deepEqual([now?.values[0]?.value, now?.values[0]?.unit], [40, "mm"]);
  desk.history.undo();
  assert.equal(desk.store.get(length)?.values[0]?.unit, "{pixels}");
  assert.equal(desk.store.own().length, 1);
});

Deno.test("what was drawn stays when the kernels refuse to measure it", () => {
  const desk = makeDesk();
  desk.measuring.math.set({
    ...standInMath,
    measure() {
      throw new Error("refused");
    },
  });
  desk.measuring.choose("length");
  desk.pointer.drag([10, 10], [60, 10]);
  assert.equal(desk.last()?.points.length, 2);
  assert.deepEqual(desk.last()?.values, []);
});

Deno.test("a freehand contour that ends where it began is done", () => {
  const desk = makeDesk();
  desk.measuring.choose("freehand");
  desk.pointer.down([100, 100]);
  for (let i = 1; i < 40; i++) {
    const angle = (i / 40) * 2 * Math.PI;
    desk.pointer.move([60 + 40 * Math.cos(angle), 100 + 40 * Math.sin(angle)]);
  }
  desk.pointer.up([100, 100]);
  assert.equal(desk.measuring.drawing(), null);
  assert.equal(desk.last()?.kind, "freehand");
});
