import assert from "node:assert/strict";
import { APIError, type ImportResult, type Verdict } from "../../src/core/api.ts";
import { type ImportFile, ImportQueue, type Upload } from "../../src/app/import/queue.ts";
import { entriesOf, filesOfEntries } from "../../src/app/import/collect.ts";
import { settled } from "./support.ts";

interface Sent {
  path: string;
  cancelled: boolean;
  progress: (bytes: number) => void;
  succeed: (...verdicts: Verdict[]) => void;
  fail: (status: number) => void;
}

function setUp() {
  const sent: Sent[] = [];
  const queue = new ImportQueue((item, progress): Upload => {
    let entry: Sent;
    const done = new Promise<ImportResult[]>((resolve, reject) => {
      entry = {
        path: item.path,
        cancelled: false,
        progress,
        succeed: (...verdicts) =>
          resolve((verdicts.length ? verdicts : ["stored" as const]).map((verdict, i) => ({
            path: i === 0 ? "" : `inside/${i}`,
            verdict,
            reason: null,
          }))),
        fail: (status) => reject(new APIError(status, `http${status}`, "", "")),
      };
      sent.push(entry);
    });
    return { done, cancel: () => entry.cancelled = true };
  });
  return { queue, sent };
}

async function* files(...names: string[]): AsyncGenerator<ImportFile> {
  for (const path of names) yield { path, file: new Blob(["12345"]) };
}

const verdicts = (queue: ImportQueue) => queue.rows().map((row) => `${row.path} ${row.verdict}`);

Deno.test("PACS-4.2.4-b three files go at a time, with totals of files and bytes", async () => {
  const { queue, sent } = setUp();
  await queue.add(files("a", "b", "c", "d", "e"));
  assert.equal(sent.length, 3);
  assert.deepEqual([queue.state(), queue.files(), queue.bytes()], ["running", 5, 25]);
  sent[0]?.progress(2);
  sent[1]?.progress(400);
  assert.equal(queue.bytesDone(), 7);
  sent[0]?.succeed();
  await settled();
  assert.deepEqual([sent.length, queue.filesDone(), queue.bytesDone()], [4, 1, 10]);
});

Deno.test("PACS-4.2.4-c every file has its verdict, those inside an archive too", async () => {
  const { queue, sent } = setUp();
  await queue.add(files("disk.zip"));
  sent[0]?.succeed("stored", "refused", "duplicate");
  await settled();
  assert.deepEqual(verdicts(queue), ["disk.zip stored", "inside/1 refused", "inside/2 duplicate"]);
  assert.deepEqual([queue.state(), queue.count("refused")], ["finished", 1]);
});

Deno.test("PACS-4.2.4-c a failure does not stop the others, and can be tried again", async () => {
  const { queue, sent } = setUp();
  await queue.add(files("a", "b"));
  sent[0]?.fail(500);
  sent[1]?.succeed();
  await settled();
  assert.deepEqual(verdicts(queue), ["a failed", "b stored"]);
  assert.equal(queue.canRetry, true);
  queue.retryFailed();
  assert.deepEqual([queue.state(), queue.filesDone(), queue.count("failed")], ["running", 1, 0]);
  sent[2]?.succeed();
  await settled();
  assert.deepEqual(verdicts(queue), ["b stored", "a stored"]);
  assert.deepEqual([queue.state(), queue.bytesDone(), queue.canRetry], ["finished", 10, false]);
});

Deno.test("PACS-4.2.4-c full storage pauses the import without losing a file; it goes on when asked to", async () => {
  const { queue, sent } = setUp();
  await queue.add(files("a", "b", "c", "d"));
  for (const each of sent.slice(0, 3)) each.fail(507);
  await settled();
  assert.deepEqual([queue.state(), queue.pauseReason()?.status, queue.rows().length], ["paused", 507, 0]);
  assert.equal(queue.running(), true);
  queue.resume();
  for (let i = 3; i < 7; i++) {
    sent[i]?.succeed();
    await settled();
  }
  assert.deepEqual(verdicts(queue).sort(), ["a stored", "b stored", "c stored", "d stored"]);
  assert.equal(queue.state(), "finished");
});

Deno.test("PACS-4.2.4-c with the server gone the queue pauses instead of failing everything", async () => {
  const { queue, sent } = setUp();
  await queue.add(files(..."abcdefghij"));
  for (let i = 0; i < 5; i++) {
    sent[i]?.fail(0);
    await settled();
  }
  assert.equal(queue.state(), "paused");
  assert.ok(queue.rows().length < 8);
});

Deno.test("PACS-4.2.4-b cancelling stops transfers and says what was not sent", async () => {
  const { queue, sent } = setUp();
  await queue.add(files("a", "b", "c", "d"));
  sent[0]?.succeed();
  await settled();
  queue.cancel();
  assert.deepEqual(sent.map((each) => each.cancelled), [false, true, true, true]);
  sent[1]?.succeed();
  await settled();
  assert.deepEqual(verdicts(queue), ["a stored", "b cancelled", "c cancelled", "d cancelled"]);
  assert.equal(queue.state(), "finished");
});

Deno.test("a new import after a finished one starts a new list", async () => {
  const { queue, sent } = setUp();
  await queue.add(files("a"));
  sent[0]?.succeed();
  await settled();
  await queue.add(files("b"));
  assert.deepEqual([queue.state(), queue.rows().length, queue.files()], ["running", 0, 1]);
});

Deno.test("dropped folders are walked to the bottom, portion by portion; what cannot be read is told", async () => {
  const file = (fullPath: string, fails = false) => ({
    isFile: true,
    fullPath,
    file: (resolve: (file: Blob) => void, reject: () => void) => fails ? reject() : resolve(new Blob(["x"])),
  });
  const folder = (fullPath: string, ...portions: unknown[][]) => ({
    isFile: false,
    fullPath,
    createReader: () => ({
      readEntries: (resolve: (entries: unknown[]) => void) => resolve(portions.shift() ?? []),
    }),
  });
  const tree = folder("/cd", [file("/cd/1"), folder("/cd/sub", [file("/cd/sub/2")])], [file("/cd/3", true)]);
  const items = [{ kind: "string" }, { kind: "file", webkitGetAsEntry: () => tree }];
  const entries = entriesOf(items as unknown as DataTransferItemList);
  const found: string[] = [];
  for await (const each of filesOfEntries(entries)) {
    found.push("file" in each ? each.path : `${each.path} unreadable`);
  }
  assert.deepEqual(found, ["cd/1", "cd/sub/2", "cd/3 unreadable"]);
});
