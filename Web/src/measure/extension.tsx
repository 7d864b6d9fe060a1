/** Measuring as a part of the viewer. */
import { isCancelled } from "../core/confirming.ts";
import { explain, explainCode } from "../core/errors.ts";
import { t } from "../core/i18n.ts";
import { confirm, openDialog } from "../ui/dialog.tsx";
import type { Section } from "../imaging/kernels.ts";
import { effect, root, type Signal, signal } from "../ui/signal.ts";
import { openTrouble } from "../ui/trouble.tsx";
import type { SavedAnnotation } from "../viewer/saving.ts";
import type { MakeExtension, ViewerExtension, ViewerHost, Viewport } from "../viewer/viewport-api.ts";
import { marksClient } from "./client.ts";
import { measureCommands, measureGestures } from "./commands.ts";
import { openEditor } from "./editor.ts";
import { openExplanation } from "./explain.tsx";
import { type Journal, openJournal } from "./journal.ts";
import { loadKernelMath } from "./kernel-math.ts";
import { followLook } from "./look.ts";
import { openLook } from "./look-dialog.tsx";
import { type MarksLayer, marksLayer } from "./layer.ts";
import { kindNames, markName } from "./labels.ts";
import { isOn, type Mark, newUID } from "./mark.ts";
import { drawableKinds, Measuring, type StudyMarks } from "./measuring.ts";
import { MarksPanel } from "./panel.tsx";
import { markAspect } from "./pen.ts";
import { savedAnnotation } from "./saved.ts";
import { MarkStore } from "./store.ts";
import { browserTimer, MarkSync } from "./sync.ts";
import { measuredVolume, type NoVolume, sectionsOf, volumeOf } from "./volume.ts";

export const makeMeasuring: MakeExtension = (host) => new MeasureExtension(host);

const channelName = "apus-marks";

class MeasureExtension implements ViewerExtension {
  readonly tools = drawableKinds.map((each) => kindNames[each]);
  readonly gestures = measureGestures;
  readonly commands;
  readonly panel;
  readonly #host: ViewerHost;
  readonly #measuring: Measuring;
  readonly #layers = new Map<string, MarksLayer>();
  readonly #open: Signal<boolean> = signal(false);
  readonly #journal: Promise<Journal> = openJournal();
  /** Tells other windows of this browser that a working copy has changed. */
  readonly #channel = new BroadcastChannel(channelName);
  readonly #end: () => void;
  #ended = false;
  #closeEditor = () => {};

