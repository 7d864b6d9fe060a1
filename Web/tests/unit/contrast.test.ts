import assert from "node:assert/strict";
import { source } from "./support.ts";

const tokens = source("styles/tokens.css");

function theme(selector: RegExp): Map<string, string> {
  const block = tokens.match(selector)?.[1] ?? "";
  return new Map(
    [...block.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const texts: [string, string[]][] = [
  ["--text", [
    "--ground",
    "--surface",
    "--raised",
    "--hover",
    "--selected",
    "--warning-ground",
    "--error-ground",
  ]],
  ["--text-soft", ["--ground", "--surface", "--raised", "--hover", "--selected"]],
  ["--accent", ["--surface", "--accent-soft"]],
  ["--on-accent", ["--accent"]],
  ["--good", ["--surface"]],
  ["--warning", ["--warning-ground"]],
  ["--error", ["--error-ground", "--surface", "--ground"]],
];
const marks: [string, string[]][] = [
  ["--focus", ["--surface", "--ground", "--selected"]],
  ["--line-strong", ["--surface"]],
];

for (
  const [name, selector] of [["light", /:root \{([\s\S]*?)\n\}/], [
    "dark",
    /\[data-theme="dark"\] \{([\s\S]*?)\n\}/,
  ]] as const
) {
  Deno.test(`WCAG 1.4.3 text of the ${name} theme has a contrast of 4.5 on every ground, marks 3`, () => {
    const colors = theme(selector);
    const weak: string[] = [];
    for (const [pairs, least] of [[texts, 4.5], [marks, 3]] as const) {
      for (const [front, grounds] of pairs) {
        for (const ground of grounds) {
          const ratio = contrast(colors.get(front) ?? "", colors.get(ground) ?? "");
          if (!(ratio >= least)) weak.push(`${front} on ${ground}: ${ratio.toFixed(2)}`);
        }
      }
    }
    assert.deepEqual(weak, []);
  });
}
