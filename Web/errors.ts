/** Reads the catalogue of errors and the table of serious functions, which the server declares (Sources/PACSServer). */
import type { Locale } from "./src/core/i18n.ts";

interface Wording {
  text: string;
  remedy: string;
}

export type ErrorEntry = Readonly<Record<Locale, Wording>> & {
  code: string;
  severity: string;
  contact: string;
  surfaces: readonly string[];
};

export type SeriousFunction = Readonly<Record<Locale, string>> & {
  name: string;
  safeguard: string;
  ways: readonly string[];
};

/** The lines of the one multi-line literal that a file assigns to `table`. */
function tableLines(path: string): string[] {
  const text = Deno.readTextFileSync(new URL(`../Sources/PACSServer/${path}`, import.meta.url));
  const [, body] = /table = """\n([\s\S]*?)\n\s*"""/.exec(text) ?? [];
  if (body === undefined) throw new Error(`${path} has no table`);
  return body.split("\n").map((each) => each.trim()).filter((each) => each !== "");
}

function wording(line = ""): Wording {
  const [text = "", remedy = ""] = line.split(" | ");
  if (text === "" || remedy === "") throw new Error(`an error without text or remedy: ${line}`);
  return { text, remedy };
}

function groupsOf<Entry>(lines: readonly string[], size: number, read: (group: string[]) => Entry): Entry[] {
  return Array.from(
    { length: lines.length / size },
    (_, at) => read(lines.slice(at * size, (at + 1) * size)),
  );
}

export const errorEntries: readonly ErrorEntry[] = groupsOf(
  tableLines("Errors/ErrorCatalogue+Table.swift"),
  3,
  ([head = "", chinese, english]) => {
    const [code = "", severity = "", contact = "", surfaces = ""] = head.split(" ");
    const words = { "zh-CN": wording(chinese), "en": wording(english) };
    return { code, severity, contact, surfaces: surfaces.split(","), ...words };
  },
);

export const seriousFunctions: readonly SeriousFunction[] = groupsOf(
  tableLines("Safety/SeriousFunction.swift"),
  4,
  ([head = "", ways = "", chinese = "", english = ""]) => {
    const [name = "", safeguard = ""] = head.split(" ");
    return { name, safeguard, ways: ways.split("; "), "zh-CN": chinese, "en": english };
  },
);

/** What stands under `error.` that is about showing errors, not one of them. */
const own = new Set(["error.copied", "error.copy"]);

/** The page's messages with those of the catalogue that the page words itself, in the place where such stood. */
export function pageMessages(messages: Record<string, string>, locale: Locale): Record<string, string> {
  const made = errorEntries.filter((each) => each.surfaces.includes("page")).flatMap((each) => [
    [`error.${each.code}`, each[locale].text],
    [`error.${each.code}.remedy`, each[locale].remedy],
  ]);
  const result: [string, string][] = [];
  for (const [key, message] of Object.entries(messages)) {
    const isMade = key.startsWith("error.") && !own.has(key);
    if (isMade && made.length > 0) result.push(...made.splice(0) as [string, string][]);
    if (!isMade) result.push([key, message]);
  }
  return Object.fromEntries(result);
}
