import assert from "node:assert/strict";
import type { API } from "../../src/core/api.ts";
import type { StudyManifest } from "../../src/imaging/pictures.ts";
import { Structures } from "../../src/viewer/structures.ts";

const frame = (segment: number | null, runs: number[] | null, z: number) => ({
  segment,
  sources: [],
  position: [0, 0, z],
  orientation: [1, 0, 0, 0, 1, 0],
  pixelSpacing: [1, 1],
  runs,
});
const segment = (number: number, color: [number, number, number] | null = null) => ({
  number,
  label: `part ${number}`,
  description: "",
  propertyType: { meaning: "Organ" },
  algorithmType: "MANUAL",
  color,
});
const head = { label: "Label", rows: 2, columns: 2, frameOfReferenceUID: "1.9", maximumFractionalValue: 200 };
const manifest = (kind: string) =>
  ({
    study: { studyInstanceUID: "1.1" },
    series: [{ seriesDescription: "series", instances: [{ kind, sopInstanceUID: "5.5" }] }],
  }) as unknown as StudyManifest;

/** What there is of one object whose answers these are. */
async function opened(kind: string, answer: (part: number | null) => unknown) {
  const asked: (number | null)[] = [];
  const api = {
    structures: (_study: string, _kind: string, _instance: string, part: number | null) => {
      asked.push(part);
      return Promise.resolve(answer(part));
    },
  } as unknown as API;
  const structures = new Structures(api);
  structures.look(manifest(kind));
  structures.look(manifest(kind));
  await settled();
  const [document] = structures.of(manifest(kind));
  assert.ok(document);
  return { structures, document, asked };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("PACS-4.2.8-f segments are listed first and their masks come when they are shown", async () => {
  const text = (part: number | null) => ({
    ...head,
    type: "FRACTIONAL",
    segments: [segment(1, [1, 2, 3]), segment(2)],
    frames: [frame(1, null, 0), frame(2, part === 2 ? [0, 1, 100, 2, 200, 1] : null, 0), frame(2, [0, 4], 5)],
  });
  const { structures, document, asked } = await opened("segmentation", text);
  assert.deepEqual(asked, [null]);
  assert.equal(document.title, "Label");
  const [first, second] = document.parts();
  assert.ok(first && second);
  assert.deepEqual(first.color, [1, 2, 3]);
  assert.equal(second.color.length, 3);
  assert.deepEqual(structures.shown("1.1"), []);
  second.visible.set(true);
  second.visible.set(false);
  second.visible.set(true);
  await settled();
  assert.deepEqual(asked, [null, 2]);
  const content = second.content();
  assert.ok(content && "masks" in content);
  // Shares of full, and no frame without a pixel.
  assert.deepEqual(content.masks.map((each) => each.runs), [[0, 1, 0.5, 2, 1, 1]]);
  assert.deepEqual(structures.shown("1.1"), [second]);
});

Deno.test("PACS-4.2.8-f a label map comes once and is taken apart", async () => {
  const text = (part: number | null) => ({
    ...head,
    type: "LABELMAP",
    segments: [segment(1), segment(7)],
    frames: [frame(null, part === null ? null : [0, 1, 7, 2, 1, 1], 0)],
  });
  const { document, asked } = await opened("segmentation", text);
  for (const part of document.parts()) part.visible.set(true);
  await settled();
  assert.deepEqual(asked, [null, 1]);
  const runs = document.parts().map((each) => {
    const content = each.content();
    return content && "masks" in content ? content.masks[0]?.runs : null;
  });
  assert.deepEqual(runs, [[0, 1, 0, 2, 1, 1], [0, 1, 1, 2, 0, 1]]);
});

Deno.test("PACS-4.2.8-f what cannot be read says so and is asked for again", async () => {
  const broken = { down: true };
  const { document, asked } = await opened("contours", (part) => {
    const regions = [{
      number: 4,
      name: "ROI",
      description: "",
      interpretedType: "PTV",
      frameOfReferenceUID: "1.9",
      color: null,
      contours: part === null ? [] : [{ type: "POINT", points: [1, 2, 3] }],
    }];
    return part !== null && broken.down ? Promise.reject(new Error("down")) : { label: "", regions };
  });
  const [part] = document.parts();
  assert.ok(part);
  assert.equal(document.title, "series");
  part.visible.set(true);
  await settled();
  assert.ok(part.failure() instanceof Error);
  broken.down = false;
  part.visible.set(false);
  part.visible.set(true);
  await settled();
  assert.equal(part.failure(), null);
  assert.deepEqual(part.content(), { contours: [{ type: "POINT", points: [1, 2, 3] }] });
  assert.deepEqual(asked, [null, 4, 4]);
});
