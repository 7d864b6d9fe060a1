/**
 * Key images: those the reader has marked, kept in this browser until they are published, and those the study's documents
 * name.
 */
import { readStored, writeStored } from "../core/stored.ts";
import { signal } from "../ui/signal.ts";
import type { API } from "../core/api.ts";
import { isRecord, strings } from "./hanging-checks.ts";
import { type KeyImage, publishedKeyImages } from "./key-documents.ts";
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
  /** From documents of the study, by Study Instance UID. */
  readonly #published = signal<ReadonlyMap<string, readonly KeyImage[]>>(new Map());

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

  /** Reads what the study's documents name; a server that has none is no failure. */
  async load(api: API, study: string): Promise<void> {
    try {
      const found = await publishedKeyImages(api, study);
      this.#published.update((all) => new Map([...all, [study, found]]));
    } catch {
      // The reader's own marks stand without them.
    }
  }

  /** How many marked images of a study are not published yet. */
  waiting(study: string): number {
    return this.#kept()[study]?.length ?? 0;
  }

  /** Writes the reader's marked images of a study as a document, which from then on names them. */
  async publish(api: API, study: string): Promise<void> {
    const images = (this.#kept.peek()[study] ?? []).map((each) => {
      const [sopInstanceUID = "", frame = "1"] = each.split("/");
      return { sopInstanceUID, frameNumbers: [Number(frame)] };
    });
    await api.publishKeyImages(study, images);
    this.#kept.update((all) => ({ ...all, [study]: [] }));
    writeStored(this.#key, this.#kept.peek());
    await this.load(api, study);
  }

  /** Places of key images in the stack a view shows. */
  indices(pane: Pane): number[] {
    const study = pane.place()?.study.study.studyInstanceUID ?? "";
    const marked = new Set(this.#kept()[study] ?? []);
    const published = new Map(
      (this.#published().get(study) ?? []).map((each) => [each.sopInstanceUID, each]),
    );
    if (marked.size === 0 && published.size === 0) return [];
    return pane.frames().flatMap(({ instance: { sopInstanceUID }, frameNumber }, index) => {
      const named = published.get(sopInstanceUID);
      const isNamed = named && (named.frameNumbers.length === 0 || named.frameNumbers.includes(frameNumber));
      return isNamed || marked.has(`${sopInstanceUID}/${frameNumber}`) ? [index] : [];
    });
  }
}
