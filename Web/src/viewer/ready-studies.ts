/**
 * Studies made ready before they are opened, because they are chosen in the list or come next in it: manifest, hanging protocol and the
 * pictures that will hang, into memory that nothing else needs.
 */
import { type API, isAbort } from "../core/api.ts";
import { parseStudy, type StudyText } from "../imaging/manifest.ts";
import type { Imaging, StudyManifest } from "../imaging/pictures.ts";
import type { Protocol } from "./hanging.ts";
import { firstPlaces } from "./hang-study.ts";
import { forgetImages, sharedImaging } from "./imaging.ts";
import { bestOnServer } from "./protocol-store.ts";

export interface ReadyStudy {
  manifest: StudyManifest;
  /** What the server hangs it by; `undefined` when that is not known. */
  protocol: Protocol | null | undefined;
}

interface Preparation {
  readonly abort: AbortController;
  found: ReadyStudy | null;
  since: number;
  images: { cancel(): void } | null;
}

/** What was made ready longer ago says too little about what is there now. */
const freshMilliseconds = 10 * 60_000;

export class ReadyStudies {
  readonly #api: API;
  readonly #imaging: Imaging;
  readonly #studies = new Map<string, Preparation>();

  constructor(api: API, imaging: Imaging) {
    this.#api = api;
    this.#imaging = imaging;
  }

  /** Makes these ready, the first one first, and gives up all others. */
  want(studyInstanceUIDs: readonly string[]): void {
    for (const uid of [...this.#studies.keys()]) if (!studyInstanceUIDs.includes(uid)) this.forget(uid);
    for (const uid of studyInstanceUIDs) {
      const known = this.#studies.get(uid);
      if (known && performance.now() - known.since < freshMilliseconds) continue;
      this.forget(uid);
      const preparation = {
        abort: new AbortController(),
        found: null,
        since: performance.now(),
        images: null,
      };
      this.#studies.set(uid, preparation);
      void this.#prepare(uid, preparation);
    }
  }

  async #prepare(uid: string, preparation: Preparation): Promise<void> {
    const { signal } = preparation.abort;
    try {
      const [text, protocol] = await Promise.all([
        this.#api.viewing(uid, signal, true),
        bestOnServer(this.#api, uid),
      ]);
      if (signal.aborted) return;
      const manifest = parseStudy(text as StudyText);
      preparation.found = { manifest, protocol };
      preparation.images = this.#imaging.prefetch(manifest, firstPlaces(protocol ?? null, manifest));
    } catch (error) {
      // It is asked for again, and says why it fails, when it is opened.
      if (!isAbort(error) && this.#studies.get(uid) === preparation) this.#studies.delete(uid);
    }
  }

  /** Whether `take` would give something. */
  has(uid: string): boolean {
    const preparation = this.#studies.get(uid);
    return preparation !== undefined && usable(preparation) !== null;
  }

  /** What was made ready of a study, once; its images stay until `settle` is called. */
  take(uid: string): { ready: ReadyStudy; settle: () => void } | null {
    const preparation = this.#studies.get(uid);
    this.#studies.delete(uid);
    if (!preparation) return null;
    const settle = () => preparation.images?.cancel();
    const ready = usable(preparation);
    if (ready) return { ready, settle };
    preparation.abort.abort();
    settle();
    return null;
  }

  /** As when it changed on the server. */
  forget(uid: string): void {
    const preparation = this.#studies.get(uid);
    this.#studies.delete(uid);
    preparation?.abort.abort();
    preparation?.images?.cancel();
  }
}

function usable({ found, since }: Preparation): ReadyStudy | null {
  return performance.now() - since < freshMilliseconds ? found : null;
}

let studies: ReadyStudies | null = null;
let imaging: Imaging | null = null;

/** The window's, which forgets with its images. */
export function readyStudies(api: API): ReadyStudies {
  const shared = sharedImaging(api);
  if (!studies || imaging !== shared) studies = new ReadyStudies(api, imaging = shared);
  return studies;
}

/** At the end of a session: nothing that was made ready for one reader stays for the next. */
export function forgetReadyStudies(): void {
  studies?.want([]);
  studies = null;
  forgetImages();
}
