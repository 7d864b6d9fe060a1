/** Message catalogues. Keys are written out in full where they are used, so that a test can find missing and unused ones. */

import { assets } from "./assets.ts";
import { takeAnswer } from "./head-start.ts";

export type Locale = "zh-CN" | "en";
export type Params = Readonly<Record<string, string | number>>;
type Catalogue = Readonly<Record<string, string>>;

export const locales: readonly Locale[] = ["zh-CN", "en"];
const storageKey = "apus.locale";

let catalogue: Catalogue = {};
let active: Locale = "zh-CN";
let plurals = new Intl.PluralRules(active);
let numbers = new Intl.NumberFormat(active);

export function locale(): Locale {
  return active;
}

/** The user's choice, else the browser's language when there is a catalogue for it, else Chinese. */
export function preferredLocale(): Locale {
  const saved = localStorage.getItem(storageKey);
  const chosen = locales.find((each) => each === saved);
  if (chosen) return chosen;
  return navigator.languages.some((each) => each.startsWith("zh")) || !navigator.language.startsWith("en")
    ? "zh-CN"
    : "en";
}

export async function loadLocale(next: Locale): Promise<void> {
  const address = assets().locales[next] ?? "";
  const response = await takeAnswer(address) ?? await fetch(address);
  useCatalogue(next, (await response.json()) as Catalogue);
  document.documentElement.lang = next;
}

export function useCatalogue(next: Locale, messages: Catalogue): void {
  catalogue = messages;
  active = next;
  plurals = new Intl.PluralRules(next);
  numbers = new Intl.NumberFormat(next);
}

export function rememberLocale(next: Locale): void {
  localStorage.setItem(storageKey, next);
}

/** The message for `key` with `{name}` places filled in. */
export function t(key: string, params: Params = {}): string {
  const message = catalogue[key] ?? key;
  return message.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = params[name];
    if (value === undefined) return place;
    return typeof value === "number" ? numbers.format(value) : value;
  });
}

/** The message for `key` in the plural form of `count`, which fills `{n}`; languages without plurals have one form. */
export function plural(key: string, count: number, params: Params = {}): string {
  const form = `${key}.${plurals.select(count)}`;
  return t(form in catalogue ? form : `${key}.other`, { ...params, n: count });
}

/** Whether a message exists; used for codes that come from the server. */
export function hasMessage(key: string): boolean {
  return key in catalogue;
}
