import { manual } from "../../manual.ts";
import assert from "node:assert/strict";

Deno.test("PACS-4.1.1-i the viewer chapters of the manual say what the command registry and the catalogues say", async () => {
  const behind: string[] = [];
  for (const [path, text] of await manual()) {
    const kept = await Deno.readTextFile(new URL(`../../../Documentation/${path}`, import.meta.url)).catch(
      () => "",
    );
    if (kept !== text) behind.push(path);
  }
  // `deno run --allow-read --allow-write Web/manual.ts` writes them.
  assert.deepEqual(behind, []);
});