  constructor(host: ViewerHost) {
    this.#host = host;
    this.#measuring = new Measuring(host, {
      announce: host.announce,
      askLength,
      editText: (mark) => this.#editText(mark),
      withdraw: (mark) => void this.#withdraw(mark),
    });
    this.commands = measureCommands(this.#measuring, {
      store: () => this.#store(),
      explain: (uid) => this.#explain(uid),
      publish: () => void this.#publish(),
      panel: () => this.#open.update((on) => !on),
      look: openLook,
      cancelDrag: () => [...this.#layers.values()].some((each) => each.pen.cancel()),
      // Where nothing can be drawn the view says why while the tool is in hand.
      hasImage: () => host.active()?.frame() != null || host.active()?.refusal() != null,
      hasPreview: () => host.active()?.isPreview() === true,
    });
    this.panel = {
      command: "measure.list",
      title: t("measure.list"),
      open: this.#open,
      body: () => <MarksPanel measuring={this.#measuring} actions={this.#panelActions()} />,
    };
    this.#channel.onmessage = (event) => this.#heard(event.data);
    const scope = root(() => {
      effect(() => this.#follow(host.studies()));
      followLook(host.api, host.author);
    });
    this.#end = scope.end;
    addEventListener("online", this.#retry);
    void this.#load();
  }

  attach(viewport: Viewport): MarksLayer {
    const layer = marksLayer(this.#measuring, viewport);
    this.#layers.set(viewport.id, layer);
    return {
      ...layer,
      end: () => {
        this.#layers.delete(viewport.id);
        layer.end();
      },
    };
  }

  annotations(study: string, series: string): SavedAnnotation[] {
    const marks = this.#measuring.studies.peek().get(study)?.store.sorted.peek() ?? [];
    if (this.#measuring.hiddenAll.peek()) return [];
    return marks.filter((each) => each.seriesInstanceUID === series).flatMap((each) =>
      savedAnnotation(each) ?? []
    );
  }

  draws(uid: string): boolean {
    return [...this.#measuring.studies().values()].some(({ store }) => store.marks().has(uid));
  }

  /** What is in the journal is not lost; only a browser that keeps nothing makes leaving dangerous. */
  async mayClose(): Promise<boolean> {
    this.#closeEditor();
    const all = [...this.#measuring.studies.peek().values()];
    await Promise.all(all.map((each) => each.sync.flush()));
    const journal = await this.#journal;
    const safe = all.every((each) =>
      each.sync.allSaved || (journal.lasting && !each.sync.journalFailed.peek())
    );
    return safe ||
      await confirm(t("measure.leave.title"), t("measure.leave.text"), t("measure.leave.action"));
  }

  end(): void {
    this.#closeEditor();
    this.#ended = true;
    removeEventListener("online", this.#retry);
    this.#channel.close();
    this.#end();
    for (const { sync } of this.#measuring.studies.peek().values()) sync.end();
    for (const layer of [...this.#layers.values()]) layer.end();
  }

  async #load(): Promise<void> {
    void this.#host.api.server().then((state) => this.#measuring.version = state.version, () => {});
    try {
      const math = await loadKernelMath();
      if (!this.#ended) this.#measuring.math.set(math);
    } catch {
      this.#host.announce(t("measure.noKernels"));
    }
  }

  // Studies

  #follow(studies: readonly string[]): void {
    const now = this.#measuring.studies.peek();
    const next = new Map(studies.map((study) => [study, now.get(study)]));
    for (const [study, { sync }] of now) if (!next.has(study)) void sync.flush().finally(() => sync.end());
    const kept = [...next].flatMap(([study, marks]) => (marks ? [[study, marks] as const] : []));
    if (kept.length !== now.size) this.#measuring.studies.set(new Map(kept));
    for (const [study, marks] of next) if (!marks) void this.#openStudy(study);
  }

  async #openStudy(study: string): Promise<void> {
    const journal = await this.#journal;
    if (
      this.#ended || !this.#host.studies.peek().includes(study) || this.#measuring.studies.peek().has(study)
    ) return;
    const author = { name: this.#host.author, displayName: this.#host.author };
    const store = new MarkStore(study, author, this.#host.history, () => new Date());
    const sync = new MarkSync(store, marksClient(this.#host.api), journal, browserTimer);
    this.#watch(sync, journal);
    sync.onSaved = () => this.#channel.postMessage({ study, user: author.name });
    this.#measuring.studies.update((all) => new Map([...all, [study, { store, sync }]]));
    const unfinished = await sync.open();
    if (unfinished && !this.#ended) this.#measuring.resumeLater(study, unfinished);
  }

  #heard(message: unknown): void {
    if (typeof message !== "object" || message === null) return;
    const { study, user } = message as { study?: unknown; user?: unknown };
    if (typeof study !== "string" || user !== this.#host.author) return;
    void this.#measuring.studies.peek().get(study)?.sync.refresh();
  }

  readonly #retry = () => {
    for (const { sync } of this.#measuring.studies.peek().values()) void sync.flush();
  };

  #store(): MarkStore | null {
    const studies = [...this.#measuring.studies().values()];
    const chosen = studies.find((each) => each.store.selected() !== null);
    if (chosen) return chosen.store;
    const frame = this.#host.active()?.frame();
    return frame ? this.#measuring.storeFor(frame) : studies[0]?.store ?? null;
  }

  // Single marks

  #viewportOf(mark: Mark): Viewport | null {
    return this.#host.viewports.peek().find((each) => {
      const frame = each.frame.peek();
      return frame !== null && isOn(mark, frame);
    }) ?? null;
  }

  #editText(mark: Mark): void {
    this.#closeEditor();
    const viewport = this.#viewportOf(mark);
    const place = viewport?.layer.parentElement;
    if (!viewport || !place) return this.#jump(mark);
    const ratio = viewport.pixelRatio.peek();
    const box = this.#layers.get(viewport.id)?.pen.labels.get(mark.uid);
    const screen = box ??
      viewport.toScreen({ x: (mark.points[0]?.[0] ?? 0) + 0.5, y: (mark.points[0]?.[1] ?? 0) + 0.5 });
    this.#closeEditor = openEditor(place, { x: screen.x / ratio, y: screen.y / ratio }, mark.text, (text) => {
      this.#closeEditor = () => {};
      if (text !== null) this.#measuring.setText(mark.uid, text);
      const now = this.#measuring.storeOf(mark.uid)?.get(mark.uid);
      if (now?.kind === "text" && now.text === "") this.#measuring.remove(mark.uid);
    });
  }

  #explain(uid: string): void {
    const mark = this.#measuring.storeOf(uid)?.get(uid);
    const math = this.#measuring.math.peek();
    if (!mark || !math) return;
    const frame = this.#viewportOf(mark)?.frame.peek();
    const aspect = frame ? markAspect(mark, frame) : 1;
    const stack = mark.kind === "volume" ? this.#sections(mark.members) : null;
    const volume = stack && typeof stack !== "string"
      ? (coverage: number) => measuredVolume(stack.sections, stack.slice, math, coverage)
      : null;
    openExplanation({ mark, aspect, math, volume });
  }

  #jump(mark: Mark): void {
    const store = this.#measuring.storeOf(mark.uid);
    const target = mark.kind === "volume" ? store?.get(mark.members[0] ?? "") ?? mark : mark;
    store?.selected.set(mark.uid);
    const active = this.#host.active.peek();
    const all = [...(active ? [active] : []), ...this.#host.viewports.peek()];
    const found = this.#viewportOf(target) !== null ||
      all.some((each) => each.goTo(target.sopInstanceUID, target.frameNumber));
    if (!found) this.#host.announce(t("measure.notShown"));
  }

  #panelActions() {
    return {
      jump: (mark: Mark) => this.#jump(mark),
      explain: (uid: string) => this.#explain(uid),
      publish: () => this.#publish(),
      volume: (uids: readonly string[]) => this.#makeVolume(uids),
      placeOf: (mark: Mark) => this.#placeOf(mark),
    };
  }

  #placeOf(mark: Mark): string {
    if (mark.kind === "volume") return t("measure.contours", { n: mark.members.length });
    const index = this.#frameInfo(mark)?.index;
    return index === undefined ? "" : t("measure.place", { n: index + 1 });
  }

  /** From the manifest of a series on the screen. */
  #frameInfo(mark: Mark) {
    for (const viewport of this.#host.viewports()) {
      const series = viewport.frame()?.series;
      if (series?.seriesInstanceUID !== mark.seriesInstanceUID) continue;
      const found = series.frames.find((each) =>
        each.instance.sopInstanceUID === mark.sopInstanceUID && each.frameNumber === mark.frameNumber
      );
      if (found) return found;
    }
    return null;
  }

  #contours(uids: readonly string[]): Mark[] {
    const store = this.#measuring.storeOf(uids[0] ?? "");
    return uids.flatMap((uid) => store?.get(uid) ?? []);
  }

  /** The contours as sections of a stack with its slice spacing, or why they are none. */
  #sections(uids: readonly string[]): { sections: Section[]; slice: number } | NoVolume {
    const contours = this.#contours(uids);
    if (contours.length < uids.length) return "noContours";
    const sections = sectionsOf(contours, (mark) => this.#frameInfo(mark));
    if (typeof sections === "string") return sections;
    const stack = contours[0] && this.#frameInfo(contours[0])?.stack;
    const slice = stack?.sliceSpacing ?? stack?.sliceThickness;
    return slice && slice > 0 ? { sections, slice } : "noPlace";
  }

  #makeVolume(uids: readonly string[]): void {
    const store = this.#measuring.storeOf(uids[0] ?? "");
    const math = this.#measuring.math.peek();
    const contours = this.#contours(uids);
    const [first] = contours;
    if (!store || !first || !math) return;
    const stack = this.#sections(uids);
    if (typeof stack === "string") return this.#host.announce(t(noVolumeReasons[stack]));
    const stamp = store.stamp();
    const mark: Mark = {
      ...first,
      uid: newUID(),
      kind: "volume",
      number: store.nextNumber(),
      points: [],
      patientPoints: null,
      label: null,
      text: "",
      values: [volumeOf(stack.sections, stack.slice, math)],
      anchorUncertainty: [],
      members: contours.map((each) => each.uid),
      created: stamp,
      modified: stamp,
    };
    delete mark.origin;
    store.commit("measure.drawn", [mark]);
    this.#host.announce(markName(mark));
  }

  /** Once neither server nor browser keeps what is drawn, closing the page loses it: said before, and only once until it is kept. */
  #watch(sync: MarkSync, journal: Journal): void {
    let isTold = false;
    effect(() => {
      const state = sync.state();
      if (state === "saved") isTold = false;
      const isRefused = state === "refused" || state === "offline";
      if (!isRefused || isTold || (journal.lasting && !sync.journalFailed())) return;
      isTold = true;
      openTrouble(t("measure.notSaved"), explainCode("notSaved", sync.error()));
    });
  }

  async #publish(): Promise<void> {
    for (const { store, sync } of this.#measuring.studies.peek().values()) {
      const marks = store.own().filter((each) => !each.origin);
      if (marks.length > 0) await this.#publishOne({ store, sync }, marks);
    }
  }

  async #withdraw(mark: Mark): Promise<void> {
    const study = [...this.#measuring.studies.peek().values()].find(({ store }) => store.get(mark.uid));
    if (!study) return;
    try {
      await study.sync.withdraw([mark.uid]);
      this.#host.announce(t("measure.withdraw.done"));
    } catch (error) {
      if (!isCancelled(error)) openTrouble(t("measure.withdraw"), explain(error));
    }
  }

  async #publishOne({ sync }: StudyMarks, marks: readonly Mark[]): Promise<void> {
    try {
      const written = await sync.publish(marks);
      this.#host.announce(t("measure.publishDone", { n: marks.length, objects: written.length }));
    } catch (error) {
      openTrouble(t("measure.publishFailed"), explain(error));
    }
  }
}

