/** The monitors of this computer: which one the window is on, what each is for, how large its pixels are. */
import type { API } from "../core/api.ts";
import { readStored, writeStored } from "../core/stored.ts";
import { computed, onCleanup, type ReadSignal, type Signal, signal } from "../ui/signal.ts";
import { type DisplayFacts, displayIssues } from "./display-check.ts";
import { isRecord } from "./hanging-checks.ts";
import { renamed, workstationName } from "./workplace.ts";

export type ScreenRole = "diagnostic" | "office" | "unset";
export const screenRoles: readonly ScreenRole[] = ["diagnostic", "office", "unset"];

export interface ScreenProfile {
  role: ScreenRole;
  /** Device pixels per millimetre as measured; `null` until it is calibrated. */
  pixelsPerMM: number | null;
  /** Device pixels per CSS pixel without browser zoom. */
  ownRatio: number;
}

type Profiles = Readonly<Record<string, ScreenProfile>>;
const storageKey = "apus.screens";
const pollMilliseconds = 1000;
const plain: ScreenProfile = { role: "unset", pixelsPerMM: null, ownRatio: 1 };

function areProfiles(value: unknown): value is Profiles {
  return isRecord(value) &&
    Object.values(value).every((each) =>
      isRecord(each) && screenRoles.some((role) => role === each.role) && typeof each.ownRatio === "number" &&
      (each.pixelsPerMM === null || typeof each.pixelsPerMM === "number")
    );
}

interface Seen {
  key: string;
  facts: Omit<DisplayFacts, "ownRatio">;
}

/** Browsers tell no serial number: size, depth and place on the desktop name a monitor. */
function look(): Seen {
  const ratio = globalThis.devicePixelRatio || 1;
  const { width, height, colorDepth } = screen;
  const place = screen as Screen & { availLeft?: number; availTop?: number };
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  const key = `${w}x${h} ${colorDepth} ${Math.round((place.availLeft ?? 0) * ratio)}`;
  return {
    key,
    facts: { width: w, height: h, colorDepth, ratio, pinch: globalThis.visualViewport?.scale ?? 1 },
  };
}

export class Screens {
  /** Names the computer: its monitors are kept on the server under it. */
  readonly workstation = workstationName();
  readonly #profiles: Signal<Profiles> = signal(readStored(storageKey, areProfiles, {}));
  readonly #seen: Signal<Seen> = signal(look());
  readonly key: ReadSignal<string> = computed(() => this.#seen().key);
  readonly profile: ReadSignal<ScreenProfile> = computed(() => this.#profiles()[this.key()] ?? plain);
  readonly pixelsPerMM: ReadSignal<number | null> = computed(() => this.profile().pixelsPerMM);
  readonly facts: ReadSignal<DisplayFacts> = computed(() => ({
    ...this.#seen().facts,
    ownRatio: this.profile().ownRatio,
  }));
  readonly issues = computed(() => displayIssues(this.facts()));
  /** The window stands on another screen than the one meant for diagnosis. */
  readonly misplaced: ReadSignal<boolean> = computed(() => {
    const known = Object.values(this.#profiles());
    return known.some((each) => each.role === "diagnostic") && this.profile().role !== "diagnostic";
  });

  constructor(private readonly api: API) {
    void this.#load();
    const update = () => {
      const now = look();
      if (JSON.stringify(now) !== JSON.stringify(this.#seen.peek())) this.#seen.set(now);
    };
    // Moving a window from one monitor to another fires no event everywhere.
    const timer = setInterval(update, pollMilliseconds);
    addEventListener("resize", update);
    globalThis.visualViewport?.addEventListener("resize", update);
    onCleanup(() => {
      clearInterval(timer);
      removeEventListener("resize", update);
      globalThis.visualViewport?.removeEventListener("resize", update);
    });
  }

  /** What another browser of this workstation has set. */
  async #load(): Promise<void> {
    try {
      const kept = await this.api.screens(this.workstation.peek());
      if (!areProfiles(kept)) return;
      this.#profiles.update((all) => ({ ...all, ...kept }));
      writeStored(storageKey, this.#profiles.peek());
    } catch {
      // Nothing is kept under this name yet, or the server is away: this browser's copy holds.
    }
  }

  /** Gives the computer another name; false for one that cannot be used. */
  async rename(name: string): Promise<boolean> {
    if (!renamed(this.workstation, name)) return false;
    await this.#load();
    return true;
  }

  /** Changes what is known of the screen the window is on. */
  change(change: Partial<ScreenProfile>): void {
    this.#profiles.update((all) => ({ ...all, [this.key.peek()]: { ...this.profile.peek(), ...change } }));
    writeStored(storageKey, this.#profiles.peek());
    this.api.saveScreens(this.workstation.peek(), this.#profiles.peek()).catch(() => undefined);
  }
}
