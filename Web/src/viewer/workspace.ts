/** The reading screen's state: open studies, the layout, the views, what is linked. Knows nothing of the page. */
import { withTexts } from "../core/api.ts";
import type { History } from "../core/history.ts";
import type { Imaging, StudyManifest, Window } from "../imaging/pictures.ts";
import { batch, computed, type ReadSignal, signal } from "../ui/signal.ts";
import { nearestPlane, toPatient, type Vector } from "./geometry.ts";
import { type Layout, layoutNamed, single } from "./layout.ts";
import { allLinked, followed, type LinkedAction, linkedActions, type Links, unlinked } from "./links.ts";
import { type Appearance, initialAppearance, Pane, type Place } from "./pane.ts";
import { panned, type View, zoomedAbout } from "./view.ts";
import { pixelsPerMM, stackOf } from "./pane-space.ts";
import { numbered, type OpenStudy } from "./open-studies.ts";
import { areAlike, restore, taken } from "./snapshot.ts";
import type { Point } from "./viewport-api.ts";

const paneMaximum = 25;

/** A place in the patient, for the 3-D cursor. */
export interface SpaceCursor {
  place: Vector;
  frameOfReference: string;
}

export class Workspace {
  readonly studies = signal<readonly OpenStudy[]>([]);
  readonly layout = signal<Layout>(single);
  /** The view that fills the screen for a while. */
  readonly maximized = signal<Pane | null>(null);
  readonly links = signal<Links>(unlinked);
  readonly referenceLines = signal(true);
  readonly cursor = signal<SpaceCursor | null>(null);
  readonly panes: readonly Pane[];
  readonly active: ReadSignal<Pane>;
  readonly visible = computed((): readonly Pane[] => {
    const alone = this.maximized();
    return alone ? [alone] : this.panes.slice(0, this.layout().cells.length);
  });
  /** More than one patient on the screen: said aloud, because confusing them is the gravest error. */
  readonly patients = computed(() =>
    new Set(
      this.visible().map((pane) => pane.place()?.study.study).filter((each) => each !== undefined)
        .map((study) => `${study.patientID}\n${study.patientName}\n${study.patientBirthDate}`),
    ).size
  );
  readonly #active = signal(0);

  constructor(
    readonly imaging: Imaging,
    readonly history: History,
    screenScale: ReadSignal<number | null>,
  ) {
    this.panes = Array.from(
      { length: paneMaximum },
      (_, index) => new Pane(`view${index + 1}`, imaging, screenScale),
    );
    this.active = computed(() => this.panes[this.#active()] as Pane);
  }

  activate(pane: Pane): void {
    this.#active.set(Math.max(0, this.panes.indexOf(pane)));
  }

  /** Another of the visible views becomes the active one. */
  stepActive(by: number): void {
    const visible = this.visible.peek();
    const at = visible.indexOf(this.active.peek());
    const next = visible[(at + by + visible.length) % visible.length];
    if (!next) return;
    if (this.maximized.peek()) this.#maximizeNext(by);
    else this.activate(next);
  }

  /** With one view filling the screen, the next one takes its place. */
  #maximizeNext(by: number): void {
    const all = this.panes.slice(0, this.layout.peek().cells.length);
    const at = all.indexOf(this.active.peek());
    const next = all[(at + by + all.length) % all.length];
    if (!next) return;
    batch(() => {
      this.activate(next);
      this.maximized.set(next);
    });
  }

  // MARK: Studies

  /** Adds a study, or brings a newer manifest of one. */
  addStudy(manifest: StudyManifest): OpenStudy {
    manifest = { ...manifest, study: withTexts(manifest.study) };
    const uid = manifest.study.studyInstanceUID;
    const known = this.studies.peek().find((each) => each.manifest.study.studyInstanceUID === uid);
    const used = new Set(this.studies.peek().map((each) => each.color));
    const color = known?.color ?? [0, 1, 2, 3, 4, 5].find((each) => !used.has(each)) ?? 0;
    const added: OpenStudy = {
      manifest,
      letter: known?.letter ?? this.#freeLetter(),
      color,
      prior: known?.prior ?? null,
    };
    const others = this.studies.peek().filter((each) => each !== known);
    this.studies.set(numbered([...others, added]));
    return this.study(uid) ?? added;
  }

  #freeLetter(): string {
    const used = new Set(this.studies.peek().map((each) => each.letter));
    return [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].find((each) => !used.has(each)) ?? "?";
  }

