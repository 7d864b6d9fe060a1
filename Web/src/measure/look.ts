/** How the reader wants marks to look: colour, outline and digits. Kept for the account, on the server and in this browser. */
import type { API } from "../core/api.ts";
import { readStored, writeStored } from "../core/stored.ts";
import { effect, type Signal, signal } from "../ui/signal.ts";

/** Bright colours, each with a dark outline: one of the two stands out from any picture. */
export const colors = ["yellow", "green", "orange", "pink", "white"] as const;
export const outlineWidths = ["normal", "strong"] as const;
/** As many digits as the uncertainty supports; or fewer, or more whatever it is. */
export const digitChoices = ["supported", "fewer", "more", "most"] as const;

export interface Look {
  color: typeof colors[number];
  outline: typeof outlineWidths[number];
  digits: typeof digitChoices[number];
}

const usual: Look = { color: "yellow", outline: "normal", digits: "supported" };
/** One for all viewports: what is chosen is seen everywhere at once. */
export const look: Signal<Look> = signal(usual);

function isLook(value: unknown): value is Look {
  const { color, outline, digits } = (value ?? {}) as Partial<Look>;
  return colors.some((each) => each === color) && outlineWidths.some((each) => each === outline) &&
    digitChoices.some((each) => each === digits);
}

const preferenceKey = "marks";

/** Takes the account's look from the server, or from this browser without it, and keeps changes in both. */
export function followLook(api: API, account: string): void {
  const stored = `apus.marks.look.${account}`;
  let known = readStored(stored, isLook, usual);
  look.set(known);
  const begun = api.preference(preferenceKey).then((value) => {
    // What was chosen meanwhile is newer than what the server has.
    if (isLook(value) && look.peek() === known) look.set(known = value);
  }).catch(() => undefined);
  effect(() => {
    const chosen = look();
    if (chosen === known) return;
    known = chosen;
    writeStored(stored, chosen);
    void begun.then(() => api.savePreference(preferenceKey, chosen)).catch(() => undefined);
  });
}
