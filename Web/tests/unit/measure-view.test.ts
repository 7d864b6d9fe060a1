import assert from "node:assert/strict";
import { onGrid } from "../../src/measure/mark.ts";
import { anchorUncertaintyOf, toImage, toScreen } from "../../src/measure/screen.ts";
import { handles, outlines, withHandleAt } from "../../src/measure/shape.ts";
import type { Affine } from "../../src/viewer/viewport-api.ts";
import { imageToScreen, type View } from "../../src/viewer/view.ts";
import { idle, makeDesk } from "./measure-support.ts";

/** The same sequence in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function randomView(random: () => number, aspect: number): Affine {
  const view: View = {
    mode: "fit",
    zoom: 0.1 * 400 ** random(),
    panX: (random() - 0.5) * 600,
    panY: (random() - 0.5) * 600,
    flipHorizontal: random() < 0.5,
    flipVertical: random() < 0.5,
    // Any turn, not only quarters.
    rotation: random() < 0.5 ? Math.floor(random() * 4) * 90 : random() * 360,
  };
  const viewport = { width: 200 + random() * 3000, height: 200 + random() * 3000 };
  return imageToScreen(view, { image: { width: 512, height: 400 }, aspect, viewport, trueScale: null });
}

Deno.test("PACS-4.2.9-b PACS-4.2.9-c 200 random views leave values bit-equal and marks within half a device pixel", async () => {
  const random = randomNumbers(20260102);
  const desk = makeDesk();
  const kinds = ["length", "ellipse", "circle", "rectangle", "cobb"] as const;
  kinds.forEach((kind, index) => {
    desk.measuring.choose(kind);
    desk.pointer.drag([60 + index * 30, 70], [230 + index * 40, 210]);
    if (kind === "cobb") desk.pointer.drag([70, 250], [310, 330]);
  });
  await idle();
  const before = JSON.stringify(desk.store.own());
  assert.equal(desk.store.own().length, kinds.length);
  let worst = 0;
  for (let i = 0; i < 200; i++) {
    const view = randomView(random, 1 + (i % 3) * 0.4);
    desk.view.set(view);
    desk.measuring.hiddenAll.set(i % 7 === 0);
    for (const mark of desk.store.own()) {
      for (const point of mark.points) {
        const screen = toScreen(point, view);
        const back = toImage(screen, view);
        const again = toScreen([onGrid(back[0]), onGrid(back[1])], view);
        worst = Math.max(worst, Math.hypot(again.x - screen.x, again.y - screen.y));
        assert.deepEqual([onGrid(back[0]), onGrid(back[1])], point);
      }
    }
  }
  assert.ok(worst < 0.5, `${worst} device pixels`);
  assert.equal(JSON.stringify(desk.store.own()), before);
});

Deno.test("coordinates survive an FL in DICOM's count from the corner", () => {
  const random = randomNumbers(7);
  for (let i = 0; i < 2000; i++) {
    const place = onGrid(random() * 16_383);
    assert.equal(Math.fround(place + 0.5) - 0.5, place);
  }
  assert.ok(Object.is(onGrid(-0.0001), 0));
});

Deno.test("PACS-A-2 clicks scattered over a pointer's step have the stated standard uncertainty within 3 %", () => {
  const random = randomNumbers(99);
  for (const [ratio, zoom] of [[1, 1], [2, 3.7], [1.5, 0.4]] as const) {
    const view: Affine = { a: zoom, b: 0, c: 0, d: zoom * 1.5, e: 3, f: 4 };
    const stated = anchorUncertaintyOf(view, ratio, "mouse");
    const places = Array.from({ length: 100_000 }, () => {
      const screen = { x: 300 + (random() - 0.5) * ratio, y: 200 + (random() - 0.5) * ratio };
      return toImage(screen, view);
    });
    for (const axis of [0, 1] as const) {
      const mean = places.reduce((sum, each) => sum + each[axis], 0) / places.length;
      const variance = places.reduce((sum, each) => sum + (each[axis] - mean) ** 2, 0) / places.length;
      assert.ok(Math.abs(Math.sqrt(variance) / stated[axis] - 1) < 0.03);
    }
  }
});

Deno.test("a circle is round in millimetres on pixels that are not square", () => {
  const [outline] = outlines("circle", [[100, 100], [120, 100]], 2);
  const radii = outline?.points.map(([column, row]) => Math.hypot(column - 100, (row - 100) * 2)) ?? [];
  assert.ok(radii.every((each) => Math.abs(each - 20) < 1e-9));
});

Deno.test("a curve goes through its points and never beyond a straight run", () => {
  const controls = [[0, 0], [10, 0], [20, 0], [20, 10]] as const;
  const [outline] = outlines("curve", controls, 1);
  for (const control of controls) {
    assert.ok(
      outline?.points.some((each) => each[0] === control[0] && each[1] === control[1]),
      String(control),
    );
  }
  const straight = outlines("curve", [[0, 0], [1, 0], [10, 0]], 1)[0]?.points ?? [];
  assert.ok(straight.every((each) => each[1] === 0 && each[0] >= 0 && each[0] <= 10));
});

Deno.test("an axis of an ellipse is turned and pulled; the other stays square to it and as long", () => {
  const points = [[0, 10], [40, 10], [20, 0], [20, 20]] as const;
  const pulled = withHandleAt("ellipse", points, 1, [20, 40]);
  const [a, b, c, d] = pulled as [number, number][];
  const axis = (p: number[], q: number[]) => [(q[0] ?? 0) - (p[0] ?? 0), (q[1] ?? 0) - (p[1] ?? 0)] as const;
  const [one, two] = [axis(a ?? [], b ?? []), axis(c ?? [], d ?? [])];
  assert.ok(Math.abs(one[0] * two[0] + one[1] * two[1]) < 1e-9);
  assert.ok(Math.abs(Math.hypot(...two) - 20) < 1e-9);
  assert.ok(Math.abs(Math.hypot(...one) - 60) < 1e-9);
});

Deno.test("all four corners of a rectangle can be pulled", () => {
  const points = [[10, 10], [50, 40]] as const;
  handles("rectangle", points).forEach((corner, index) => {
    const to = [corner[0] + 5, corner[1] - 3] as const;
    const corners = handles("rectangle", withHandleAt("rectangle", points, index, to));
    assert.ok(corners.some((each) => each[0] === to[0] && each[1] === to[1]));
    const opposite = handles("rectangle", points)[(index + 2) % 4];
    assert.ok(corners.some((each) => each[0] === opposite?.[0] && each[1] === opposite?.[1]));
  });
});
