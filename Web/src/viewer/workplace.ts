/** What follows a person and a workstation from browser to browser. The server keeps it; this browser's copy serves without it. */
import type { API } from "../core/api.ts";
import { type ProfileName, profileNames } from "../core/profiles.ts";
import { storedSignal } from "../core/stored.ts";
import { effect, type Signal } from "../ui/signal.ts";

export const isProfile = (value: unknown): value is ProfileName =>
  profileNames.some((each) => each === value);
const profileKey = "profile";
const nameForm = /^[\p{L}\p{N}._ -]{1,64}$/u;
const isName = (value: unknown): value is string => typeof value === "string" && nameForm.test(value);

/** Browsers do not tell which computer they run on: people name it, until then it has a name of its own. */
export function workstationName(): Signal<string> {
  const name = storedSignal("apus.workstation", isName, "");
  if (name.peek() === "") {
    const [random = 0] = crypto.getRandomValues(new Uint16Array(1));
    name.set(`ws-${random.toString(16).padStart(4, "0")}`);
  }
  return name;
}

export function renamed(name: Signal<string>, text: string): boolean {
  const trimmed = text.trim();
  if (!isName(trimmed)) return false;
  name.set(trimmed);
  return true;
}

/** Takes the person's habits from the server, and tells it of changes. */
export function followProfile(api: API, profile: Signal<ProfileName>): void {
  let known: ProfileName | null = null;
  const begun = api.preference(profileKey).then((value) => {
    const name = (value as { name?: unknown } | null)?.name;
    if (isProfile(name)) profile.set(known = name);
  }).catch(() => undefined);
  let isFirst = true;
  effect(() => {
    const name = profile();
    if (isFirst) {
      isFirst = false;
      return;
    }
    void begun.then(() => {
      if (name === known || name !== profile.peek()) return;
      known = name;
      return api.savePreference(profileKey, { name });
    }).catch(() => undefined);
  });
}
