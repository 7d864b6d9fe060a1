/** How DICOM values are shown: dates as YYYY-MM-DD, 24-hour clock, names without carets. */
import { locale } from "./i18n.ts";

export interface DisplayName {
  /** The group to read first: ideographic when there is one. */
  primary: string;
  /** The alphabetic group beside it, for example the pinyin; empty when it adds nothing. */
  secondary: string;
}

/** A PN value (PS3.5 §6.2.1): up to three groups parted by `=`, components by `^`. */
export function personName(value: string): DisplayName {
  const [alphabetic = "", ideographic = ""] = value.split("=");
  const latin = joinComponents(alphabetic, " ");
  const ideographs = joinComponents(ideographic, "");
  if (ideographs !== "") return { primary: ideographs, secondary: latin };
  return { primary: /\p{Script=Han}/u.test(latin) ? joinComponents(alphabetic, "") : latin, secondary: "" };
}

function joinComponents(group: string, separator: string): string {
  return group.split("^").map((part) => part.trim()).filter((part) => part !== "").join(separator);
}

/** DA → `2026-03-04`; anything else is shown as it is. */
export function date(value: string): string {
  const match = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(value);
  return match ? `${match[1]}-${match[2]}-${match[3]}` : value;
}

/** TM → `09:05`, with seconds when asked for. */
export function time(value: string, seconds = false): string {
  const match = /^(\d{2}):?(\d{2})?:?(\d{2})?/.exec(value);
  if (!match) return value;
  const minutes = `${match[1]}:${match[2] ?? "00"}`;
  return seconds ? `${minutes}:${match[3] ?? "00"}` : minutes;
}

/** A local day as DA, `daysAgo` days before `now`. */
export function dicomDate(now: Date, daysAgo = 0): string {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${day.getFullYear()}${two(day.getMonth() + 1)}${two(day.getDate())}`;
}

/** Whole years between two DA values; `null` when either is missing or not a date. */
export function ageInYears(birth: string, at: string): number | null {
  if (!/^\d{8}$/.test(birth) || !/^\d{8}$/.test(at) || at < birth) return null;
  const years = Number(at.slice(0, 4)) - Number(birth.slice(0, 4));
  return at.slice(4) < birth.slice(4) ? years - 1 : years;
}

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
}

/** Bytes in binary units with the usual symbols. */
export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let step = 0;
  let rest = value;
  while (rest >= 1024 && step < units.length - 1) {
    rest /= 1024;
    step++;
  }
  return `${number(rest, rest < 10 && step > 0 ? 1 : 0)} ${units[step]}`;
}
