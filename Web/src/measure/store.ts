/** The marks of one study: the reader's own, which can be changed, and what others have published, which cannot. */
import { batch, computed, type ReadSignal, type Signal, signal } from "../ui/signal.ts";
import type { History } from "../core/history.ts";
import { type Author, type Deletion, type FrameAddress, isOn, type Mark } from "./mark.ts";

export type MarkMap = ReadonlyMap<string, Mark>;

export class MarkStore {
  readonly marks: Signal<MarkMap> = signal<MarkMap>(new Map());
  /** By number, the reader's own first. */
  readonly sorted: ReadSignal<readonly Mark[]> = computed(() =>
    [...this.marks().values()].sort((a, b) =>
      Number(!this.isOwn(a)) - Number(!this.isOwn(b)) || a.author.name.localeCompare(b.author.name) ||
      a.number - b.number || a.created.localeCompare(b.created)
    )
  );
  readonly selected: Signal<string | null> = signal<string | null>(null);
  /** Under the pointer, in the picture or in the list. */
  readonly hovered: Signal<string | null> = signal<string | null>(null);
  readonly allHidden: Signal<boolean> = signal(false);
  /** Told of every change of an own mark by this window; `null` for one taken away. */
  onChange: (uid: string, mark: Mark | null) => void = () => {};

  #latest = 0;

  constructor(
    readonly study: string,
    readonly author: Author,
    readonly history: History,
    readonly now: () => Date,
  ) {}

  isOwn(mark: Mark): boolean {
    return mark.author.name === this.author.name && mark.kind !== "graphic";
  }

  get(uid: string): Mark | null {
    return this.marks.peek().get(uid) ?? null;
  }

  /** Own marks, as the working copy holds them. */
  own(): Mark[] {
    return [...this.marks.peek().values()].filter((each) => this.isOwn(each));
  }

  on(frame: FrameAddress): Mark[] {
    return this.sorted().filter((each) => each.kind !== "volume" && isOn(each, frame));
  }

  nextNumber(): number {
    return this.own().reduce((most, each) => Math.max(most, each.number), 0) + 1;
  }

  /** Makes a change and lets it be taken back. `marks` are the new versions; `removed` goes away. */
  commit(label: string, marks: readonly Mark[], removed: readonly string[] = []): void {
    const uids = [...marks.map((each) => each.uid), ...removed];
    const before = uids.map((uid) => [uid, this.get(uid)] as const);
    this.#apply([
      ...marks.map((each) => [each.uid, each] as const),
      ...removed.map((uid) => [uid, null] as const),
    ]);
    let after: readonly (readonly [string, Mark | null])[] = [];
    this.history.push({
      label,
      undo: () => {
        // Statistics may have come in since, so what is there now is what comes back.
        after = uids.map((uid) => [uid, this.get(uid)]);
        this.#apply(before);
      },
      redo: () => this.#apply(after),
    });
    this.history.seal();
  }

  /** A change on the way to one that is committed: seen, but not kept nor undone. */
  preview(mark: Mark): void {
    this.marks.update((all) => new Map(all).set(mark.uid, mark));
  }

  /** Adds what took time to compute; no step of its own. */
  amend(mark: Mark): void {
    this.#apply([[mark.uid, mark]]);
  }

  /** Takes marks away for good. */
  drop(uids: readonly string[]): void {
    this.#apply(uids.map((uid) => [uid, null] as const));
  }

  /** Brings in what another window or the server has. */
  receive(marks: readonly Mark[], deleted: readonly string[] = []): void {
    this.marks.update((all) => {
      const next = new Map(all);
      for (const mark of marks) next.set(mark.uid, mark);
      for (const uid of deleted) next.delete(uid);
      return next;
    });
    this.#forgetSelection();
  }

  /** Always later than the one before, however quickly changes follow each other. */
  stamp(): string {
    this.#latest = Math.max(this.now().getTime(), this.#latest + 1);
    return new Date(this.#latest).toISOString();
  }

  #apply(changes: readonly (readonly [string, Mark | null])[]): void {
    const stamp = this.stamp();
    const stamped = changes.map(([uid, mark]) => [uid, mark && { ...mark, modified: stamp }] as const);
    batch(() => {
      this.marks.update((all) => {
        const next = new Map(all);
        for (const [uid, mark] of stamped) {
          if (mark) next.set(uid, mark);
          else next.delete(uid);
        }
        return next;
      });
      this.#forgetSelection();
    });
    for (const [uid, mark] of stamped) this.onChange(uid, mark);
  }

  #forgetSelection(): void {
    for (const each of [this.selected, this.hovered]) {
      const uid = each.peek();
      if (uid !== null && !this.marks.peek().has(uid)) each.set(null);
    }
  }
}

/** The newer version of each mark; a deletion is a change too. Both sides may hold the same mark. */
export function merged(
  mine: readonly Mark[],
  myDeletions: readonly Deletion[],
  theirs: readonly Mark[],
  theirDeletions: readonly Deletion[],
): { marks: Mark[]; deleted: Deletion[] } {
  const marks = new Map<string, Mark>();
  for (const mark of [...theirs, ...mine]) {
    const there = marks.get(mark.uid);
    if (!there || mark.modified >= there.modified) marks.set(mark.uid, mark);
  }
  const deleted = new Map<string, Deletion>();
  for (const deletion of [...theirDeletions, ...myDeletions]) {
    const there = deleted.get(deletion.uid);
    if (!there || deletion.modified > there.modified) deleted.set(deletion.uid, deletion);
  }
  for (const deletion of deleted.values()) {
    const mark = marks.get(deletion.uid);
    // Drawn again, by undo, after it was deleted: then it is there.
    if (mark && mark.modified >= deletion.modified) deleted.delete(deletion.uid);
    else marks.delete(deletion.uid);
  }
  return { marks: [...marks.values()], deleted: [...deleted.values()] };
}
