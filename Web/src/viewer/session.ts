/** A study being read: its series, the frame looked at, and how it is presented. Drives the image worker. */
import { type API, isAbort, type Series, seriesPath, type StudyDetail } from "../core/api.ts";
import { type DataSet, type Frame, framesOf } from "../imaging/metadata.ts";
import type { FromWorker, ToWorker } from "../imaging/protocol.ts";
import type { Window } from "../imaging/voi.ts";
import { batch, computed, effect, onCleanup, signal } from "../ui/signal.ts";
import { initialView, type View } from "./view.ts";

export type Stage = "loading" | "images" | "noImages" | "error";

export interface Picture {
  bitmap: ImageBitmap;
  /** Index of the frame shown; differs from the one asked for while that is on its way. */
  shown: number;
  window: Window;
  /** Drawn by the server: 8 bits, its window. */
  rendered: boolean;
}

/** What is kept of a series while another one is looked at. */
interface Kept {
  index: number;
  window: Window | null;
  inverted: boolean;
  view: View;
}

const defaultFrameMilliseconds = 100;
const cineRates = { minimum: 1, maximum: 60 };

export class ViewerSession {
  readonly detail = signal<StudyDetail | null>(null);
  readonly stage = signal<Stage>("loading");
  readonly error = signal<unknown>(null);
  readonly seriesUID = signal<string | null>(null);
  readonly frames = signal<readonly Frame[]>([]);
  readonly dataSets = signal<readonly DataSet[]>([]);
  readonly index = signal(0);
  /** The reader's window; `null` while each frame shows with its own. */
  readonly window = signal<Window | null>(null);
  readonly inverted = signal(false);
  readonly view = signal<View>(initialView);
  readonly picture = signal<Picture | null>(null);
  /** HTTP status by frame index; 0 when the bytes could not be read. */
  readonly failures = signal<ReadonlyMap<number, number>>(new Map());
  readonly loaded = signal<ReadonlySet<number>>(new Set());
  readonly playing = signal(false);
  readonly frameMilliseconds = signal(defaultFrameMilliseconds);

  readonly series = computed<Series | null>(() =>
    this.detail()?.series.find((each) => each.seriesInstanceUID === this.seriesUID()) ?? null
  );
  readonly frame = computed<Frame | null>(() => this.frames()[this.index()] ?? null);
  readonly count = computed(() => this.frames().length);
  /** The picture on the screen is the one asked for. */
  readonly exact = computed(() => this.picture()?.shown === this.index());

  readonly #api: API;
  readonly #worker: Worker;
  readonly #kept = new Map<string, Kept>();
  #generation = 0;
  #request = new AbortController();
  /** The automatic window of the first frame shown serves the whole series: it must not flicker from slice to slice. */
  readonly #automatic = signal<Window | null>(null);

