/** The list of all marks: jump, text, explanation, hide, delete; volumes of contours; saving as DICOM. */
import { date } from "../core/format.ts";
import { explain } from "../core/errors.ts";
import { t } from "../core/i18n.ts";
import { Icon } from "../ui/icons.tsx";
import { For, when } from "../ui/jsx-runtime.ts";
import { computed, type ReadSignal, type Signal, signal } from "../ui/signal.ts";
import { Trouble } from "../ui/trouble.tsx";
import { formulaLine } from "./formulas.ts";
import { calibrationText, kindNames, namedValue } from "./labels.ts";
import { openLook } from "./look-dialog.tsx";
import { type Mark, regionKinds } from "./mark.ts";
import type { Measuring, StudyMarks } from "./measuring.ts";
import type { MarkStore } from "./store.ts";
import type { KeepState } from "./sync.ts";

export interface PanelActions {
  jump(mark: Mark): void;
  explain(uid: string): void;
  publish(): Promise<void>;
  /** Makes a volume of these contours, or says why not. */
  volume(uids: readonly string[]): void;
  /** "Image 12" */
  placeOf(mark: Mark): string;
}

export function MarksPanel(props: { measuring: Measuring; actions: PanelActions }) {
  const { measuring, actions } = props;
  const studies = computed(() => [...measuring.studies().values()]);
  return (
    <div class="marks-panel">
      {() => studies().map((each) => <StudyList measuring={measuring} study={each} actions={actions} />)}
    </div>
  );
}

function StudyList(props: { measuring: Measuring; study: StudyMarks; actions: PanelActions }) {
  const { measuring, actions, study } = props;
  const { store, sync } = study;
  const chosen = signal<ReadonlySet<string>>(new Set());
  const publishing = signal(false);
  const publish = async () => {
    publishing.set(true);
    await actions.publish();
    publishing.set(false);
  };
  const unpublished = computed(() =>
    store.sorted().filter((each) => store.isOwn(each) && !each.origin).length
  );
  return (
    <>
      <div class="marks-bar">
        <KeepLine state={sync.state} error={sync.error} journalFailed={sync.journalFailed} />
        <button
          type="button"
          class="button"
          disabled={() => unpublished() === 0 || publishing()}
          title={`${t("measure.publish")} (Ctrl+S)`}
          onClick={() => void publish()}
        >
          {t("measure.publishShort")}
        </button>
        {when(() => chosen().size > 0, () => (
          <button
            type="button"
            class="button"
            onClick={() => actions.volume([...chosen.peek()])}
          >
            {() => t("measure.volumeOf", { n: chosen().size })}
          </button>
        ))}
        <button
          type="button"
          class="button"
          aria-pressed={() => String(measuring.hiddenAll())}
          title={`${t("measure.hideAll")} (N)`}
          onClick={() => measuring.hiddenAll.update((on) => !on)}
        >
          {t("measure.hideAll")}
        </button>
        <button type="button" class="button" title={`${t("measure.look")} (Alt+M)`} onClick={openLook}>
          {t("measure.lookShort")}
        </button>
      </div>
      {when(() => store.sorted().length === 0, () => <p class="marks-empty">{t("measure.empty")}</p>)}
      <ol class="marks-list" aria-label={t("measure.list")}>
        <For each={store.sorted} by={(mark: Mark) => mark.uid}>
          {(mark: ReadSignal<Mark>) => (
            <Row mark={mark} store={store} measuring={measuring} actions={actions} chosen={chosen} />
          )}
        </For>
      </ol>
    </>
  );
}

const states: Readonly<Record<KeepState, string>> = {
  loading: "measure.keep.loading",
  saved: "measure.keep.saved",
  waiting: "measure.keep.waiting",
  saving: "measure.keep.saving",
  offline: "measure.keep.offline",
  signedOut: "measure.keep.signedOut",
  refused: "measure.keep.refused",
};

