import assert from "node:assert/strict";
import type { API } from "../../src/core/api.ts";
import type { Imaging } from "../../src/imaging/pictures.ts";
import { ReadyStudies } from "../../src/viewer/ready-studies.ts";
import { settled } from "./support.ts";

/** A server with empty studies, and an imaging that notes what is loaded ahead and given up. */
function setUp() {
  const log: string[] = [];
  const api = {
    viewing: (uid: string, signal: AbortSignal, isAhead: boolean) => {
      log.push(`ask ${uid}${isAhead ? " ahead" : ""}`);
      if (uid === "broken") return Promise.reject(new Error("500"));
      signal.addEventListener("abort", () => log.push(`abort ${uid}`));
      return Promise.resolve({ format: 1, study: { studyInstanceUID: uid, modalities: [] }, series: [] });
    },
    hanging: () => Promise.resolve(null),
  } as unknown as API;
  const imaging = {
    prefetch: (study: { study: { studyInstanceUID: string } }) => {
      log.push(`load ${study.study.studyInstanceUID}`);
      return { cancel: () => log.push(`free ${study.study.studyInstanceUID}`) };
    },
  } as unknown as Imaging;
  return { ready: new ReadyStudies(api, imaging), log };
}

Deno.test("what comes next is made ready in its order, and given up when it no longer comes next", async () => {
  const { ready, log } = setUp();
  ready.want(["1", "2"]);
  await settled(5);
  assert.deepEqual(log, ["ask 1 ahead", "ask 2 ahead", "load 1", "load 2"]);
  ready.want(["2", "3"]);
  await settled(5);
  assert.deepEqual(log.slice(4), ["abort 1", "free 1", "ask 3 ahead", "load 3"]);
});

Deno.test("a study is taken once, with its pictures kept until the screen holds them itself", async () => {
  const { ready, log } = setUp();
  ready.want(["1"]);
  assert.equal(ready.has("1"), false);
  assert.equal(ready.take("1"), null, "not there yet: it is opened as always");
  assert.equal(ready.take("2"), null);
  ready.want(["1"]);
  await settled(5);
  assert.equal(ready.has("1"), true);
  const taken = ready.take("1");
  assert.equal(ready.has("1"), false);
  assert.equal(taken?.ready.manifest.study.studyInstanceUID, "1");
  assert.equal(taken?.ready.protocol, null);
  assert.equal(log.includes("free 1"), false);
  taken?.settle();
  assert.equal(log.at(-1), "free 1");
  assert.equal(ready.take("1"), null);
});

Deno.test("what cannot be made ready is forgotten, and asked for again later", async () => {
  const { ready, log } = setUp();
  ready.want(["broken"]);
  await settled(5);
  assert.equal(ready.take("broken"), null);
  ready.want(["broken"]);
  await settled(5);
  assert.deepEqual(log, ["ask broken ahead", "ask broken ahead"]);
});