  removeStudy(uid: string): void {
    batch(() => {
      for (const pane of this.panes) {
        if (pane.place.peek()?.study.study.studyInstanceUID === uid) pane.hang(null);
      }
      this.studies.update((all) =>
        numbered(all.filter((each) => each.manifest.study.studyInstanceUID !== uid))
      );
    });
    // Steps that would bring the closed study back make no sense any more.
    this.history.clear();
  }

  study(uid: string): OpenStudy | undefined {
    return this.studies().find((each) => each.manifest.study.studyInstanceUID === uid);
  }

  // MARK: Layout

  setLayout(layout: Layout): void {
    this.change("history.layout", () => {
      this.maximized.set(null);
      this.layout.set(layout);
      if (this.#active.peek() >= layout.cells.length) this.#active.set(0);
      this.#fill();
    });
  }

  /** Empty views take the series that stand nowhere yet, in their order. */
  #fill(): void {
    const first = this.studies.peek()[0]?.manifest;
    if (!first) return;
    const visible = this.panes.slice(0, this.layout.peek().cells.length);
    const shown = new Set(visible.map((pane) => pane.place.peek()?.series));
    const waiting = first.series.filter((series) => series.frames.length > 0 && !shown.has(series));
    for (const pane of visible) {
      if (pane.place.peek() !== null) continue;
      const series = waiting.shift();
      if (series) pane.hang({ study: first, series });
    }
  }

  toggleMaximized(pane: Pane): void {
    batch(() => {
      this.activate(pane);
      this.maximized.update((now) => (now === null ? pane : null));
    });
  }

  hang(pane: Pane, place: Place | null, start?: { index?: number; appearance?: Appearance }): void {
    this.change("history.series", () => {
      pane.hang(place, start);
      this.#anchor(null);
    });
  }

  stepSeries(by: number): void {
    const pane = this.active.peek();
    const place = pane.place.peek();
    if (!place) return;
    const at = place.study.series.indexOf(place.series);
    const next = place.study.series[at + by];
    if (next) this.hang(pane, { study: place.study, series: next });
  }

  // MARK: Scrolling

  /** Moves a view to an image and takes the linked ones along; `alone` shifts it against them. */
  goTo(pane: Pane, index: number, alone = false): void {
    batch(() => {
      pane.goTo(index);
      if (alone) this.#anchor(pane);
      else this.#followScroll(pane);
    });
  }