export function KeepLine(props: {
  state: ReadSignal<KeepState>;
  error: ReadSignal<unknown>;
  journalFailed: ReadSignal<boolean>;
}) {
  const { state, error, journalFailed } = props;
  return (
    <span class="keep-line" role="status" data-state={state}>
      {() => t(states[state()])}
      {() => state() === "refused" && error() !== null && <Trouble of={explain(error())} />}
      {() => (journalFailed() ? ` ${t("measure.keep.noJournal")}` : "")}
    </span>
  );
}

function Row(props: {
  mark: ReadSignal<Mark>;
  store: MarkStore;
  measuring: Measuring;
  actions: PanelActions;
  chosen: Signal<ReadonlySet<string>>;
}) {
  const { mark, store, measuring, actions, chosen } = props;
  const { uid } = mark.peek();
  const own = store.isOwn(mark.peek());
  const choose = (on: boolean) =>
    chosen.update((all) => new Set(on ? [...all, uid] : [...all].filter((each) => each !== uid)));
  return (
    <li
      class="marks-row"
      data-uid={uid}
      aria-current={() => (store.selected() === uid ? "true" : null)}
      data-hovered={() => String(store.hovered() === uid)}
      data-hidden={() => String(mark().hidden)}
      data-other={String(!own)}
      onPointerEnter={() => store.hovered.set(uid)}
      onPointerLeave={() => store.hovered.set(null)}
    >
      {own && regionKinds.has(mark.peek().kind) && (
        <input
          type="checkbox"
          aria-label={t("measure.chooseForVolume", { n: String(mark.peek().number) })}
          checked={() => chosen().has(uid)}
          onChange={(event) => choose((event.target as HTMLInputElement).checked)}
        />
      )}
      <button
        type="button"
        class="marks-jump"
        title={t("measure.jump")}
        onClick={() => actions.jump(mark.peek())}
      >
        <span class="marks-name">
          <b>{() => String(mark().number)}</b> {() => t(kindNames[mark().kind])}
          <span class="marks-place">{() => actions.placeOf(mark())}</span>
        </span>
        {() => mark().text !== "" && <span class="marks-words">{mark().text}</span>}
        {() =>
          mark().values.map((each) => (
            <span class="marks-value" title={formulaLine(mark().kind, each)}>{namedValue(each)}</span>
          ))}
        <span class="marks-source">{() => sourceLine(mark())}</span>
        {() => (own && !mark().origin ? null : <span class="marks-source">{originLine(mark())}</span>)}
      </button>
      <span class="marks-actions">
        {own && <RowButton icon="text" name="measure.edit" run={() => measuring.editText(mark.peek())} />}
        <RowButton icon="formula" name="measure.explain" run={() => actions.explain(uid)} />
        <button
          type="button"
          class="icon-button"
          aria-pressed={() => String(mark().hidden)}
          aria-label={t("measure.hide")}
          title={t("measure.hide")}
          onClick={() => measuring.toggleHidden(uid)}
        >
          {() => <Icon name={mark().hidden ? "eyeClosed" : "eye"} />}
        </button>
        {own && <RowButton icon="close" name="measure.delete" run={() => measuring.remove(uid)} />}
      </span>
    </li>
  );
}

function RowButton(props: { icon: "text" | "formula" | "close"; name: string; run: () => void }) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={t(props.name)}
      title={t(props.name)}
      onClick={props.run}
    >
      <Icon name={props.icon} />
    </button>
  );
}

function sourceLine(mark: Mark): string {
  const measures = mark.values.some((each) => /^mm|^\{pixels\}/.test(each.unit));
  return measures && mark.kind !== "calibration" && mark.kind !== "volume"
    ? calibrationText(mark.calibration)
    : "";
}

function originLine(mark: Mark): string {
  const author = mark.author.displayName || mark.author.name;
  if (!mark.origin) return author;
  return t("measure.published", {
    author,
    date: date(mark.origin.created.slice(0, 10).replaceAll("-", "")),
    kind: mark.origin.kind,
  });
}
