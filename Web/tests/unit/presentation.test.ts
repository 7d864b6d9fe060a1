import assert from "node:assert/strict";
import type { FrameInfo } from "../../src/imaging/pictures.ts";
import {
  isFor,
  overlayPath,
  placed,
  type PresentationState,
  stateSettings,
  stateView,
} from "../../src/viewer/presentation.ts";
import { frameOver } from "../../src/viewer/superimposed.ts";
import { areaOf, exactOf, turned } from "../../src/viewer/saving.ts";
import { applied, imageToScreen, type Stage, type View } from "../../src/viewer/view.ts";

const frame = {
  frameNumber: 1,
  instance: { sopInstanceUID: "1.1" },
  stack: { rows: 100, columns: 200 },
} as unknown as FrameInfo;
const stage: Stage = {
  image: { width: 200, height: 100 },
  aspect: 1,
  viewport: { width: 400, height: 400 },
  trueScale: null,
};
const state = (more: Partial<PresentationState>): PresentationState => ({
  sopInstanceUID: "9.9",
  label: "",
  description: "",
  creator: "",
  created: "",
  references: [{ sopInstanceUID: "1.1", frameNumbers: [] }],
  modality: null,
  windows: [],
  presentation: { shape: "IDENTITY" },
  areas: [],
  rotation: 0,
  flipped: false,
  shutters: [],
  annotations: [],
  overlays: [],
  notUnderstood: [],
  ...more,
});
const near = (found: { x: number; y: number }, x: number, y: number) =>
  assert.ok(Math.abs(found.x - x) < 1e-6 && Math.abs(found.y - y) < 1e-6, `${found.x} ${found.y}`);

Deno.test("PACS-4.2.8-f a state is for the frames it names only", () => {
  assert.ok(isFor(state({}), frame));
  assert.ok(!isFor(state({ references: [{ sopInstanceUID: "1.1", frameNumbers: [2] }] }), frame));
  assert.ok(!isFor(state({ references: [] }), frame));
});

Deno.test("PACS-4.2.8-f the displayed area fills the view, its middle in the middle", () => {
  const area = {
    images: [],
    topLeft: [100, 0],
    bottomRight: [199, 99],
    mode: "SCALE TO FIT",
    magnification: null,
  };
  const view = stateView(
    state({ areas: [{ ...area, topLeft: [100, 0], bottomRight: [199, 99] }] }),
    frame,
    stage,
  );
  const matrix = imageToScreen(view, stage);
  near(applied(matrix, { x: 150, y: 50 }), 200, 200);
  near(applied(matrix, { x: 100, y: 0 }), 0, 0);
});

Deno.test("PACS-4.2.8-f an image is rotated first and mirrored then", () => {
  const view = stateView(state({ rotation: 90, flipped: true }), frame, stage);
  const matrix = imageToScreen(view, stage);
  const middle = applied(matrix, { x: 100, y: 50 });
  // Rotated clockwise the upper edge lies at the right; mirrored, at the left.
  assert.ok(applied(matrix, { x: 100, y: 0 }).x < middle.x);
  assert.ok(applied(matrix, { x: 0, y: 50 }).y < middle.y);
});

Deno.test("PACS-4.2.8-f without a modality transformation stored values are shown as they are", () => {
  assert.deepEqual(stateSettings(state({}), frame).modality, { slope: 1, intercept: 0 });
  const settings = stateSettings(
    state({
      windows: [{
        images: [{ sopInstanceUID: "7.7", frameNumbers: [] }],
        center: 1,
        width: 2,
        function: "LINEAR",
      }, {
        images: [],
        center: 40,
        width: 400,
        function: "SIGMOID",
      }],
      presentation: { shape: "INVERSE" },
    }),
    frame,
  );
  assert.deepEqual(settings.window, { center: 40, width: 400 });
  assert.equal(settings.function, "SIGMOID");
  assert.equal(settings.presentationShape, "INVERSE");
});

Deno.test("positions count from pixel centres, or are shares of the displayed area", () => {
  assert.deepEqual(placed(state({}), frame, [10, 20], "PIXEL"), { x: 10.5, y: 20.5 });
  assert.deepEqual(placed(state({}), frame, [0.5, 1], "DISPLAY"), { x: 100, y: 100 });
});

Deno.test("an overlay's runs become boxes row by row and end with the declared size", () => {
  const overlay = { rows: 2, columns: 4, origin: [1, 1] as const, runs: [2, 3, 1, 99] };
  assert.equal(overlayPath(overlay), "M3 1h2v1h-2zM1 2h1v1h-1zM3 2h2v1h-2z");
});

