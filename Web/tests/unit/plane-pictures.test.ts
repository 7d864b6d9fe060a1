import assert from "node:assert/strict";
import { Overtaken } from "../../src/imaging/overtaken.ts";
import type { Picture, SlabPicture, SlabRequest, VolumeImages } from "../../src/imaging/pictures.ts";
import { planePictures, type PlaneRequest } from "../../src/viewer/plane-pictures.ts";

const plane: PlaneRequest["plane"] = {
  origin: [0, 0, 0],
  row: [1, 0, 0],
  column: [0, 1, 0],
  columnMM: 1,
  rowMM: 1,
  columns: 100,
  rows: 100,
};

const request = (frame: number): PlaneRequest => ({
  frame,
  plane,
  reformat: { slab: { mode: "maximum", thicknessMM: 20 } } as PlaneRequest["reformat"],
  settings: {},
  transform: { a: 2, b: 0, c: 0, d: 2, e: 10, f: 20 },
  width: 301,
  height: 200,
});

/** A volume whose planes take as long as it is told. */
function volume() {
  const asked: SlabRequest[] = [];
  let answer: (picture: SlabPicture) => void = () => {};
  const images = {
    viewport: (onPicture: typeof answer) => {
      answer = onPicture;
      return { show: (each: SlabRequest) => void asked.push(each), close() {} };
    },
  } as unknown as VolumeImages;
  const drawn = (milliseconds: number, exact = true) =>
    answer({
      request: asked.at(-1) as SlabRequest,
      exact,
      bitmap: { close() {} } as ImageBitmap,
      window: null,
      function: "LINEAR",
      milliseconds,
    });
  return { images, asked, drawn };
}

const rest = () => new Promise((resolve) => setTimeout(resolve, 200));

Deno.test("planes that are drawn fast are never coarse", () => {
  const { images, asked, drawn } = volume();
  const pictures = planePictures(images, () => {}, () => {});
  for (let frame = 0; frame < 5; frame++) {
    pictures.show(request(frame));
    drawn(8);
  }
  assert.deepEqual(asked.map((each) => each.width), [301, 301, 301, 301, 301]);
  pictures.close();
});

Deno.test("a picture drawn while slices were missing is not exact", () => {
  const { images, drawn } = volume();
  const exact: boolean[] = [];
  const pictures = planePictures(images, (picture) => exact.push(picture.exact), () => {});
  pictures.show(request(1));
  drawn(8, false);
  pictures.show(request(1));
  drawn(8);
  assert.deepEqual(exact, [false, true]);
  pictures.close();
});

Deno.test("slow planes are drawn at half or a quarter while the hand moves, and whole once it rests", async () => {
  const { images, asked, drawn } = volume();
  const shown: Picture[] = [];
  const pictures = planePictures(images, (picture) => shown.push(picture), () => {});
  pictures.show(request(0));
  drawn(50);
  pictures.show(request(1));
  // Half: as much time as a quarter of the pixels take.
  drawn(40);
  pictures.show(request(2));
  drawn(10);
  assert.deepEqual(asked.map((each) => [each.width, each.height]), [[301, 200], [151, 100], [76, 50]]);
  assert.deepEqual(shown.map((each) => each.level), [0, 1, 2]);
  // The transform is that of the pixels drawn, so that the view can lay the picture in its place.
  assert.deepEqual(shown[1]?.request.transform, [1, 0, 0, 1, 5, 10]);
  assert.deepEqual(asked[1]?.plane.across, [1, 0, 0]);
  await rest();
  assert.equal(asked.at(-1)?.width, 301);
  assert.equal(asked.length, 4);
  pictures.close();
});

Deno.test("a view that is closed asks for nothing more", async () => {
  const { images, asked, drawn } = volume();
  const pictures = planePictures(images, () => {}, () => {});
  pictures.show(request(0));
  drawn(100);
  pictures.show(request(1));
  pictures.close();
  await rest();
  assert.equal(asked.length, 2);
});

Deno.test("answers to requests overtaken meanwhile are still shown, in their order", () => {
  const waiting = new Overtaken<string>();
  const [first, second, third] = ["a", "b", "c"].map((each) => waiting.add(each)) as [number, number, number];
  assert.equal(waiting.answered(second), "b");
  assert.equal(waiting.answered(second), "b");
  assert.equal(waiting.answered(first), undefined);
  assert.equal(waiting.answered(third), "c");
});
