import { test } from "node:test";
import assert from "node:assert/strict";
import type { FrameHeader, PayloadSink } from "../../src/imaging/frame-stream.ts";
import type { FrameFailure } from "../../src/imaging/pictures.ts";
import { type FeedTarget, SeriesFeed } from "../../src/imaging/series-feed.ts";
import { streamOf } from "./imaging-support.ts";

class Target implements FeedTarget {
  isAhead = false;
  readonly count = 6;
  readonly held = new Set<number>();
  readonly log: string[] = [];
  failure: FrameFailure | null = null;
  done: Promise<void>;
  #finish: () => void = () => {};
  /** What `finish` on a frame does besides. */
  onFrame: (index: number) => void = () => {};

  constructor() {
    this.done = new Promise((resolve) => this.#finish = resolve);
  }
  has(frame: number): boolean {
    return this.held.has(frame);
  }
  range(): readonly [number, number] {
    return [0, this.count - 1];
  }
  begin(_: FrameHeader): PayloadSink {
    return { write: () => {} };
  }
  finish(header: FrameHeader): void {
    if (header.kind !== "frame") return;
    this.held.add(header.index);
    this.onFrame(header.index);
  }
  ready(): Promise<void> {
    return Promise.resolve();
  }
  waiting(waiting: boolean): void {
    this.log.push(waiting ? "waiting" : "going on");
  }
  refused(failure: FrameFailure): void {
    this.failure = failure;
    this.#finish();
  }
  signedOut(): void {
    this.log.push("signed out");
  }
  complete(): void {
    this.#finish();
  }
}

const frame = (index: number) => ({ index, rows: 1, columns: 1, bits: 8, payload: new Uint8Array(1) });
const end = { kind: 2, payload: new Uint8Array(0) };

/** Answers each request by the next of `answers`. */
function server(answers: (() => Response)[]) {
  const asked: URL[] = [];
  const fetcher = (input: string | URL | Request) => {
    asked.push(new URL(String(input), "http://test"));
    const answer = answers[asked.length - 1];
    return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError("network"));
  };
  return { asked, fetcher: fetcher as typeof fetch };
}

test("after a cut connection only what is missing is asked for", async () => {
  const { asked, fetcher } = server([
    () => new Response(streamOf([frame(0), frame(1)])),
    () => new Response("busy", { status: 503 }),
    () => new Response(streamOf([frame(2), frame(3), frame(4), frame(5), end])),
  ]);
  const target = new Target();
  new SeriesFeed("/frames?revision=a", 0, target, fetcher).start();
  await target.done;
  assert.equal(target.held.size, 6);
  assert.deepEqual(asked.map((each) => each.searchParams.get("have")), [null, "0-1", "0-1"]);
  assert.equal(asked[0]?.searchParams.get("revision"), "a");
  assert.deepEqual(target.log.slice(0, 2), ["waiting", "waiting"]);
  assert.equal(target.log.at(-1), "going on");
});

test("a session that ended is told, and loading goes on once there is one again", async () => {
  const { fetcher } = server([
    () => new Response("", { status: 401 }),
    () => new Response(streamOf([0, 1, 2, 3, 4, 5].map(frame).concat(end as never))),
  ]);
  const target = new Target();
  new SeriesFeed("/frames", 0, target, fetcher).start();
  await target.done;
  assert.deepEqual(target.log.slice(0, 2), ["signed out", "waiting"]);
  assert.equal(target.held.size, 6);
});

test("a series that changed, or is gone, is not asked for again and again", async () => {
  for (const [status, code] of [[409, "changed"], [404, "http404"], [403, "http403"]] as const) {
    const { asked, fetcher } = server([() => new Response("", { status })]);
    const target = new Target();
    new SeriesFeed("/frames", 0, target, fetcher).start();
    await target.done;
    assert.equal(target.failure?.code, code);
    assert.equal(asked.length, 1);
  }
});

test("a stream that ends without what is missing is no endless loop", async () => {
  const { asked, fetcher } = server([
    () => new Response(streamOf([frame(0), end])),
    () => new Response(streamOf([end])),
  ]);
  const target = new Target();
  new SeriesFeed("/frames", 0, target, fetcher).start();
  await target.done;
  assert.equal(target.failure?.code, "missing");
  assert.equal(asked.length, 2);
});

test("looking elsewhere begins the stream anew from there, once the reader has settled", async () => {
  let halted: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stalled = () =>
    new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(streamOf([frame(0)]));
          halted = controller;
        },
      }),
    );
  const { asked, fetcher } = server([
    stalled,
    () => new Response(streamOf([4, 5, 3, 2, 1].map(frame).concat(end as never))),
  ]);
  const target = new Target();
  const feed = new SeriesFeed("/frames", 0, target, fetcher);
  feed.start();
  await new Promise((resolve) => setTimeout(resolve, 10));
  for (const index of [1, 2, 3, 4]) feed.moveTo(index);
  await target.done;
  assert.deepEqual(asked.map((each) => each.searchParams.get("from")), ["0", "4"]);
  assert.equal(asked[1]?.searchParams.get("have"), "0");
  assert.ok(halted);
});
