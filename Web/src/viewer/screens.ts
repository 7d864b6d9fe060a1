/** The monitors of this computer: which one the window is on, what each is for, how large its pixels are. */
import type { API } from "../core/api.ts";
import { readStored, writeStored } from "../core/stored.ts";
import { computed, onCleanup, type ReadSignal, type Signal, signal } from "../ui/signal.ts";
import { type DisplayFacts, displayIssues } from "./display-check.ts";
import {
  connectedScreens,
  onScreensChange,
  screenKey,
  type ScreenPlace,
  screensKey,
} from "../core/monitors.ts";
import { viewerWindowName } from "../core/windows.ts";
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

function look(): Seen {
  const ratio = globalThis.devicePixelRatio || 1;
  const { width, height, colorDepth } = screen;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  return {
    key: screenKey(screen, ratio),
    facts: {
      width: w,
      height: h,
      colorDepth,
      ratio,
      monochrome: matchMedia("(monochrome)").matches,
      pinch: globalThis.visualViewport?.scale ?? 1,
    },
  };
}

export class Screens {
  /** Names the computer: its monitors are kept on the server under it. */
  readonly workstation = workstationName();
  readonly #profiles: Signal<Profiles> = signal(readStored(screensKey, areProfiles, {}));
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

  /** Pictures in colour may be shown on a screen without any, once the reader has said so. */
  readonly greyAllowed: Signal<boolean> = signal(false);
  /** All monitors of the computer, where the browser tells. */
  readonly connected: Signal<readonly ScreenPlace[] | null> = signal(null);
  /** The connected monitor that is meant for diagnosis. */
  readonly diagnostic: ReadSignal<ScreenPlace | null> = computed(() =>
    this.connected()?.find((each) => this.#profiles()[each.key]?.role === "diagnostic") ?? null
  );
  /** A monitor for diagnosis is known and not connected. */
  readonly absent: ReadSignal<boolean> = computed(() => {
    const known = Object.values(this.#profiles()).some((each) => each.role === "diagnostic");
    return known && this.connected() !== null && this.diagnostic() === null;
  });

  constructor(private readonly api: API) {
    void this.#load();
    const list = (asks: boolean) => connectedScreens(asks).then(this.connected.set);
    void list(false);
    onCleanup(onScreensChange(() => void list(false)));
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
      writeStored(screensKey, this.#profiles.peek());
    } catch {
      // Nothing is kept under this name yet, or the server is away: this browser's copy holds.
    }
  }

  /** Brings this window onto the monitor meant for diagnosis; false where there is none or the browser cannot. */
  async moveToDiagnostic(): Promise<boolean> {
    this.connected.set(await connectedScreens(true));
    const target = this.diagnostic.peek();
    if (!target) return false;
    if (window.name === viewerWindowName) {
      window.moveTo(target.left, target.top);
      window.resizeTo(target.width, target.height);
      return true;
    }
    // A tab cannot be moved; full screen it goes where it is told.
    try {
      await document.documentElement.requestFullscreen({ screen: target.screen } as FullscreenOptions);
      return true;
    } catch {
      return false;
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
    writeStored(screensKey, this.#profiles.peek());
    this.api.saveScreens(this.workstation.peek(), this.#profiles.peek()).catch(() => undefined);
  }
}
