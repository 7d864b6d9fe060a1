import assert from "node:assert/strict";
import { MemoryJournal } from "../../src/measure/journal.ts";
import { merged } from "../../src/measure/store.ts";
import { type Desk, FakeClock, FakeServer, idle, makeDesk, study } from "./measure-support.ts";

function draw(desk: Desk, y = 100): string {
  desk.measuring.choose("length");
  desk.pointer.drag([100, y], [180, y]);
  return desk.last()?.uid ?? "";
}

async function opened(options: Parameters<typeof makeDesk>[0] = {}): Promise<Desk> {
  const desk = makeDesk(options);
  void desk.sync.open();
  await desk.clock.pass(0);
  return desk;
}

Deno.test("a mark is with the server within five seconds, also while drawing goes on", async () => {
  const desk = await opened();
  const uid = draw(desk, 20);
  for (let i = 1; i <= 9; i++) {
    await desk.clock.pass(500);
    draw(desk, 20 + i * 30);
  }
  assert.ok(desk.server.marks().some((each) => each.uid === uid), "after 4.5 seconds without a pause");
  await desk.clock.pass(2000);
  assert.equal(desk.server.marks().length, 10);
  assert.equal(desk.sync.state(), "saved");
});

Deno.test("what is kept is what was drawn, bit for bit", async () => {
  const desk = await opened();
  desk.view.set({ a: 2.37, b: 0.31, c: -0.31, d: 2.37, e: 11.3, f: -7.9 });
  desk.measuring.choose("polygon");
  for (const at of [[101, 33], [207, 91], [155, 213]] as const) desk.pointer.click(at);
  desk.measuring.finish(desk.measuring.drawing() as NonNullable<ReturnType<typeof desk.measuring.drawing>>);
  await desk.clock.pass(3000);
  const again = await opened({ server: new FakeServer(), journal: new MemoryJournal() });
  again.server.drafts.set("reader", JSON.parse(JSON.stringify(desk.server.drafts.get("reader"))));
  await again.sync.refresh();
  assert.deepEqual(again.store.own(), desk.store.own());
});

Deno.test("the journal holds a change before the server has it, and nothing after", async () => {
  const desk = await opened();
  draw(desk);
  await idle();
  assert.equal((await desk.journal.read("reader", study))?.marks.length, 1);
  await desk.clock.pass(3000);
  assert.equal(await desk.journal.read("reader", study), null);
});

for (const mode of ["unreachable", "broken", "signedOut"] as const) {
  Deno.test(`nothing drawn is lost when the server is ${mode} and the window is closed`, async () => {
    const first = await opened();
    const kept = draw(first, 50);
    await first.clock.pass(3000);
    first.server.mode = mode;
    const added = draw(first, 100);
    first.measuring.remove(kept);
    const later = draw(first, 150);
    await first.clock.pass(20_000);
    assert.equal(first.sync.state(), mode === "signedOut" ? "signedOut" : "offline");
    first.sync.end();
    first.server.mode = "well";
    const second = await opened({ server: first.server, journal: first.journal, clock: first.clock });
    const uids = second.store.own().map((each) => each.uid).sort();
    assert.deepEqual(uids, [added, later].sort());
    await second.clock.pass(3000);
    assert.deepEqual(second.server.marks().map((each) => each.uid).sort(), [added, later].sort());
    assert.equal(await second.journal.read("reader", study), null);
  });
}

Deno.test("nothing drawn is lost when the viewer opens without a server", async () => {
  const server = new FakeServer();
  server.mode = "unreachable";
  const desk = await opened({ server });
  const uid = draw(desk);
  await desk.clock.pass(10_000);
  assert.equal(desk.sync.state(), "offline");
  server.mode = "well";
  await desk.clock.pass(16_000);
  assert.deepEqual(server.marks().map((each) => each.uid), [uid]);
  assert.equal(desk.sync.state(), "saved");
});

Deno.test("a drawing broken off by the end of the session is gone on with", async () => {
  const desk = await opened();
  desk.measuring.choose("polygon");
  desk.pointer.click([100, 100]);
  desk.pointer.click([200, 100]);
  desk.server.mode = "signedOut";
  await idle();
  desk.sync.end();
  desk.server.mode = "well";
  const again = makeDesk({ server: desk.server, journal: desk.journal, clock: desk.clock });
  const opening = again.sync.open();
  await again.clock.pass(0);
  const unfinished = await opening;
  assert.ok(unfinished);
  again.measuring.resumeLater(study, unfinished);
  assert.equal(again.tool(), "measure.polygon");
  again.pointer.click([150, 200]);
  again.pointer.click([100, 100]);
  assert.deepEqual(again.last()?.points, [[99.5, 99.5], [199.5, 99.5], [149.5, 199.5]]);
  await again.clock.pass(3000);
  assert.equal(await again.journal.read("reader", study), null);
});

