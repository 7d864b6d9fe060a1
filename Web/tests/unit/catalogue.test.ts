import assert from "node:assert/strict";
import { plural, t, useCatalogue } from "../../src/core/i18n.ts";
import { catalogue, sources } from "./support.ts";

const chinese = catalogue("zh-CN");
const english = catalogue("en");
const namespaces = new Set(Object.keys(english).map((key) => key.split(".")[0]));
const withoutForm = (key: string) => key.replace(/\.(one|other)$/, "");

/** Every string literal in the sources that looks like a message key. */
function keysUsed(): Map<string, string> {
  const used = new Map<string, string>();
  for (const [path, text] of sources(".ts", ".tsx")) {
    for (const [, key = ""] of text.matchAll(/"([a-z]+(?:\.[A-Za-z0-9]+)+)"/g)) {
      if (namespaces.has(key.split(".")[0])) used.set(key, path);
    }
  }
  return used;
}

Deno.test("both languages have the same messages", () => {
  const keys = (messages: Record<string, string>) =>
    [...new Set(Object.keys(messages).map(withoutForm))].sort();
  assert.deepEqual(keys(chinese), keys(english));
});

Deno.test("a message has the same places in both languages", () => {
  const places = (message = "") => [...message.matchAll(/\{(\w+)\}/g)].map((each) => each[1]).sort();
  for (const [key, message] of Object.entries(chinese)) {
    assert.deepEqual(places(message), places(english[key]), key);
  }
});

Deno.test("every key in the sources has a message, and every message is used", () => {
  const used = keysUsed();
  const known = new Set(Object.keys(english).map(withoutForm));
  const missing = [...used].filter(([key]) => !known.has(key)).map(([key, path]) => `${key} in ${path}`);
  // Errors are looked up by their code; manual.ts writes them from the catalogue.
  const unused = [...known].filter((key) => !used.has(key) && !key.startsWith("error."));
  assert.deepEqual({ missing, unused }, { missing: [], unused: [] });
});

Deno.test("no text for the reader stands in the sources", () => {
  const found: string[] = [];
  for (const [path, text] of sources(".ts", ".tsx")) {
    // Words looked for in descriptions of series; the reader does not see them.
    if (path.endsWith("viewer/hanging-defaults.ts")) continue;
    const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
    for (const [han] of code.matchAll(/\p{Script=Han}+/gu)) found.push(`${path}: ${han}`);
    if (!path.endsWith(".tsx")) continue;
    for (const [, word] of code.matchAll(/>\s*([A-Za-z][A-Za-z ,.!?']*)\s*<\//g)) {
      found.push(`${path}: ${word}`);
    }
    for (
      const [attribute] of code.matchAll(/\b(?:title|label|placeholder|alt|aria-label)="[^"]*[A-Za-z][^"]*"/g)
    ) {
      found.push(`${path}: ${attribute}`);
    }
  }
  assert.deepEqual(found, []);
});

Deno.test("nothing writes markup or runs text as code", () => {
  for (const [path, text] of sources(".ts", ".tsx")) {
    assert.doesNotMatch(
      text,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(/,
      path,
    );
  }
});

Deno.test("places are filled in and counts choose their form", () => {
  useCatalogue("en", english);
  assert.equal(plural("studies.count", 1), "1 study");
  assert.equal(plural("studies.count", 1200), "1,200 studies");
  assert.equal(t("viewer.image", { n: 3, count: 40 }), "Image 3 / 40");
  useCatalogue("zh-CN", chinese);
  assert.equal(plural("studies.count", 1), "1 个检查");
});