  constructor(api: API, worker: Worker) {
    this.#api = api;
    this.#worker = worker;
    worker.onmessage = (event: MessageEvent<FromWorker>) => this.#receive(event.data);
    onCleanup(() => this.#end());
    effect(() => this.#present());
    effect(() => this.#play());
  }

  async openStudy(uid: string): Promise<void> {
    try {
      const detail = await this.#api.study(uid, this.#request.signal);
      this.detail.set(detail);
      const first = detail.series.find(mayHaveImages) ?? detail.series[0];
      if (first) await this.openSeries(first.seriesInstanceUID);
      else this.stage.set("noImages");
    } catch (error) {
      this.#failed(error);
    }
  }

  async openSeries(uid: string): Promise<void> {
    const study = this.detail.peek()?.study.studyInstanceUID;
    if (study === undefined || uid === this.seriesUID.peek()) return;
    this.#leaveSeries();
    this.#request = new AbortController();
    const { signal } = this.#request;
    const kept = this.#kept.get(uid);
    batch(() => {
      this.seriesUID.set(uid);
      this.stage.set("loading");
      this.window.set(kept?.window ?? null);
      this.inverted.set(kept?.inverted ?? false);
      this.view.set(kept?.view ?? initialView);
    });
    try {
      const dataSets = (await this.#api.metadata(study, uid, signal)) as DataSet[];
      if (!signal.aborted) this.#show(study, uid, dataSets, kept?.index ?? 0);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  /** Moves to a frame; beyond the ends it stays at the end. */
  goTo(index: number): void {
    this.index.set(Math.min(Math.max(index, 0), Math.max(this.count.peek() - 1, 0)));
  }

  step(by: number): void {
    this.playing.set(false);
    this.goTo(this.index.peek() + by);
  }

  stepSeries(by: number): void {
    const all = this.detail.peek()?.series ?? [];
    const at = all.findIndex((each) => each.seriesInstanceUID === this.seriesUID.peek());
    const next = all[at + by];
    if (next) void this.openSeries(next.seriesInstanceUID);
  }

  changeRate(factor: number): void {
    const { minimum, maximum } = cineRates;
    this.frameMilliseconds.update((now) => Math.min(Math.max(now / factor, 1000 / maximum), 1000 / minimum));
  }

  reset(): void {
    batch(() => {
      this.window.set(null);
      this.inverted.set(false);
      this.view.set(initialView);
    });
  }

  /** The window in force: the reader's, the frame's, or the automatic one. */
  effectiveWindow(): Window | null {
    return this.window() ?? this.frame()?.window ?? this.#automatic() ?? this.picture()?.window ?? null;
  }

  #show(study: string, uid: string, dataSets: readonly DataSet[], index: number): void {
    const syntaxes = new Map(
      this.series.peek()?.instances.map((each) => [each.sopInstanceUID, each.transferSyntaxUID]),
    );
    const frames = framesOf(seriesPath(study, uid), dataSets, (instance) => syntaxes.get(instance) ?? "");
    const start = Math.min(index, Math.max(frames.length - 1, 0));
    const generation = ++this.#generation;
    this.#post({ type: "open", generation, frames: frames.map((each) => each.source), start });
    batch(() => {
      this.dataSets.set(dataSets);
      this.frames.set(frames);
      this.index.set(start);
      this.frameMilliseconds.set(frames[0]?.frameTime ?? defaultFrameMilliseconds);
      this.stage.set(frames.length > 0 ? "images" : "noImages");
    });
  }

  #leaveSeries(): void {
    const uid = this.seriesUID.peek();
    if (uid !== null && this.stage.peek() === "images") {
      this.#kept.set(uid, {
        index: this.index.peek(),
        window: this.window.peek(),
        inverted: this.inverted.peek(),
        view: this.view.peek(),
      });
    }
    this.#request.abort();
    this.#generation++;
    this.#post({ type: "close" });
    this.picture.peek()?.bitmap.close();
    batch(() => {
      this.picture.set(null);
      this.playing.set(false);
      this.frames.set([]);
      this.dataSets.set([]);
      this.index.set(0);
      this.failures.set(new Map());
      this.loaded.set(new Set());
      this.#automatic.set(null);
    });
  }

  /** Asks for the current frame whenever it, or the way it is shown, changes. */
  #present(): void {
    const frame = this.frame();
    if (!frame) return;
    const window = this.window() ?? frame.window ?? this.#automatic();
    const presentation = { window, function: frame.function, inverted: this.inverted() };
    this.#post({ type: "show", index: this.index(), presentation });
  }

  #play(): void {
    if (!this.playing() || this.count() < 2) return;
    const timer = setInterval(() => {
      const next = (this.index.peek() + 1) % this.count.peek();
      // Waits for the first round of frames instead of showing wrong ones.
      if (this.loaded.peek().has(next) || this.failures.peek().has(next)) this.index.set(next);
    }, this.frameMilliseconds());
    onCleanup(() => clearInterval(timer));
  }

  #receive(message: FromWorker): void {
    if (message.generation !== this.#generation) {
      if (message.type === "image") message.bitmap.close();
      return;
    }
    if (message.type === "loaded") this.loaded.update((all) => new Set([...all, message.index]));
    else if (message.type === "failed") {
      if (message.status === 401) this.#api.onSignedOut();
      this.failures.update((all) => new Map([...all, [message.index, message.status]]));
    } else this.#shown(message);
  }

  #shown(message: FromWorker & { type: "image" }): void {
    const { bitmap, shown, window, rendered } = message;
    const before = this.picture.peek();
    const isColor = this.frames.peek()[shown]?.source.format.samplesPerPixel === 3;
    batch(() => {
      this.picture.set({ bitmap, shown, window, rendered });
      if (!this.#automatic.peek() && !rendered && !isColor) this.#automatic.set(window);
    });
    before?.bitmap.close();
  }

  #failed(error: unknown): void {
    if (isAbort(error)) return;
    batch(() => {
      this.error.set(error);
      this.stage.set("error");
    });
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #end(): void {
    this.#request.abort();
    this.#generation++;
    this.#worker.terminate();
    this.picture.peek()?.bitmap.close();
  }
}

const withoutImages = new Set([
  "SR",
  "KO",
  "PR",
  "DOC",
  "ECG",
  "HD",
  "AU",
  "REG",
  "RTSTRUCT",
  "RTPLAN",
  "RTRECORD",
]);

function mayHaveImages(series: Series): boolean {
  return !withoutImages.has(series.modality);
}
