/** What all viewports share while a reader measures: the marks of each study, the drawing under way, the tool in hand. */
import { t } from "../core/i18n.ts";
import { batch, type ReadSignal, type Signal, signal } from "../ui/signal.ts";
import type { Viewport, ViewportFrame } from "../viewer/viewport-api.ts";
import { calibrationAt } from "./calibration.ts";
import { quantities } from "./codes.ts";
import { type Drawing, finished, withoutLast } from "./drawing.ts";
import type { Unfinished } from "./journal.ts";
import { kindNames } from "./labels.ts";
import { type Coordinate, isOn, type Kind, type Mark, newUID, type Value } from "./mark.ts";
import type { MeasureMath } from "./math.ts";
import type { MarkStore } from "./store.ts";
import type { MarkSync } from "./sync.ts";
import { Valuation } from "./valuation.ts";

export interface StudyMarks {
  store: MarkStore;
  sync: MarkSync;
}

/** What the page does for us: dialogs and words. */
export interface MeasuringPage {
  announce(message: string): void;
  /** Asks for a length in millimetres; `null` when the reader gives up. */
  askLength(): Promise<number | null>;
  /** Opens the text of a mark for typing, in the viewport that shows it. */
  editText(mark: Mark): void;
  /** Takes a published mark back, after asking. */
  withdraw(mark: Mark): void;
}

export interface MeasuringHost {
  /** `false`: what the reader draws is not kept on the server. */
  mayAnnotate?: boolean;
  tool: Signal<string>;
  viewports: ReadSignal<readonly Viewport[]>;
}

/** Kinds a reader can draw, in the order of the menu. */
export const drawableKinds = [
  "length",
  "polyline",
  "curve",
  "angle",
  "cobb",
  "ratio",
  "ellipse",
  "circle",
  "rectangle",
  "polygon",
  "freehand",
  "probe",
  "text",
  "arrow",
  "calibration",
] as const satisfies readonly Kind[];

/** These say nothing about pixels, so they may be drawn on a preview too. */
export const wordKinds: ReadonlySet<Kind> = new Set(["text", "arrow"]);
const journalMilliseconds = 400;

export class Measuring {
  readonly drawing: Signal<Drawing | null> = signal<Drawing | null>(null);
  readonly hiddenAll: Signal<boolean> = signal(false);
  readonly math: Signal<MeasureMath | null> = signal<MeasureMath | null>(null);
  readonly studies: Signal<ReadonlyMap<string, StudyMarks>> = signal<ReadonlyMap<string, StudyMarks>>(
    new Map(),
  );
  readonly valuation: Valuation;
  /** Of the program, written into each mark. */
  version = "";
  /** The tool goes back after one mark. */
  #once = false;
  #toolBefore: string | null = null;
  #lastKind: Kind = "length";
  #keptAt = 0;
  /** Broken off drawings by study, until their picture is shown. */
  readonly #unfinished = new Map<string, Unfinished>();

  constructor(readonly host: MeasuringHost, readonly page: MeasuringPage) {
    this.valuation = new Valuation(this);
  }

  storeFor(frame: { studyInstanceUID: string }): MarkStore | null {
    return this.studies().get(frame.studyInstanceUID)?.store ?? null;
  }

  /** The store that has the mark. */
  storeOf(uid: string): MarkStore | null {
    for (const { store } of this.studies.peek().values()) if (store.get(uid)) return store;
    return null;
  }

  mayEdit(mark: Mark): boolean {
    return this.storeOf(mark.uid)?.isOwn(mark) ?? false;
  }

  // Tools

  toolKind(): Kind | null {
    const tool = this.host.tool.peek();
    return drawableKinds.find((each) => kindNames[each] === tool) ?? null;
  }

