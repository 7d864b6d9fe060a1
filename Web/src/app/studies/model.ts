/** The study list's state: filters, the pages read so far, the selection. Knows nothing of the page it is shown on. */
import { isAbort, type Study, type StudyPage, type StudyQuery } from "../../core/api.ts";
import { dicomDate } from "../../core/format.ts";
import { batch, computed, signal } from "../../ui/signal.ts";

export type Period = "today" | "threeDays" | "week" | "all";
export const periods: readonly Period[] = ["today", "threeDays", "week", "all"];
const daysBack: Readonly<Record<Period, number | null>> = { today: 0, threeDays: 2, week: 6, all: null };

export interface StudySource {
  studies(query: StudyQuery, limit: number, cursor: string | null, signal: AbortSignal): Promise<StudyPage>;
}

type Timer = ReturnType<typeof setTimeout> | undefined;

const typingPauseMilliseconds = 180;
const livePauseMilliseconds = 700;
const pageSize = 100;
/** A live update reads the top of the list again, at most this many rows. */
const liveRowsMaximum = 500;
const arrivalMarkMilliseconds = 8000;

export class StudyList {
  readonly text = signal("");
  readonly modalities = signal<readonly string[]>([]);
  readonly period = signal<Period>("all");
  readonly sort = signal("-studyDate");
  readonly rows = signal<readonly Study[]>([]);
  readonly total = signal<number | null>(null);
  readonly next = signal<string | null>(null);
  readonly loading = signal(false);
  readonly error = signal<unknown>(null);
  readonly selected = signal<string | null>(null);
  /** Studies that came or changed a moment ago. */
  readonly arrivals = signal<ReadonlySet<string>>(new Set());
  /** How many studies the last live update brought. */
  readonly lastArrivals = signal(0);
  readonly filtered = computed(() =>
    this.text() !== "" || this.modalities().length > 0 || this.period() !== "all"
  );
  /** Where the list was scrolled to, kept while another screen is shown. */
  scrollTop = 0;

  readonly #source: StudySource;
  readonly #now: () => Date;
  #request = new AbortController();
  #typing: Timer;
  #live: Timer;
  readonly #marks = new Set<Timer>();
  #changed = new Set<string>();

  constructor(source: StudySource, now: () => Date = () => new Date()) {
    this.#source = source;
    this.#now = now;
  }

  query(): StudyQuery {
    const days = daysBack[this.period.peek()];
    return {
      text: this.text.peek().trim(),
      modalities: this.modalities.peek(),
      from: days === null ? "" : dicomDate(this.#now(), days),
      to: "",
      sort: this.sort.peek(),
    };
  }

  /** Searches once the typing has paused. */
  type(text: string): void {
    if (text === this.text.peek()) return;
    this.text.set(text);
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.reload(), typingPauseMilliseconds);
  }

  toggleModality(modality: string): void {
    this.modalities.update((all) =>
      all.includes(modality) ? all.filter((each) => each !== modality) : [...all, modality]
    );
    void this.reload();
  }

  setPeriod(period: Period): void {
    this.period.set(period);
    void this.reload();
  }

  /** Sorts by `key`, descending when it was ascending already. Dates start with the newest. */
  sortBy(key: string): void {
    const current = this.sort.peek();
    const newestFirst = key === "studyDate" || key === "numberOfInstances";
    if (current === key) this.sort.set(`-${key}`);
    else if (current === `-${key}`) this.sort.set(key);
    else this.sort.set(newestFirst ? `-${key}` : key);
    void this.reload();
  }

  clearFilters(): void {
    batch(() => {
      this.text.set("");
      this.modalities.set([]);
      this.period.set("all");
    });
    void this.reload();
  }

  /** The studies above and below one; `null` when the list does not show it. */
  neighbours(study: string): { above: string | null; below: string | null } | null {
    const rows = this.rows.peek();
    const at = rows.findIndex((each) => each.studyInstanceUID === study);
    const beside = (by: number) => rows[at + by]?.studyInstanceUID ?? null;
    return at < 0 ? null : { above: beside(-1), below: beside(1) };
  }

