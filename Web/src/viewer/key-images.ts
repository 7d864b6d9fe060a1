/** Images the reader has marked as key images. Kept per study in this browser until the server keeps them as objects. */
import { readStored, writeStored } from "../core/stored.ts";
import { signal } from "../ui/signal.ts";
import { isRecord, strings } from "./hanging-checks.ts";
import type { Pane } from "./pane.ts";

type Kept = Readonly<Record<string, readonly string[]>>;
const entryMaximum = 1000;

const isKept = (value: unknown): value is Kept =>
  isRecord(value) && Object.values(value).every((each) => strings(each, entryMaximum));

/** SOP Instance UID and frame number. */
function keyOf(pane: Pane): { study: string; image: string } | null {
  const [frame, place] = [pane.frame(), pane.place()];
  if (!frame || !place) return null;
  return {
    study: place.study.study.studyInstanceUID,
    image: `${frame.instance.sopInstanceUID}/${frame.frameNumber}`,
  };
}

export class KeyImages {
  readonly #key: string;
  readonly #kept;

  constructor(account: string) {
    this.#key = `apus.keyImages.${account}`;
    this.#kept = signal(readStored(this.#key, isKept, {}));
  }

  isMarked(pane: Pane): boolean {
    const key = keyOf(pane);
    return key !== null && (this.#kept()[key.study]?.includes(key.image) ?? false);
  }

  /** Puts the mark on or takes it off; returns what takes that back. */
  toggle(pane: Pane): (() => void) | null {
    const key = keyOf(pane);
    if (!key) return null;
    const flip = () => {
      const before = this.#kept.peek()[key.study] ?? [];
      const after = before.includes(key.image)
        ? before.filter((each) => each !== key.image)
        : [...before, key.image];
      this.#kept.update((all) => ({ ...all, [key.study]: after }));
      writeStored(this.#key, this.#kept.peek());
    };
    flip();
    return flip;
  }

  /** Places of the marked images in the stack a view shows. */
  indices(pane: Pane): number[] {
    const study = pane.place()?.study.study.studyInstanceUID;
    const marked = new Set(study === undefined ? [] : this.#kept()[study] ?? []);
    if (marked.size === 0) return [];
    return pane.frames().flatMap((frame, index) =>
      marked.has(`${frame.instance.sopInstanceUID}/${frame.frameNumber}`) ? [index] : []
    );
  }
}