Deno.test("an answer that is lost does not make a conflict with oneself", async () => {
  const desk = await opened();
  draw(desk);
  desk.server.mode = "losesAnswers";
  await desk.clock.pass(1500);
  desk.server.mode = "well";
  await desk.clock.pass(5000);
  assert.equal(desk.server.saves, 1);
  assert.equal(desk.sync.state(), "saved");
});

Deno.test("two windows of one reader end with the same marks", async () => {
  const clock = new FakeClock();
  const server = new FakeServer();
  const one = await opened({ server, clock });
  const two = await opened({ server, clock, journal: new MemoryJournal() });
  const first = draw(one, 50);
  const second = draw(two, 150);
  await clock.pass(5000);
  await two.sync.refresh();
  await one.sync.refresh();
  const uids = (desk: Desk) => desk.store.own().map((each) => each.uid).sort();
  assert.deepEqual(uids(one), [first, second].sort());
  assert.deepEqual(uids(two), uids(one));
  two.measuring.remove(first);
  await clock.pass(3000);
  await one.sync.refresh();
  assert.deepEqual(uids(one), [second]);
});

Deno.test("of two versions the later one counts, and a deletion is a change", () => {
  const desk = makeDesk();
  const uid = draw(desk);
  const mark = desk.store.get(uid);
  assert.ok(mark);
  const older = { ...mark, text: "old", modified: "2026-01-01T00:00:00.000Z" };
  const newer = { ...mark, text: "new", modified: "2026-01-03T00:00:00.000Z" };
  assert.equal(merged([older], [], [newer], []).marks[0]?.text, "new");
  assert.equal(merged([newer], [], [older], []).marks[0]?.text, "new");
  const deletion = { uid, modified: "2026-01-02T00:00:00.000Z" };
  assert.deepEqual(merged([older], [], [], [deletion]).marks, []);
  assert.equal(merged([newer], [], [], [deletion]).marks.length, 1);
});

Deno.test("authors are kept apart: another reader's working copy is not touched", async () => {
  const server = new FakeServer();
  const one = await opened({ server });
  const two = await opened({ server, user: "other" });
  draw(one, 50);
  draw(two, 150);
  await one.clock.pass(3000);
  await two.clock.pass(3000);
  assert.equal(server.marks("reader").length, 1);
  assert.equal(server.marks("other").length, 1);
});

Deno.test("nothing moves on saving as DICOM: only the origin is added", async () => {
  const desk = await opened();
  draw(desk);
  await desk.clock.pass(3000);
  const before = desk.last();
  const done = desk.sync.publish(desk.store.own());
  await desk.clock.pass(3000);
  await done;
  const after = desk.last();
  assert.equal(after?.origin?.kind, "SR");
  assert.deepEqual({ ...after, origin: undefined, modified: "" }, {
    ...before,
    origin: undefined,
    modified: "",
  });
  await desk.clock.pass(3000);
  const again = await opened({ server: desk.server });
  assert.equal(again.store.own().length, 1);
  assert.deepEqual(again.last()?.points, before?.points);
  assert.deepEqual(again.last()?.values, before?.values);
});

Deno.test("hostile or broken marks from outside are left out", async () => {
  const { readMark } = await import("../../src/measure/mark.ts");
  const desk = makeDesk();
  draw(desk);
  const good = desk.last();
  assert.deepEqual(readMark(JSON.parse(JSON.stringify(good))), good);
  const plain = { uid: "1.2", kind: "graphic", sopInstanceUID: "1.3", points: [[1, 2]] };
  assert.equal(readMark(plain)?.calibration.source, "none");
  const broken: unknown[] = [
    null,
    7,
    {},
    { ...good, kind: "constructor" },
    { ...good, points: [[1, 2]] },
    { ...good, points: [[1, 2], [NaN, 2]] },
    { ...good, points: [[1, 2], ["3", 2]] },
    { ...good, values: [{ value: "1" }] },
    { ...good, uid: "<script>" },
    { ...good, label: [1] },
    { ...good, text: 7 },
    { ...good, calibration: 7 },
    { ...good, author: {} },
  ];
  for (const each of broken) assert.equal(readMark(each), null, JSON.stringify(each));
});