  /** Reads the first page; an answer still on its way is dropped. */
  async reload(): Promise<void> {
    clearTimeout(this.#typing);
    const page = await this.#load(pageSize, null);
    if (!page) return;
    batch(() => {
      this.scrollTop = 0;
      this.rows.set(page.studies);
      this.next.set(page.next);
      this.total.set(page.total);
      const still = page.studies.some((each) => each.studyInstanceUID === this.selected.peek());
      if (!still) this.selected.set(page.studies[0]?.studyInstanceUID ?? null);
    });
  }

  async loadMore(): Promise<void> {
    const cursor = this.next.peek();
    if (cursor === null || this.loading.peek() || this.error.peek() !== null) return;
    const page = await this.#load(pageSize, cursor);
    if (!page) return;
    const known = new Set(this.rows.peek().map((each) => each.studyInstanceUID));
    batch(() => {
      this.rows.update((
        all,
      ) => [...all, ...page.studies.filter((each) => !known.has(each.studyInstanceUID))]);
      this.next.set(page.next);
      if (page.total !== null) this.total.set(page.total);
    });
  }

  /** A study came or changed on the server; several in a row are one update. */
  studyChanged(uid: string): void {
    this.#changed.add(uid);
    if (this.#live !== undefined) return;
    this.#live = setTimeout(() => {
      this.#live = undefined;
      void this.#refreshTop();
    }, livePauseMilliseconds);
  }

  /** Forgets everything, for the next user. */
  clear(): void {
    this.#request.abort();
    clearTimeout(this.#typing);
    clearTimeout(this.#live);
    this.#live = undefined;
    for (const mark of this.#marks) clearTimeout(mark);
    this.#marks.clear();
    this.#changed.clear();
    batch(() => {
      this.text.set("");
      this.modalities.set([]);
      this.period.set("all");
      this.sort.set("-studyDate");
      this.rows.set([]);
      this.next.set(null);
      this.total.set(null);
      this.selected.set(null);
      this.arrivals.set(new Set());
    });
  }

  async #load(limit: number, cursor: string | null): Promise<StudyPage | null> {
    this.#request.abort();
    const request = new AbortController();
    this.#request = request;
    batch(() => {
      this.loading.set(true);
      this.error.set(null);
    });
    try {
      const page = await this.#source.studies(this.query(), limit, cursor, request.signal);
      return request.signal.aborted ? null : page;
    } catch (error) {
      if (!isAbort(error) && !request.signal.aborted) this.error.set(error);
      return null;
    } finally {
      if (this.#request === request) this.loading.set(false);
    }
  }

  async #refreshTop(): Promise<void> {
    // A search under way will bring the changes itself.
    if (this.loading.peek()) return;
    const before = this.rows.peek();
    const limit = Math.min(Math.max(before.length, pageSize), liveRowsMaximum);
    const page = await this.#load(limit, null);
    if (!page) return;
    const changed = this.#changed;
    this.#changed = new Set();
    const fresh = new Set(page.studies.map((each) => each.studyInstanceUID));
    const tail = before.slice(limit).filter((each) => !fresh.has(each.studyInstanceUID));
    const arrived = page.studies.map((each) => each.studyInstanceUID).filter((uid) => changed.has(uid));
    batch(() => {
      this.rows.set([...page.studies, ...tail]);
      if (tail.length === 0) this.next.set(page.next);
      if (page.total !== null) this.total.set(page.total);
      if (arrived.length > 0) this.#mark(arrived);
    });
  }

  #mark(uids: readonly string[]): void {
    this.lastArrivals.set(0);
    this.lastArrivals.set(uids.length);
    this.arrivals.update((all) => new Set([...all, ...uids]));
    const mark = setTimeout(() => {
      this.#marks.delete(mark);
      this.arrivals.update((all) => new Set([...all].filter((uid) => !uids.includes(uid))));
    }, arrivalMarkMilliseconds);
    this.#marks.add(mark);
  }
}
