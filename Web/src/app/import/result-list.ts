/** The verdicts as a file for whoever has to follow them up. */
import { t } from "../../core/i18n.ts";
import { reasonOf, verdictNames } from "./panel.tsx";
import type { ImportRow } from "./queue.ts";

/** CSV (RFC 4180). A leading `=`, `+`, `-` or `@` would be run as a formula by spreadsheets and is disarmed. */
export function csvField(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function saveResultList(rows: readonly ImportRow[]): void {
  const head = [t("import.column.verdict"), t("import.column.path"), t("import.column.reason")];
  const lines = rows.map((row) => [t(verdictNames[row.verdict]), row.path, reasonOf(row)]);
  const text = [head, ...lines].map((line) => line.map(csvField).join(",")).join("\r\n");
  // The byte order mark makes spreadsheets read the text as UTF-8.
  const url = URL.createObjectURL(new Blob(["\uFEFF", text, "\r\n"], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = t("import.save.name");
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
