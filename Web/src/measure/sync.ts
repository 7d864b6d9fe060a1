/**
 * Keeps a study's marks: each change goes to the journal at once and to the server within seconds, as often as it takes.
 * Knows no page and no clock of its own.
 */
import { APIError } from "../core/api.ts";
import { type ReadSignal, type Signal, signal } from "../ui/signal.ts";
import { DraftConflict, type MarksClient, type Published } from "./client.ts";
import { type Journal, type Unfinished } from "./journal.ts";
import { type Deletion, type Mark, newUID } from "./mark.ts";
import { type MarkStore, merged } from "./store.ts";

/**
 * `loading`: what is there is being fetched. `saved`: the server has everything. `waiting`, `saving`: it will soon. `offline`:
 * it cannot be reached, the journal keeps. `signedOut`: the journal keeps until the same reader is back. `refused`: the server
 * does not take it, the journal keeps.
 */
export type KeepState = "loading" | "saved" | "waiting" | "saving" | "offline" | "signedOut" | "refused";

export interface Timer {
  after(milliseconds: number, run: () => void): () => void;
}

export const browserTimer: Timer = {
  after(milliseconds, run) {
    const handle = setTimeout(run, milliseconds);
    return () => clearTimeout(handle);
  },
};

/** After the last change; but a reader who goes on drawing is saved as well. */
const quietMilliseconds = 1000;
const latestMilliseconds = 4000;
const retryMilliseconds = [1000, 2000, 4000, 8000, 15_000] as const;
/** Windows that keep contradicting each other give way to a later attempt. */
const conflictsInARow = 5;

export class MarkSync {
  readonly state: Signal<KeepState> = signal<KeepState>("loading");
  /** Why the server refused. */
  readonly error: Signal<unknown> = signal<unknown>(null);
  readonly #journalFailed = signal(false);
  /** The browser could not keep a change; then leaving the page would lose it. */
  readonly journalFailed: ReadSignal<boolean> = this.#journalFailed;
  /** Told after the server took a version, so that other windows can fetch it. */
  onSaved: () => void = () => {};

  /** What the server has last said; `null` before it has. */
  #revision: number | null = null;
  /** UIDs changed since, and what was taken away. */
  readonly #dirty = new Set<string>();
  #deleted = new Map<string, Deletion>();
  /** Deletions already stored, sent along so that other windows learn of them. */
  #storedDeletions = new Map<string, Deletion>();
  #unfinished: Unfinished | null = null;
  #writing: Promise<void> = Promise.resolve();
  #cancelTimer = () => {};
  #dirtySince: number | null = null;
  #failures = 0;
  #running: Promise<void> | null = null;
  #again = false;
  #ended = false;
  /** The same until an answer has come, so that a repeated request is known as such. */
  #attempt: string | null = null;

  constructor(
    readonly store: MarkStore,
    readonly client: MarksClient,
    readonly journal: Journal,
    readonly timer: Timer,
  ) {
    store.onChange = (uid, mark) => this.#changed(uid, mark);
  }

