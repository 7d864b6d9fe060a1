import assert from "node:assert/strict";
import { SeriesLoader } from "../../src/imaging/loader.ts";
import type { FrameSource } from "../../src/imaging/protocol.ts";
import { nearestLoaded, nextToLoad } from "../../src/imaging/schedule.ts";
import { settled } from "./support.ts";

Deno.test("loading starts at the current frame and spreads, three ahead for one behind", () => {
  const taken = new Set<number>();
  const order: number[] = [];
  for (;;) {
    const next = nextToLoad(5, 1, 12, (index) => !taken.has(index));
    if (next < 0) break;
    taken.add(next);
    order.push(next);
  }
  assert.deepEqual(order.slice(0, 5), [5, 6, 7, 8, 4]);
  assert.deepEqual([...order].sort((a, b) => a - b), [...Array(12).keys()]);
  assert.equal(nextToLoad(5, -1, 12, (index) => index !== 5), 4);
  assert.equal(nextToLoad(0, 1, 0, () => true), -1);
});

Deno.test("the nearest loaded frame stands in", () => {
  const loaded = new Set([2, 9]);
  assert.equal(nearestLoaded(5, 12, (index) => loaded.has(index)), 2);
  assert.equal(nearestLoaded(9, 12, (index) => loaded.has(index)), 9);
  assert.equal(nearestLoaded(9, 12, () => false), -1);
});

interface Waiting {
  index: number;
  aborted: boolean;
  answer: (status?: number) => void;
}

/** A loader over frames of two pixels whose requests wait for the test to answer. */
function setUp(count: number, start: number) {
  const waiting: Waiting[] = [];
  const loaded: number[] = [];
  const failed: [number, number][] = [];
  const frames: FrameSource[] = Array.from({ length: count }, (_, index) => ({
    url: `/frames/${index}`,
    renderedURL: null,
    preferRendered: false,
    format: {
      rows: 1,
      columns: 2,
      samplesPerPixel: 1,
      photometric: "MONOCHROME2",
      bitsAllocated: 8,
      bitsStored: 8,
      highBit: 7,
      signed: false,
      planar: false,
      slope: 1,
      intercept: 0,
      padding: null,
    },
  }));
  const fetcher = ((url: string, init: RequestInit) =>
    new Promise<Response>((resolve, reject) => {
      const entry: Waiting = {
        index: Number(url.split("/").at(-1)),
        aborted: false,
        answer: (status = 200) => resolve(new Response(Uint8Array.of(1, 2), { status })),
      };
      init.signal?.addEventListener("abort", () => {
        entry.aborted = true;
        reject(new DOMException("", "AbortError"));
      });
      waiting.push(entry);
    })) as unknown as typeof fetch;
  const loader = new SeriesLoader(frames, start, {
    loaded: (index) => loaded.push(index),
    failed: (index, status) => failed.push([index, status]),
  }, fetcher);
  return { loader, waiting, loaded, failed };
}

Deno.test("never more than six requests at once", async () => {
  const { waiting, loaded } = setUp(40, 10);
  assert.equal(waiting.length, 6);
  assert.equal(waiting[0]?.index, 10);
  waiting[0]?.answer();
  await settled();
  assert.deepEqual([waiting.length, loaded], [7, [10]]);
});

Deno.test("a jump ends the least useful request in favour of the frame jumped to", async () => {
  const { loader, waiting } = setUp(400, 0);
  loader.moveTo(300);
  await settled();
  assert.equal(waiting.at(-1)?.index, 300);
  assert.equal(waiting.filter((each) => each.aborted).length, 1);
});

Deno.test("a failed frame is told once and the others go on", async () => {
  const { waiting, failed, loaded, loader } = setUp(3, 0);
  waiting[0]?.answer(500);
  waiting[1]?.answer();
  waiting[2]?.answer();
  await settled();
  assert.deepEqual(failed, [[0, 500]]);
  assert.deepEqual(loaded, [1, 2]);
  assert.equal(loader.hasFailed(0), true);
  assert.equal(loader.nearest(0), 1);
  assert.equal(waiting.length, 3);
});

Deno.test("closing aborts what is under way and tells nothing more", async () => {
  const { loader, waiting, loaded, failed } = setUp(20, 0);
  loader.close();
  await settled();
  assert.ok(waiting.every((each) => each.aborted));
  assert.deepEqual([loaded, failed], [[], []]);
});
