/** Undo and redo for everything the reader changes: marks, layout, the way images are shown. One history per viewer. */
import { computed, type ReadSignal, signal } from "../ui/signal.ts";

export interface Change {
  /** Message key of what was done; shown beside "undo". */
  label: string;
  undo(): void;
  redo(): void;
  /**
   * Changes pushed one after the other with the same key count as one step, for example the moves of one drag. The first
   * one's `undo` and the last one's `redo` are kept. `seal()` ends such a run.
   */
  merge?: string;
}

/** Steps kept; the oldest are forgotten. */
const stepMaximum = 200;

export class History {
  readonly #past = signal<readonly Change[]>([]);
  readonly #future = signal<readonly Change[]>([]);
  #mayMerge = false;
  #replaying = false;

  readonly canUndo: ReadSignal<boolean> = computed(() => this.#past().length > 0);
  readonly canRedo: ReadSignal<boolean> = computed(() => this.#future().length > 0);
  /** Message key of the step that `undo` takes back; empty when there is none. */
  readonly undoLabel: ReadSignal<string> = computed(() => this.#past().at(-1)?.label ?? "");
  readonly redoLabel: ReadSignal<string> = computed(() => this.#future().at(-1)?.label ?? "");

  /** Notes a change that has been made already. Ignored while a step is being taken back or repeated. */
  push(change: Change): void {
    if (this.#replaying) return;
    const past = this.#past.peek();
    const last = past.at(-1);
    const merged = this.#mayMerge && change.merge !== undefined && last?.merge === change.merge;
    const next = merged && last ? { ...change, undo: () => last.undo() } : change;
    this.#past.set([...(merged ? past.slice(0, -1) : past), next].slice(-stepMaximum));
    this.#future.set([]);
    this.#mayMerge = true;
  }

  /** Makes a change and notes it. */
  perform(change: Change): void {
    change.redo();
    this.push(change);
  }

  /** Ends a run of merged changes, at the end of a drag. */
  seal(): void {
    this.#mayMerge = false;
  }

  undo(): void {
    const change = this.#past.peek().at(-1);
    if (!change) return;
    this.#past.update((all) => all.slice(0, -1));
    this.#replay(() => change.undo());
    this.#future.update((all) => [...all, change]);
  }

  redo(): void {
    const change = this.#future.peek().at(-1);
    if (!change) return;
    this.#future.update((all) => all.slice(0, -1));
    this.#replay(() => change.redo());
    this.#past.update((all) => [...all, change]);
  }

  /** Forgets all steps; for changes that cannot be taken back across, such as another patient's studies. */
  clear(): void {
    this.#past.set([]);
    this.#future.set([]);
    this.seal();
  }

  #replay(body: () => void): void {
    this.seal();
    this.#replaying = true;
    try {
      body();
    } finally {
      this.#replaying = false;
    }
  }
}