const noVolumeReasons: Readonly<Record<NoVolume, string>> = {
  noContours: "measure.noVolume.noContours",
  noPlace: "measure.noVolume.noPlace",
  notParallel: "measure.noVolume.notParallel",
  samePlane: "measure.noVolume.samePlane",
  noArea: "measure.noVolume.noArea",
};

const millimetresMaximum = 10_000;

function askLength(): Promise<number | null> {
  return new Promise((resolve) => {
    let answer: number | null = null;
    openDialog({
      title: t("measure.calibrate.title"),
      onClosed: () => resolve(answer),
      body: (close) => (
        <form
          class="calibrate-form"
          onSubmit={(event) => {
            event.preventDefault();
            const field = (event.target as HTMLFormElement).elements.namedItem("length") as HTMLInputElement;
            const value = field.valueAsNumber;
            if (!(value > 0 && value <= millimetresMaximum)) return;
            answer = value;
            close();
          }}
        >
          <label>
            {t("measure.calibrate.length")}
            <input
              name="length"
              type="number"
              min="0.01"
              max={millimetresMaximum}
              step="any"
              required
              autofocus
            />
          </label>
          <p>{t("measure.calibrate.note")}</p>
          <div class="dialog-actions">
            <button type="submit" class="button">{t("measure.calibrate.action")}</button>
          </div>
        </form>
      ),
    });
  });
}
