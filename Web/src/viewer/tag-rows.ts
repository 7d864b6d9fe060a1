/** A data set as table rows. */
import { personName } from "../core/format.ts";
import type { Attribute, DataSet } from "../core/dicom-json.ts";
import { keywordOf } from "./tag-names.ts";

export interface TagRow {
  id: string;
  depth: number;
  tag: string;
  keyword: string;
  vr: string;
  value: string;
}

const rowMaximum = 3000;
const depthMaximum = 16;
const valueMaximum = 500;

export function tagRows(data: DataSet): TagRow[] {
  const rows: TagRow[] = [];
  addRows(rows, data, 0);
  return rows;
}

function addRows(rows: TagRow[], data: DataSet, depth: number): void {
  for (const tag of Object.keys(data).sort()) {
    const attribute = data[tag];
    if (!attribute || rows.length >= rowMaximum) return;
    rows.push({
      id: String(rows.length),
      depth,
      tag: `(${tag.slice(0, 4)},${tag.slice(4)})`,
      keyword: keywordOf(tag),
      vr: attribute.vr,
      value: valueText(attribute),
    });
    if (attribute.vr !== "SQ" || depth >= depthMaximum) continue;
    for (const item of attribute.Value ?? []) if (isDataSet(item)) addRows(rows, item, depth + 1);
  }
}

function isDataSet(value: unknown): value is DataSet {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueText(attribute: Attribute): string {
  if (attribute.vr === "SQ") return `[${attribute.Value?.length ?? 0}]`;
  if (attribute.BulkDataURI !== undefined || attribute.InlineBinary !== undefined) return "…";
  const text = (attribute.Value ?? []).map(oneValue).join("\\");
  return text.length > valueMaximum ? `${text.slice(0, valueMaximum)}…` : text;
}

function oneValue(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (!isDataSet(value)) return String(value);
  const groups = value as unknown as Readonly<Record<string, string>>;
  const { primary, secondary } = personName(`${groups.Alphabetic ?? ""}=${groups.Ideographic ?? ""}`);
  return [primary, secondary].filter((each) => each !== "").join(" ");
}