  /** From here on the views keep the offsets they have now. */
  #anchor(shifted: Pane | null): void {
    for (const each of this.panes) each.setAnchor(each === shifted || each.shifted.peek());
  }

  step(pane: Pane, by: number, alone = false): void {
    pane.playing.set(false);
    this.goTo(pane, pane.index.peek() + by, alone);
  }

  #followScroll(pane: Pane): void {
    if (!this.links.peek().scroll || pane.stage.peek() !== "images") return;
    for (const other of this.visible.peek()) {
      if (other === pane || other.count.peek() === 0) continue;
      // Planes cut through a series share its space, named or not.
      const isCut = pane.place.peek()?.series === other.place.peek()?.series &&
        (pane.reformat.peek() ?? other.reformat.peek()) !== null;
      const space = isCut ? pane.place.peek()?.series.seriesInstanceUID : undefined;
      const index = followed(stackOf(pane, space), stackOf(other, space));
      if (index !== null) other.goTo(index);
    }
  }

  toggleLink(action: LinkedAction): void {
    this.setLinks({ ...this.links.peek(), [action]: !this.links.peek()[action] });
  }

  /** All actions on, or all off when any is on. */
  toggleAllLinks(): void {
    const any = linkedActions.some((each) => this.links.peek()[each]);
    this.setLinks(any ? unlinked : allLinked);
  }

  setLinks(links: Links): void {
    this.change("history.links", () => {
      if (links.scroll !== this.links.peek().scroll) { for (const pane of this.panes) pane.setAnchor(); }
      this.links.set(links);
    });
  }

  toggleReferenceLines(): void {
    this.change("history.links", () => this.referenceLines.update((on) => !on));
  }

  // MARK: Appearance

  setWindow(pane: Pane, window: Window | null, merge?: string): void {
    this.change("history.window", () => {
      const modality = pane.place.peek()?.series.modality;
      for (const each of this.#linked(pane, "window")) {
        // A window means the same only where the values do.
        if (each !== pane && each.place.peek()?.series.modality !== modality) continue;
        each.appearance.update((now) => ({ ...now, window, ...(window ? {} : { alternative: 0 }) }));
      }
    }, merge);
  }

  /** Shows by the next of the windows and tables that the image names. */
  nextAlternative(pane: Pane): void {
    const count = pane.alternativeCount.peek();
    if (count < 2) return;
    this.change("history.window", () => {
      pane.appearance.update((now) => ({
        ...now,
        window: null,
        alternative: now.window ? now.alternative : (now.alternative + 1) % count,
      }));
    });
  }

  zoom(pane: Pane, factor: number, about: Point, merge?: string): void {
    this.change("history.view", () => {
      for (const each of this.#linked(pane, "zoom")) {
        const at = each === pane ? about : { x: 0, y: 0 };
        this.#changeView(each, (view) => {
          const stage = each.stageSize.peek();
          return stage ? zoomedAbout(view, stage, factor, at.x, at.y) : view;
        });
      }
    }, merge);
  }

  /** By device pixels of the view; linked views move by the same millimetres. */
  pan(pane: Pane, dx: number, dy: number, merge?: string): void {
    const scale = pixelsPerMM(pane);
    this.change("history.view", () => {
      for (const each of this.#linked(pane, "pan")) {
        const other = pixelsPerMM(each);
        const ratio = scale !== null && other !== null ? other / scale : 1;
        this.#changeView(each, (view) => {
          const stage = each.stageSize.peek();
          return stage ? panned(view, stage, dx * ratio, dy * ratio) : view;
        });
      }
    }, merge);
  }

  changeAppearance(pane: Pane, label: string, change: (now: Appearance) => Appearance, merge?: string): void {
    this.change(label, () => pane.appearance.update(change), merge);
  }

  reset(pane: Pane): void {
    this.change("history.reset", () => {
      pane.appearance.update(({ reformat }) => ({ ...initialAppearance, reformat }));
    });
  }

  #changeView(pane: Pane, change: (view: View) => View): void {
    pane.appearance.update((now) => ({ ...now, view: change(now.view) }));
  }

  #linked(pane: Pane, action: LinkedAction): readonly Pane[] {
    return this.links.peek()[action] ? this.visible.peek().filter((each) => each.count.peek() > 0) : [pane];
  }

  // MARK: Space

  /** Puts the 3-D cursor where an image was pointed at; views of the same frame of reference go there. */
  pointAt(pane: Pane, image: Point): void {
    const shown = pane.picture.peek()?.shown ?? pane.index.peek();
    const plane = pane.planes.peek()[shown];
    const reference = pane.frames.peek()[shown]?.stack.frameOfReference;
    if (!plane || !reference) return this.cursor.set(null);
    const place = toPatient(plane, image);
    batch(() => {
      this.cursor.set({ place, frameOfReference: reference });
      for (const other of this.visible.peek()) {
        if (other === pane || other.frame.peek()?.stack.frameOfReference !== reference) continue;
        const index = nearestPlane(other.planes.peek(), place);
        if (index >= 0) other.goTo(index);
      }
    });
  }

  // MARK: History

  /** Makes a change of layout or appearance that undo can take back. */
  change(label: string, body: () => void, merge?: string): void {
    const before = taken(this);
    batch(body);
    const after = taken(this);
    if (areAlike(before, after)) return;
    this.history.push({
      label,
      undo: () => restore(this, before),
      redo: () => restore(this, after),
      ...(merge === undefined ? {} : { merge }),
    });
  }

  end(): void {
    for (const pane of this.panes) pane.end();
  }
}

/** The layout of that name, or one view. */
export function layoutOrSingle(name: string): Layout {
  return layoutNamed(name) ?? single;
}
