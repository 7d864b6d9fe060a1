/** Chooses and applies hanging protocols, steps through their stages, saves the screen as one. */
import { t } from "../core/i18n.ts";
import type { ProtocolTrial, Study } from "../core/api.ts";
import { storedSignal } from "../core/stored.ts";
import type { StudyManifest } from "../imaging/pictures.ts";
import { batch, computed, signal } from "../ui/signal.ts";
import { openProtocols, openSaveProtocol } from "./dialogs.tsx";
import { bestProtocol, type Protocol, score, type Stage, type StudyFacts } from "./hanging.ts";
import { fittedStages } from "./hanging-fit.ts";
import { applyStage, protocolFromScreen, seriesFacts, studyFacts } from "./hang-study.ts";
import { bestOnServer, type KeptProtocol, openProtocolStore, type ProtocolStore } from "./protocol-store.ts";
import type { ViewerContext } from "./viewer-context.ts";

const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
/** A rule is tried on this many of the newest studies. */
const testMaximum = 200;

export class HangingControl {
  readonly protocol = signal<Protocol | null>(null);
  readonly #stage = signal(0);
  readonly #context: ViewerContext;
  #store: ProtocolStore | null = null;
  #kept: readonly KeptProtocol[] = [];
  readonly automatic = storedSignal("apus.hanging.automatic", isBoolean, true);

  /** Those of the chosen protocol that have something to show; a prior that comes later adds its own. */
  readonly stages = computed((): readonly Stage[] => {
    const protocol = this.protocol();
    return protocol ? fittedStages(protocol, seriesFacts(this.#context.workspace.studies())) : [];
  });
  /** Asked for while the study's manifest is on its way. */
  readonly #opened: Promise<void>;

  constructor(context: ViewerContext) {
    this.#context = context;
    this.#opened = this.#open();
  }

  async #open(): Promise<void> {
    const { app } = this.#context;
    try {
      const { store, protocols } = await openProtocolStore(app.api, app.session.peek()?.user.name ?? "");
      this.#store = store;
      this.#kept = protocols;
    } catch {
      // Signed out meanwhile: the screen is about to go.
    }
  }

  /**
   * Hangs a study just opened: by the best protocol, else its first series alone.
   * @param known what the server hangs it by, if that was asked before.
   */
  async hangFirst(manifest: StudyManifest, known?: Protocol | null): Promise<void> {
    const { workspace } = this.#context;
    if (this.automatic.peek()) {
      const best = known === undefined ? await this.#best(manifest.study.studyInstanceUID) : known;
      if (best && this.apply(best)) return;
    }
    const series = manifest.series.find((each) => each.frames.length > 0) ?? manifest.series[0];
    if (series) workspace.panes[0]?.hang({ study: manifest, series });
  }

  /** The server matches; the same rules here answer for it when it does not in time. */
  async #best(study: string): Promise<Protocol | null> {
    const chosen = await bestOnServer(this.#context.app.api, study);
    if (chosen !== undefined) return chosen;
    await this.#opened;
    const facts = studyFacts(this.#context.workspace.studies.peek());
    return facts && bestProtocol(this.#kept.map((each) => each.protocol), facts);
  }

  /** False when the protocol finds nothing to show. */
  apply(protocol: Protocol): boolean {
    batch(() => {
      this.protocol.set(protocol);
      this.#stage.set(0);
    });
    const [stage] = this.stages.peek();
    if (!stage) {
      this.protocol.set(null);
      return false;
    }
    applyStage(this.#context.workspace, protocol, stage);
    return true;
  }

  step(by: number): void {
    const protocol = this.protocol.peek();
    const stages = this.stages.peek();
    if (!protocol || stages.length === 0) return;
    const next = (this.#stage.peek() + by + stages.length) % stages.length;
    this.#stage.set(next);
    const stage = stages[next];
    if (!stage) return;
    applyStage(this.#context.workspace, protocol, stage);
    const name = stage.name.startsWith("hanging.") ? t(stage.name) : stage.name;
    this.#context.app.announce(t("hanging.stage", { n: next + 1, count: stages.length, name }));
  }

  openList(): void {
    openProtocols(
      this.#kept,
      this.protocol.peek()?.id ?? null,
      { isOn: this.automatic.peek(), set: this.automatic.set },
      {
        apply: (protocol) => {
          if (!this.apply(protocol)) this.#context.app.announce(t("hanging.nothing"));
        },
        remove: (protocol) => void this.#change((store) => store.remove(protocol.id)),
      },
    );
  }

  /** Changes the kept protocols; false when that failed. */
  async #change(work: (store: ProtocolStore) => Promise<void>): Promise<boolean> {
    const store = this.#store;
    if (!store) return false;
    try {
      await work(store);
      this.#kept = await store.list();
      return true;
    } catch {
      return false;
    }
  }

  openSave(): void {
    const id = `own-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
    const description = this.#context.workspace.studies.peek()[0]?.manifest.study.studyDescription ?? "";
    const protocol = protocolFromScreen(this.#context.workspace, id, description);
    const store = this.#store;
    if (!protocol || !store) return this.#context.app.announce(t("hanging.notSaved"));
    openSaveProtocol(protocol, store.place, () => this.#test(store, protocol), async (name) => {
      const stages = protocol.stages.map((each) => ({ ...each, name }));
      const saved = await this.#change((kept) => kept.save({ ...protocol, name, stages }));
      this.#context.app.announce(saved ? t("hanging.saved", { name }) : t("hanging.notSaved"));
    });
  }

  /** On which of the newest studies the rule would hang. */
  async #test(store: ProtocolStore, protocol: Protocol): Promise<ProtocolTrial> {
    const asked = await store.test(protocol, testMaximum);
    if (asked) return asked;
    const query = { text: "", modalities: [], from: "", to: "", sort: "-studyDate" };
    const page = await this.#context.app.api.studies(query, testMaximum, null, new AbortController().signal);
    const isHit = (study: Study) => {
      const facts: StudyFacts = {
        modalities: study.modalities,
        description: study.studyDescription,
        bodyParts: [],
        age: null,
        series: study.numberOfSeries,
        priors: 0,
      };
      return score(protocol.match, { ...facts }) !== null;
    };
    const tried = (study: Study) => ({ description: study.studyDescription, modalities: study.modalities });
    return {
      tested: page.studies.length,
      hits: page.studies.filter(isHit).map(tried),
      misses: page.studies.filter((each) => !isHit(each)).map(tried),
    };
  }
}
