import assert from "node:assert/strict";
import {
  APIError,
  type Study,
  type StudyPage,
  studyParameters,
  type StudyQuery,
} from "../../src/core/api.ts";
import { StudyList } from "../../src/app/studies/model.ts";
import { settled } from "./support.ts";

const study = (uid: string) => ({ studyInstanceUID: uid }) as Study;
const page = (uids: string[], next: string | null = null): StudyPage => ({
  studies: uids.map(study),
  next,
  total: null,
});

interface Call {
  query: StudyQuery;
  limit: number;
  cursor: string | null;
  aborted: () => boolean;
  answer: (page: StudyPage) => void;
  fail: (error: unknown) => void;
}

function setUp() {
  const calls: Call[] = [];
  const list = new StudyList({
    studies: (query, limit, cursor, signal) =>
      new Promise((answer, fail) =>
        calls.push({ query, limit, cursor, aborted: () => signal.aborted, answer, fail })
      ),
  }, () => new Date(2026, 2, 3));
  const last = () => calls.at(-1) as Call;
  const uids = () => list.rows().map((each) => each.studyInstanceUID);
  return { list, calls, last, uids };
}

Deno.test("typing asks once, after a pause, and drops the answer still on its way", async () => {
  const { list, calls, last, uids } = setUp();
  void list.reload();
  for (const text of ["王", "王小", "王小明"]) list.type(text);
  assert.equal(calls.length, 1);
  await settled(220);
  assert.equal(calls.length, 2);
  assert.equal(last().query.text, "王小明");
  assert.equal(calls[0]?.aborted(), true);
  last().answer(page(["1"]));
  calls[0]?.answer(page(["9"]));
  await settled();
  assert.deepEqual(uids(), ["1"]);
});

Deno.test("filters become parameters: days counted with today, modalities repeated", async () => {
  const { list, last } = setUp();
  list.toggleModality("CT");
  list.toggleModality("MR");
  list.setPeriod("threeDays");
  list.sortBy("patientName");
  assert.equal(
    studyParameters(last().query, 100, null).toString(),
    "modality=CT&modality=MR&from=20260301&sort=patientName&limit=100",
  );
  list.sortBy("patientName");
  assert.equal(list.sort(), "-patientName");
  list.sortBy("numberOfInstances");
  assert.equal(list.sort(), "-numberOfInstances");
  list.clearFilters();
  assert.deepEqual([list.filtered(), last().query.from], [false, ""]);
  await settled();
});

Deno.test("the next page is added once, without doubles", async () => {
  const { list, calls, last, uids } = setUp();
  void list.reload();
  last().answer(page(["1", "2"], "c1"));
  await settled();
  void list.loadMore();
  void list.loadMore();
  assert.deepEqual([calls.length, last().cursor], [2, "c1"]);
  last().answer(page(["2", "3"]));
  await settled();
  assert.deepEqual([uids(), list.next()], [["1", "2", "3"], null]);
});

Deno.test("an error is kept for the reader and paging waits for a retry", async () => {
  const { list, calls, last } = setUp();
  void list.reload();
  last().answer(page(["1"], "c1"));
  await settled();
  void list.loadMore();
  last().fail(new APIError(500, "", "", ""));
  await settled();
  assert.equal((list.error() as APIError).status, 500);
  void list.loadMore();
  assert.equal(calls.length, 2);
  void list.reload();
  assert.equal(list.error(), null);
});

Deno.test("PACS-4.2.3-g studies that come in appear in place; several events are one request", async () => {
  const { list, calls, last, uids } = setUp();
  void list.reload();
  last().answer(page(["1", "2"]));
  await settled();
  list.selected.set("2");
  list.studyChanged("0");
  list.studyChanged("1");
  await settled(800);
  assert.equal(calls.length, 2);
  last().answer(page(["0", "1", "2"]));
  await settled();
  assert.deepEqual(uids(), ["0", "1", "2"]);
  assert.deepEqual([list.selected(), [...list.arrivals()], list.lastArrivals()], ["2", ["0", "1"], 2]);
  list.clear();
});