Deno.test("PACS-4.2.8-f a view saved and shown again stands where it stood, however it is turned", () => {
  for (let index = 0; index < 32; index++) {
    const view: View = {
      mode: index & 16 ? "pixels" : "fit",
      zoom: 2.5,
      panX: 13,
      panY: -7,
      flipHorizontal: (index & 1) !== 0,
      flipVertical: (index & 2) !== 0,
      rotation: ((index >> 2) & 3) * 90,
    };
    const turn = turned(view);
    const saved = state({ ...turn, areas: [{ images: [], ...areaOf(view, stage) }] });
    const again = stateView(saved, frame, stage);
    const [before, after] = [imageToScreen(view, stage), imageToScreen(again, stage)];
    // What a state says of zoom and pan are whole pixels: half of one at each edge, enlarged as the picture is.
    const tolerance = 1.5 * Math.hypot(before.a, before.b);
    for (const corner of [{ x: 0, y: 0 }, { x: 200, y: 100 }]) {
      const [from, to] = [applied(before, corner), applied(after, corner)];
      const away = Math.hypot(from.x - to.x, from.y - to.y);
      assert.ok(away <= tolerance, `${index}: ${away}`);
    }
  }
});

Deno.test("PACS-4.2.8-f beside the standard's whole pixels the view is kept exactly, at any angle and size of the view", () => {
  for (let index = 0; index < 48; index++) {
    const view: View = {
      mode: (["fit", "pixels", "trueSize"] as const)[index % 3] ?? "fit",
      zoom: 2.5173,
      panX: 13.37,
      panY: -7.91,
      flipHorizontal: (index & 1) !== 0,
      flipVertical: (index & 2) !== 0,
      rotation: ((index >> 2) * 17.3) % 360,
    };
    const uneven = { ...stage, aspect: 1.3, trueScale: 1.7 };
    const saved = state({
      ...turned(view),
      view: exactOf(view, uneven),
      areas: [{ images: [], ...areaOf(view, uneven) }],
    });
    const twice = { ...uneven, viewport: { width: 800, height: 800 }, trueScale: 3.4 };
    for (const [now, factor] of [[uneven, 1], [twice, view.mode === "pixels" ? 1 : 2]] as const) {
      const again = imageToScreen(stateView(saved, frame, now), now);
      const before = imageToScreen(view, uneven);
      for (const corner of [{ x: 0, y: 0 }, { x: 200, y: 100 }]) {
        const from = applied(before, corner);
        const to = applied(again, corner);
        const expected = {
          x: (from.x - uneven.viewport.width / 2) * factor + now.viewport.width / 2,
          y: (from.y - uneven.viewport.height / 2) * factor + now.viewport.height / 2,
        };
        near(to, expected.x, expected.y);
      }
    }
  }
});

Deno.test("PS3.4 §N.2.2 without a window all that the modality transformation gives is shown", () => {
  const stack = { rows: 1, columns: 1, samplesPerPixel: 1, bitsAllocated: 16, bitsStored: 12, signed: false };
  const grey = { ...frame, stack } as unknown as FrameInfo;
  assert.deepEqual(stateSettings(state({ modality: { slope: 2, intercept: -1024 } }), grey).window, {
    center: 3071.5,
    width: 8191,
  });
  const table = { firstMapped: 0, bits: 10, entries: [0, 1023] };
  assert.deepEqual(stateSettings(state({ modality: { table } }), grey).window, { center: 512, width: 1024 });
});

Deno.test("PS3.3 §C.11.14 the slice laid over lies within half a slice of the picture, and its pixels where the patient has them", () => {
  const image = (uid: string, z: number, spacing: number, corner: number) => ({
    ...frame,
    instance: { sopInstanceUID: uid },
    position: [corner + spacing / 2, corner + spacing / 2, z],
    stack: {
      rows: 10,
      columns: 10,
      spacing: [spacing, spacing],
      orientation: [1, 0, 0, 0, 1, 0],
      frameOfReference: "1.5",
      sliceSpacing: 4,
    },
  } as unknown as FrameInfo);
  const references = ["2.1", "2.2"].map((sopInstanceUID) => ({
    sopInstanceUID,
    frameNumbers: [],
    studyInstanceUID: "",
    seriesInstanceUID: "",
  }));
  const blending = { opacity: 0.5, references, modality: null, windows: [] };
  const over = [image("2.1", 0, 2, -3), image("2.2", 4, 2, -3), image("2.3", 8, 2, -3)];
  const found = frameOver(over, blending, image("1.1", 5, 1, 0));
  assert.equal(found?.frame.instance.sopInstanceUID, "2.2");
  // Its outer corner lies at -3 mm, its pixels are twice as large.
  const { a, b, c, d, e, f } = found.matrix;
  [a - 2, b, c, d - 2, e + 3, f + 3].forEach((each) => assert.ok(Math.abs(each) < 1e-9));
  assert.equal(frameOver(over, blending, image("1.1", 8, 1, 0)), null);
  assert.equal(
    frameOver([image("2.1", 5, 1, 0)], { ...blending, references: [] }, image("1.1", 5, 1, 0)),
    null,
  );
});

Deno.test("PACS-4.2.8-f a whole picture is saved as the whole image", () => {
  const view = stateView(state({}), frame, stage);
  const { topLeft, bottomRight, mode } = areaOf(view, stage);
  assert.deepEqual({ topLeft, bottomRight, mode }, {
    topLeft: [0, 0],
    bottomRight: [199, 99],
    mode: "SCALE TO FIT",
  });
});
