/** Values of DICOM JSON (PS3.18 F) as texts, numbers, codes and references. Whatever is missing or odd is left out. */
import type { DataSet } from "../../core/dicom-json.ts";
import { personName } from "../../core/format.ts";

function values(data: DataSet | undefined, tag: string): readonly unknown[] {
  const found = data?.[tag]?.Value;
  return Array.isArray(found) ? found : [];
}

export function texts(data: DataSet | undefined, tag: string): string[] {
  return values(data, tag).filter((each) => each !== null && typeof each !== "object").map(String);
}

/** The first value, or an empty text. */
export function text(data: DataSet | undefined, tag: string): string {
  return texts(data, tag)[0] ?? "";
}

/** Numbers come as numbers, or as texts where JSON has none for them. */
export function numbers(data: DataSet | undefined, tag: string): number[] {
  return values(data, tag).map((each) => typeof each === "string" && each.trim() !== "" ? Number(each) : each)
    .filter((each): each is number => typeof each === "number" && Number.isFinite(each));
}

export function number(data: DataSet | undefined, tag: string): number | null {
  return numbers(data, tag)[0] ?? null;
}

export function items(data: DataSet | undefined, tag: string): DataSet[] {
  return values(data, tag).filter((each): each is DataSet =>
    typeof each === "object" && each !== null && !Array.isArray(each)
  );
}

/** A PN value as it is shown. */
export function person(data: DataSet | undefined, tag: string): string {
  const groups = items(data, tag)[0] as unknown as Readonly<Record<string, unknown>> | undefined;
  if (!groups) return "";
  const group = (name: string) => typeof groups[name] === "string" ? groups[name] : "";
  const { primary, secondary } = personName(`${group("Alphabetic")}=${group("Ideographic")}`);
  return [primary, secondary].filter((each) => each !== "").join(" ");
}

/** A coded entry (PS3.3 Table 8.8-1). */
export interface Code {
  value: string;
  scheme: string;
  meaning: string;
}

export function codeOf(item: DataSet | undefined): Code | null {
  const value = text(item, "00080100") || text(item, "00080119") || text(item, "00080120");
  const meaning = text(item, "00080104");
  return value === "" && meaning === "" ? null : { value, scheme: text(item, "00080102"), meaning };
}

export function codes(data: DataSet | undefined, tag: string): Code[] {
  return items(data, tag).map(codeOf).filter((each): each is Code => each !== null);
}

export function code(data: DataSet | undefined, tag: string): Code | null {
  return codes(data, tag)[0] ?? null;
}

export function meaningOf(found: Code | null): string {
  return found ? found.meaning || found.value : "";
}

/** The code behind a meaning, for those who want to know exactly. */
export function codeTitle({ value, scheme, meaning }: Code): string {
  return `(${value}, ${scheme}, "${meaning}")`;
}

/** Units are shown as they are written in UCUM; counts and ratios have none to show. */
export function unitText(unit: Code | null): string {
  if (!unit) return "";
  if (unit.scheme !== "UCUM") return unit.meaning || unit.value;
  if (unit.value === "1" || unit.value.startsWith("{")) return "";
  return unit.value;
}

export interface Reference {
  sopClassUID: string;
  sopInstanceUID: string;
  /** 1-based; empty means all. */
  frames: readonly number[];
}

export function referenceOf(item: DataSet | undefined): Reference | null {
  const sopInstanceUID = text(item, "00081155");
  if (sopInstanceUID === "") return null;
  return { sopClassUID: text(item, "00081150"), sopInstanceUID, frames: numbers(item, "00081160") };
}

const referenceLimits = { depth: 32, items: 100_000 } as const;

/** Every other object the data set speaks of, once, in the order of the text; at most `limit`. */
export function references(data: DataSet, limit: number): Reference[] {
  const found = new Map<string, Reference>();
  let visited = 0;
  const walk = (set: DataSet, depth: number) => {
    for (const tag of Object.keys(set).sort()) {
      for (const item of items(set, tag)) {
        if (found.size >= limit || depth >= referenceLimits.depth || ++visited > referenceLimits.items) {
          return;
        }
        const reference = set[tag]?.vr === "SQ" ? referenceOf(item) : null;
        if (reference && !found.has(reference.sopInstanceUID)) found.set(reference.sopInstanceUID, reference);
        walk(item, depth + 1);
      }
    }
  };
  walk(data, 0);
  return [...found.values()];
}