  /** Brings back what the journal keeps, then what the server has; gives the drawing that was broken off. */
  async open(): Promise<Unfinished | null> {
    const entry = await this.journal.read(this.store.author.name, this.store.study).catch(() => null);
    if (this.#ended) return null;
    if (entry) {
      for (const mark of entry.marks) this.#dirty.add(mark.uid);
      this.#deleted = new Map(entry.deleted.map((each) => [each.uid, each]));
      this.#unfinished = entry.unfinished;
      this.store.receive(entry.marks);
    }
    await this.#exchange();
    return entry?.unfinished ?? null;
  }

  /** Another window has stored: fetch it. */
  async refresh(): Promise<void> {
    if (this.#revision !== null) this.#revision = null;
    await this.#exchange();
  }

  /** Keeps a drawing that is not finished; `null` when it is, or was given up. */
  keepUnfinished(unfinished: Unfinished | null): void {
    if (unfinished === null && this.#unfinished === null) return;
    this.#unfinished = unfinished;
    this.#writeJournal();
  }

  /** Sends what is not yet sent and waits for the answer. */
  async flush(): Promise<void> {
    this.#cancelTimer();
    await this.#writing;
    await this.#exchange();
  }

  get allSaved(): boolean {
    return this.#dirty.size === 0 && this.#deleted.size === 0;
  }

  /** Writes marks as DICOM. They keep their place and look; only where they came from is added. */
  async publish(marks: readonly Mark[]): Promise<Published[]> {
    await this.flush();
    const instances = await this.client.publish(this.store.study, marks, newUID());
    this.#published(instances);
    return instances;
  }

  /** Takes published marks of the reader's back. Nothing is deleted in the archive, and nothing is left of them here. */
  async withdraw(uids: readonly string[]): Promise<void> {
    await this.flush();
    this.#published(await this.client.withdraw(this.store.study, uids, newUID()));
    this.store.drop(uids);
    await this.flush();
  }

  /** Where marks are published now. */
  #published(instances: readonly Published[]): void {
    const created = this.store.stamp();
    for (const { sopInstanceUID, seriesInstanceUID, sopClassUID, marks: uids } of instances) {
      const kind = sopClassUID.startsWith("1.2.840.10008.5.1.4.1.1.11.") ? "GSPS" : "SR";
      for (const uid of uids) {
        const mark = this.store.get(uid);
        if (mark) this.store.amend({ ...mark, origin: { sopInstanceUID, seriesInstanceUID, kind, created } });
      }
    }
  }

  end(): void {
    this.#ended = true;
    this.#cancelTimer();
  }

  #changed(uid: string, mark: Mark | null): void {
    if (mark) {
      this.#dirty.add(uid);
      this.#deleted.delete(uid);
      this.#storedDeletions.delete(uid);
    } else {
      this.#dirty.delete(uid);
      this.#deleted.set(uid, { uid, modified: this.store.stamp() });
    }
    this.#attempt = null;
    this.#writeJournal();
    this.#schedule();
  }

  #writeJournal(): void {
    const entry = {
      user: this.store.author.name,
      study: this.store.study,
      marks: this.store.own().filter((each) => this.#dirty.has(each.uid)),
      deleted: [...this.#deleted.values()],
      unfinished: this.#unfinished,
    };
    // One after the other: an older entry must never be written over a newer one.
    this.#writing = this.#writing.then(() => this.journal.write(entry)).then(
      () => this.#journalFailed.set(false),
      () => this.#journalFailed.set(true),
    );
  }

  #schedule(): void {
    if (this.#ended) return;
    const now = this.store.now().getTime();
    this.#dirtySince ??= now;
    const latest = Math.max(this.#dirtySince + latestMilliseconds - now, 0);
    if (this.state.peek() === "saved") this.state.set("waiting");
    if (this.#failures > 0) return;
    this.#cancelTimer();
    this.#cancelTimer = this.timer.after(Math.min(quietMilliseconds, latest), () => void this.#exchange());
  }

  /** One exchange with the server at a time; what changes meanwhile makes another one. */
  #exchange(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#cancelTimer();
    this.#running = this.#attemptAll().finally(() => {
      this.#running = null;
      const again = this.#again;
      this.#again = false;
      if (again && this.#failures === 0) void this.#exchange();
    });
    return this.#running;
  }

  async #attemptAll(): Promise<void> {
    try {
      if (this.#revision === null) await this.#fetch();
      for (let i = 0; !this.allSaved && i < conflictsInARow; i++) await this.#save();
      this.#failures = 0;
      this.#dirtySince = null;
      this.error.set(null);
      this.state.set(this.allSaved ? "saved" : "waiting");
      if (!this.allSaved) this.#schedule();
    } catch (error) {
      this.#failed(error);
    }
  }

  async #fetch(): Promise<void> {
    const { study } = this.store;
    const [draft, published] = await Promise.all([this.client.draft(study), this.client.published(study)]);
    if (this.#ended) return;
    this.#take(draft.revision, draft.marks, draft.deleted, published);
  }

  /** Joins the server's version with what is not yet there; a published mark stands below the working copy's. */
  #take(
    revision: number,
    marks: readonly Mark[],
    deleted: readonly Deletion[],
    published: readonly Mark[] = [],
  ): void {
    this.#revision = revision;
    const mine = this.store.own().filter((each) => this.#dirty.has(each.uid));
    const joined = merged(mine, [...this.#deleted.values()], marks, deleted);
    const now = new Map(joined.marks.map((each) => [each.uid, each]));
    for (const mark of mine) if (now.get(mark.uid) !== mark) this.#dirty.delete(mark.uid);
    for (const uid of this.#deleted.keys()) {
      if (!joined.deleted.some((each) => each.uid === uid)) this.#deleted.delete(uid);
    }
    this.#storedDeletions = new Map(deleted.map((each) => [each.uid, each]));
    const below = published.filter((each) => !now.has(each.uid));
    this.store.receive([...below, ...joined.marks], joined.deleted.map((each) => each.uid));
    this.#writeJournal();
  }

  async #save(): Promise<void> {
    this.state.set("saving");
    const sent = new Map([...this.#dirty].map((uid) => [uid, this.store.get(uid)]));
    const sentDeletions = new Map(this.#deleted);
    const deleted = [...new Map([...this.#storedDeletions, ...sentDeletions]).values()];
    this.#attempt ??= newUID();
    try {
      const draft = { revision: this.#revision ?? 0, marks: this.store.own(), deleted };
      this.#revision = await this.client.saveDraft(this.store.study, draft, this.#attempt);
    } catch (error) {
      if (!(error instanceof DraftConflict)) throw error;
      this.#attempt = null;
      const { revision, marks, deleted: theirs } = error.draft;
      this.#take(revision, marks, theirs);
      return;
    }
    this.#attempt = null;
    // What changed while the request was under way stays to be sent.
    for (const [uid, mark] of sent) if (this.store.get(uid) === mark) this.#dirty.delete(uid);
    for (const [uid, deletion] of sentDeletions) {
      if (this.#deleted.get(uid) === deletion) this.#deleted.delete(uid);
      this.#storedDeletions.set(uid, deletion);
    }
    this.#writeJournal();
    this.onSaved();
  }

  #failed(error: unknown): void {
    if (this.#ended) return;
    const status = error instanceof APIError ? error.status : 500;
    this.error.set(error);
    const temporary = status === 0 || status === 408 || status === 429 || status >= 500;
    this.state.set(status === 401 ? "signedOut" : temporary ? "offline" : "refused");
    const wait = retryMilliseconds[Math.min(this.#failures, retryMilliseconds.length - 1)] ?? 15_000;
    this.#failures++;
    // A refusal may end too: rights are given, a server learns to keep marks.
    this.#cancelTimer = this.timer.after(wait, () => void this.#exchange());
  }
}
