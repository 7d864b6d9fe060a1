/** The content tree of a structured report (PS3.3 C.17.3) from DICOM JSON, ready to be shown. Knows no page. */
import type { DataSet } from "../../core/dicom-json.ts";
import { date, number as formatted, time } from "../../core/format.ts";
import {
  type Code,
  code,
  codes,
  items,
  meaningOf,
  number,
  numbers,
  person,
  type Reference,
  referenceOf,
  text,
  unitText,
} from "./data-set.ts";

export interface ReportNode {
  /** Position in the tree, as items refer to each other: `1.2.1`. */
  position: string;
  /** As written, for example `HAS CONCEPT MOD`; empty at the root. */
  relationship: string;
  valueType: string;
  name: Code | null;
  /** The value as it is read; empty for containers and for what has none. */
  value: string;
  /** The coded value, or the unit of a number. */
  code: Code | null;
  /** Why a number is as it is, or is missing. */
  qualifiers: readonly Code[];
  reference: Reference | null;
  /** Position of the item spoken of, of an item by reference. */
  target: string | null;
  children: readonly ReportNode[];
}

export interface Report {
  root: ReportNode;
  count: number;
  /** Items beyond the limits were left out. */
  isCut: boolean;
}

export const reportLimits = { items: 5000, depth: 32, characters: 100_000 } as const;

/** DT (PS3.5 §6.2): `2026-03-04 09:05:06 +08:00`. */
export function dateTime(value: string): string {
  const match = /^(\d{8})(\d{2,6})?(\.\d+)?([+-]\d{4})?$/.exec(value.trim());
  if (!match) return value;
  const [, day = "", clock = "", , zone = ""] = match;
  const offset = zone === "" ? "" : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  return [date(day), clock === "" ? "" : time(clock, clock.length > 4), offset].filter((each) => each !== "")
    .join(" ");
}

export function parseReport(data: DataSet): Report {
  let count = 0;
  let isCut = false;
  const node = (item: DataSet, position: string, depth: number): ReportNode => {
    count++;
    const children: ReportNode[] = [];
    items(item, "0040A730").forEach((child, index) => {
      if (count >= reportLimits.items || depth + 1 >= reportLimits.depth) isCut = true;
      else children.push(node(child, `${position}.${index + 1}`, depth + 1));
    });
    const valueType = text(item, "0040A040");
    const value = valueOf(item, valueType);
    if (value.value.length >= reportLimits.characters) isCut = true;
    return {
      position,
      relationship: text(item, "0040A010"),
      valueType,
      name: code(item, "0040A043"),
      ...value,
      target: numbers(item, "0040DB73").join(".") || null,
      children,
    };
  };
  return { root: node(data, "1", 0), count, isCut };
}

type Value = Pick<ReportNode, "value" | "code" | "qualifiers" | "reference">;

function valueOf(item: DataSet, type: string): Value {
  const plain = (value: string): Value => ({
    value: value.slice(0, reportLimits.characters),
    code: null,
    qualifiers: [],
    reference: null,
  });
  switch (type) {
    case "TEXT":
      return plain(text(item, "0040A160"));
    case "PNAME":
      return plain(person(item, "0040A123"));
    case "UIDREF":
      return plain(text(item, "0040A124"));
    case "DATE":
      return plain(date(text(item, "0040A121")));
    case "TIME":
      return plain(time(text(item, "0040A122"), true));
    case "DATETIME":
      return plain(dateTime(text(item, "0040A120")));
    case "CODE": {
      const found = code(item, "0040A168");
      return { ...plain(meaningOf(found)), code: found };
    }
    case "NUM":
      return measured(item);
    case "IMAGE":
    case "COMPOSITE":
    case "WAVEFORM":
      return { ...plain(""), reference: referenceOf(items(item, "00081199")[0]) };
    case "SCOORD":
    case "SCOORD3D":
      return plain(graphic(item, type === "SCOORD" ? 2 : 3));
    case "TCOORD":
      return plain(times(item));
    default:
      return plain("");
  }
}

/** Numeric Value is what was written for people; Floating Point Value adds digits nobody reads (PS3.3 C.18.1). */
function measured(item: DataSet): Value {
  const [value] = items(item, "0040A300");
  const unit = code(value, "004008EA");
  const amount = number(value, "0040A30A") ?? number(value, "0040A161");
  const shown = amount === null ? "" : `${formatted(amount, 10)} ${unitText(unit)}`.trim();
  return { value: shown, code: unit, qualifiers: codes(item, "0040A301"), reference: null };
}

function graphic(item: DataSet, dimensions: number): string {
  const points = numbers(item, "00700022").length / dimensions;
  return `${text(item, "00700023")} (${Math.floor(points)})`;
}

function times(item: DataSet): string {
  const points = numbers(item, "0040A132").map(String);
  const offsets = numbers(item, "0040A138").map((each) => `${formatted(each, 3)} s`);
  const all = [
    ...points,
    ...offsets,
    ...(item["0040A13A"]?.Value ?? []).map((each) => dateTime(String(each))),
  ];
  return `${text(item, "0040A130")} ${all.slice(0, 100).join(", ")}`.trim();
}
