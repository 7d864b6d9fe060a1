/** Opens studies into the workspace: the one asked for, its priors, and pairs to compare. */
import { isAbort, type Study } from "../core/api.ts";
import type { SeriesManifest, StudyManifest } from "../imaging/pictures.ts";
import type { Protocol } from "./hanging.ts";
import { layoutNamed } from "./layout.ts";
import { allLinked } from "./links.ts";
import { bestPrior, newestFirst, Priors, relevance } from "./priors.ts";
import { matchingSeries, type RailActions } from "./rail.tsx";
import { firstPicture } from "./first-picture.ts";
import { readyStudies, type ReadyStudy } from "./ready-studies.ts";
import type { ViewerContext } from "./viewer-context.ts";
import { initialAppearance, type Pane } from "./pane.ts";

export class StudyControl {
  readonly priors = new Priors();
  readonly #context: ViewerContext;
  readonly #abort = new AbortController();
  readonly #prefetch: { cancel(): void }[] = [];

  constructor(context: ViewerContext) {
    this.#context = context;
  }

  /**
   * Opens the study the viewer is for; `hang` puts it on the screen, by the protocol that is known already if one is. What was made ready
   * stands there at once; the server is asked all the same once its picture is there, and what came meanwhile is hung anew.
   */
  async open(
    uid: string,
    hang: (manifest: StudyManifest, protocol?: Protocol | null) => Promise<void>,
  ): Promise<void> {
    const { app } = this.#context;
    const ahead = readyStudies(app.api).take(uid);
    try {
      const manifest = ahead ? await this.#openReady(uid, ahead.ready, hang) : await this.#openNew(uid, hang);
      ahead?.settle();
      await this.priors.find(app.api, manifest.study, this.#abort.signal);
      await this.#openRelevantPrior(manifest);
      await this.#makeNextReady(uid);
    } catch (error) {
      ahead?.settle();
      if (!isAbort(error)) throw error;
    }
  }

  async #openNew(
    uid: string,
    hang: (manifest: StudyManifest) => Promise<void>,
  ): Promise<StudyManifest> {
    const manifest = await this.#context.workspace.imaging.openStudy(uid, this.#abort.signal);
    await this.#hang(manifest, hang);
    return manifest;
  }