  /** Once for one mark; again, or held down, for as many as wanted. */
  choose(kind: Kind): void {
    const name = kindNames[kind];
    const now = this.host.tool.peek();
    if (now === name) {
      this.#once = !this.#once;
      if (this.#once) this.putToolAway();
      else this.page.announce(t("measure.toolKept", { tool: t(name) }));
      return;
    }
    this.cancelDrawing();
    if (this.toolKind() === null) this.#toolBefore = now;
    this.#once = true;
    this.#lastKind = kind;
    this.host.tool.set(name);
    // Said before the first point is set, not when the work is lost.
    if (this.host.mayAnnotate === false) this.page.announce(t("measure.notKept", { tool: t(name) }));
  }

  repeat(): void {
    this.choose(this.#lastKind);
  }

  putToolAway(): boolean {
    if (this.toolKind() === null) return false;
    this.#once = false;
    this.host.tool.set(this.#toolBefore ?? "window");
    this.#toolBefore = null;
    return true;
  }

  /** Whether a mark of the kind may be begun here; tells the reader why not. */
  mayDraw(kind: Kind, frame: ViewportFrame, fullResolution: boolean): boolean {
    if (wordKinds.has(kind)) return true;
    if (!fullResolution) this.page.announce(t("measure.none.notFullResolution"));
    else if (this.math.peek() === null) this.page.announce(t("measure.notReady"));
    else if (kind === "probe" && this.valuation.meaning(frame) === null) {
      this.page.announce(t("measure.noPixelValues"));
    } else return true;
    return false;
  }

  sayElsewhere(drawing: Drawing): void {
    this.page.announce(t("measure.elsewhere", { n: drawing.frame.index + 1 }));
  }

  // Drawing

  /** Goes on with a drawing; kept in the journal. `null` gives it up. */
  keep(drawing: Drawing | null): void {
    const before = this.drawing.peek();
    this.drawing.set(drawing);
    const study = (drawing ?? before)?.frame.studyInstanceUID;
    const sync = study === undefined ? undefined : this.studies.peek().get(study)?.sync;
    const now = performance.now();
    // A freehand line grows with every move of the hand.
    if (drawing?.kind === "freehand" && now - this.#keptAt < journalMilliseconds) return;
    this.#keptAt = now;
    sync?.keepUnfinished(drawing && unfinishedOf(drawing));
  }

  cancelDrawing(): boolean {
    if (this.drawing.peek() === null) return false;
    this.keep(null);
    return true;
  }

  /** Takes back the last point; the first one ends the drawing. */
  takeBackPoint(): boolean {
    const drawing = this.drawing.peek();
    if (!drawing) return false;
    this.keep(withoutLast(drawing));
    return true;
  }

  /** Makes the mark. */
  finish(drawing: Drawing): void {
    const done = finished(drawing);
    this.keep(null);
    const store = this.storeFor(drawing.frame);
    if (!done || !store) {
      if (!done) this.page.announce(t("measure.tooSmall"));
      return;
    }
    const mark = this.valuation.measured(
      this.#newMark(drawing, done.points, done.anchorUncertainty, store),
      drawing.frame,
    );
    if (this.#once) this.putToolAway();
    if (mark.kind === "calibration") void this.#calibrate(mark, store);
    else this.#add(mark, store);
  }

  #add(mark: Mark, store: MarkStore): void {
    batch(() => {
      store.commit("measure.drawn", [mark]);
      store.selected.set(mark.uid);
    });
    void this.valuation.addStatistics(mark.uid);
    if (mark.kind === "text" || mark.kind === "arrow") this.page.editText(mark);
    this.page.announce(t("measure.drawnAs", { n: String(mark.number), kind: t(kindNames[mark.kind]) }));
  }

  /** The reader tells how long the line is; then everything own on the image is measured anew, in one step. */
  async #calibrate(mark: Mark, store: MarkStore): Promise<void> {
    const millimetres = await this.page.askLength();
    if (millimetres === null) return;
    const known: Value = {
      quantity: quantities.length,
      derivation: null,
      value: millimetres,
      unit: "mm",
      uncertainty: null,
      k: 2,
    };
    const made = { ...mark, values: [known] };
    store.preview(made);
    const others = this.valuation.remeasured(made.sopInstanceUID, store);
    store.receive([], [made.uid]);
    batch(() => {
      store.commit("measure.calibrated", [made, ...others]);
      store.selected.set(made.uid);
    });
  }

  #newMark(
    drawing: Drawing,
    points: readonly Coordinate[],
    anchorUncertainty: readonly Coordinate[],
    store: MarkStore,
  ): Mark {
    const { frame, kind } = drawing;
    const stamp = store.stamp();
    return {
      uid: newUID(),
      kind,
      number: store.nextNumber(),
      seriesInstanceUID: frame.seriesInstanceUID,
      sopClassUID: frame.sopClassUID,
      sopInstanceUID: frame.sopInstanceUID,
      frameNumber: frame.frameNumber,
      frameOfReferenceUID: frame.frameOfReferenceUID,
      points,
      patientPoints: null,
      label: null,
      text: "",
      values: [],
      calibration: calibrationAt(frame, points, true, store.own()),
      anchorUncertainty,
      members: [],
      hidden: false,
      author: store.author,
      created: stamp,
      modified: stamp,
      tool: { name: "Apus", version: this.version },
    };
  }

  // Changing marks

  preview(mark: Mark, remeasure: boolean): void {
    const store = this.storeOf(mark.uid);
    const frame = this.valuation.shownFrame(mark);
    if (!store) return;
    store.preview(remeasure && frame ? this.valuation.measured(mark, frame) : mark);
  }

  /** Keeps what the last previews made of a mark, as one step from what it was. */
  commitEdit(before: Mark, label: string): void {
    const store = this.storeOf(before.uid);
    const after = store?.get(before.uid);
    if (!store || !after) return;
    const moved = label === "measure.labelMoved";
    const others = before.kind === "calibration" && !moved
      ? this.valuation.remeasured(before.sopInstanceUID, store)
      : [];
    store.preview(before);
    store.commit(label, [moved ? after : unpublished(after), ...others]);
    if (!moved) void this.valuation.addStatistics(before.uid);
  }

  putBack(before: Mark): void {
    this.storeOf(before.uid)?.preview(before);
  }

  setText(uid: string, text: string): void {
    const store = this.storeOf(uid);
    const mark = store?.get(uid);
    if (!store || !mark || mark.text === text) return;
    store.commit("measure.textChanged", [unpublished({ ...mark, text })]);
  }

  /** Without question: undo brings it back. What is published is withdrawn, after asking. */
  remove(uid: string): void {
    const store = this.storeOf(uid);
    const mark = store?.get(uid);
    if (!store || !mark) return;
    if (!store.isOwn(mark)) return this.page.announce(t("measure.othersStay"));
    if (mark.origin) return this.page.withdraw(mark);
    const contained = store.own().filter((each) => each.kind === "volume" && each.members.includes(uid));
    if (mark.kind === "calibration") {
      store.receive([], [uid]);
      const others = this.valuation.remeasured(mark.sopInstanceUID, store);
      store.preview(mark);
      store.commit("measure.removed", others, [uid]);
    } else store.commit("measure.removed", [], [uid, ...contained.map((each) => each.uid)]);
    this.page.announce(t("measure.removedUndo"));
  }

  toggleHidden(uid: string): void {
    const store = this.storeOf(uid);
    const mark = store?.get(uid);
    if (!store || !mark) return;
    // Others' marks are hidden in this window only.
    const next = { ...mark, hidden: !mark.hidden };
    if (store.isOwn(mark)) store.commit("measure.hidden", [next]);
    else store.preview(next);
  }

  editText(mark: Mark): void {
    if (this.mayEdit(mark)) this.page.editText(mark);
  }

  // Broken off drawings

  /** Goes on with a drawing that was broken off as soon as its picture is on the screen. */
  resumeLater(study: string, unfinished: Unfinished): void {
    this.#unfinished.set(study, unfinished);
    for (const viewport of this.host.viewports.peek()) this.resumeOn(viewport.frame.peek());
  }

  resumeOn(frame: ViewportFrame | null): void {
    const unfinished = frame && this.#unfinished.get(frame.studyInstanceUID);
    if (!frame || !unfinished || !isOn(unfinished, frame) || this.drawing.peek()) return;
    this.#unfinished.delete(frame.studyInstanceUID);
    const { kind, points, anchorUncertainty } = unfinished;
    if (this.toolKind() !== kind) this.choose(kind);
    this.drawing.set({ kind, frame, points, anchorUncertainty, preview: null });
    this.page.announce(t("measure.resumed", { kind: t(kindNames[kind]) }));
  }
}

function unfinishedOf(drawing: Drawing): Unfinished {
  const { kind, points, anchorUncertainty, frame } = drawing;
  return {
    kind,
    points,
    anchorUncertainty,
    sopInstanceUID: frame.sopInstanceUID,
    frameNumber: frame.frameNumber,
  };
}

/** A changed mark is no longer the one in the archive. */
function unpublished(mark: Mark): Mark {
  const { origin: _, ...rest } = mark;
  return rest;
}