  async #openReady(
    uid: string,
    ready: ReadyStudy,
    hang: (manifest: StudyManifest, protocol?: Protocol | null) => Promise<void>,
  ): Promise<StudyManifest> {
    const { workspace } = this.#context;
    await this.#hang(ready.manifest, (manifest) => hang(manifest, ready.protocol));
    await firstPicture(workspace, this.#abort.signal);
    // Asked even when the reader has gone on meanwhile: the server's record says who saw what.
    const manifest = await workspace.imaging.openStudy(uid, new AbortController().signal);
    this.#abort.signal.throwIfAborted();
    if (!isSame(manifest, ready.manifest)) await this.#hang(manifest, hang);
    return manifest;
  }

  async #hang(manifest: StudyManifest, hang: (manifest: StudyManifest) => Promise<void>): Promise<void> {
    const { workspace, history } = this.#context;
    if (this.#abort.signal.aborted) return;
    workspace.addStudy(manifest);
    await hang(manifest);
    history.clear();
  }

  /** The two studies below this one in the list are made ready while this one is read; they give way to whatever is looked at. */
  async #makeNextReady(uid: string): Promise<void> {
    const { app } = this.#context;
    const below = async (study: string | null) =>
      study === null ? null : (await app.windows.neighbours(study))?.below ?? null;
    const next = await below(uid);
    const afterNext = await below(next);
    if (!this.#abort.signal.aborted) {
      readyStudies(app.api).want([next, afterNext].filter((each) => each !== null));
    }
  }

  #prefetched(manifest: StudyManifest, series: readonly SeriesManifest[]): void {
    if (this.#abort.signal.aborted || series.length === 0) return;
    const { imaging } = this.#context.workspace;
    this.#prefetch.push(imaging.prefetch(manifest, series));
  }

  /** The prior of the same kind is made ready, so that comparing with it does not wait. */
  async #openRelevantPrior(current: StudyManifest): Promise<void> {
    const prior = bestPrior(this.priors.studies.peek(), current.study);
    if (!prior || relevance(prior, current.study) < 2) return;
    try {
      const manifest = await this.#manifest(prior.studyInstanceUID);
      const same = manifest.series.filter((each) =>
        each.frames.length > 0 && current.series.some((other) => other.modality === each.modality)
      );
      this.#prefetched(manifest, same);
    } catch {
      // The rail still offers the prior, and says why it fails when it is asked for.
    }
  }

  async #manifest(uid: string): Promise<StudyManifest> {
    const { workspace } = this.#context;
    const open = workspace.study(uid);
    if (open) return open.manifest;
    const manifest = await workspace.imaging.openStudy(uid, this.#abort.signal);
    workspace.addStudy(manifest);
    return manifest;
  }

  railActions(onError: (error: unknown) => void): RailActions {
    const guarded = (work: Promise<void>) =>
      void work.catch((error) => {
        if (!isAbort(error)) onError(error);
      });
    return {
      openPrior: (study) => guarded(this.show(study)),
      compare: (study) => guarded(this.compare(study)),
      closeStudy: (uid) => this.#context.workspace.removeStudy(uid),
    };
  }

  /** Opens another study and puts what matches the active view there. */
  async show(study: Study): Promise<void> {
    const { workspace } = this.#context;
    const manifest = await this.#manifest(study.studyInstanceUID);
    const pane = workspace.active.peek();
    const series = this.#match(pane, manifest);
    if (series) workspace.hang(pane, { study: manifest, series });
  }

  #match(pane: Pane, manifest: StudyManifest): SeriesManifest | null {
    const shown = pane.place.peek()?.series;
    const match = shown ? matchingSeries(shown, manifest.series) : null;
    return match ?? manifest.series.find((each) => each.frames.length > 0) ?? manifest.series[0] ?? null;
  }

  /** Current and prior side by side, everything linked. */
  async compare(study: Study): Promise<void> {
    const { workspace } = this.#context;
    const manifest = await this.#manifest(study.studyInstanceUID);
    const active = workspace.active.peek();
    const place = active.place.peek();
    const series = this.#match(active, manifest);
    const [first, second] = workspace.panes;
    const layout = layoutNamed("1x2");
    if (!place || !series || !first || !second || !layout) return;
    const index = active.index.peek();
    const window = active.appearance.peek().window;
    workspace.change("history.compare", () => {
      workspace.maximized.set(null);
      if (first !== active) first.hang(place, { index, appearance: active.appearance.peek() });
      // Studies of one machine often share no frame of reference: start at the same share of the way.
      const share = index / Math.max(place.series.frames.length - 1, 1);
      second.hang({ study: manifest, series }, {
        index: Math.round(share * Math.max(series.frames.length - 1, 0)),
        appearance: { ...initialAppearance, window },
      });
      workspace.layout.set(layout);
      workspace.activate(first);
      workspace.links.set(allLinked);
      for (const pane of workspace.panes) pane.setAnchor();
    });
  }

  async comparePrior(): Promise<void> {
    const current = this.#context.workspace.studies.peek()[0]?.manifest.study;
    const prior = current && bestPrior(this.priors.studies.peek(), current);
    if (prior) await this.compare(prior);
  }

  /** The next older (1) or newer (-1) study of the patient in the active view. */
  async stepStudy(by: number): Promise<void> {
    const shown = this.#context.workspace.active.peek().place.peek()?.study.study.studyInstanceUID;
    const all = newestFirst(this.priors.studies.peek());
    const at = all.findIndex((each) => each.studyInstanceUID === shown);
    const next = all[at + by];
    if (at >= 0 && next) await this.show(next);
  }

  end(): void {
    this.#abort.abort();
    for (const each of this.#prefetch) each.cancel();
  }
}

/** The same study in the same state: attributes and the revision of each series. */
function isSame(one: StudyManifest, other: StudyManifest): boolean {
  const state = ({ study, series }: StudyManifest) =>
    JSON.stringify([study, series.map((each) => [each.seriesInstanceUID, each.revision])]);
  return state(one) === state(other);
}
