/** Import as the user meets it: the drop target, the buttons, and the progress panel that follows on every screen. */
import type { App } from "../../core/context.ts";
import { explain } from "../../core/errors.ts";
import { bytes, number } from "../../core/format.ts";
import { hasMessage, plural, t } from "../../core/i18n.ts";
import { confirm } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";
import { type Child, when } from "../../ui/jsx-runtime.ts";
import { computed, effect, onCleanup, signal } from "../../ui/signal.ts";
import { VirtualTable } from "../../ui/virtual-table.tsx";
import { Trouble } from "../../ui/trouble.tsx";
import { entriesOf, filesOfEntries, filesOfInput } from "./collect.ts";
import { type ImportQueue, type ImportRow, progress, type RowVerdict } from "./queue.ts";
import { saveResultList } from "./result-list.ts";

export const verdictNames: Readonly<Record<RowVerdict, string>> = {
  stored: "import.verdict.stored",
  duplicate: "import.verdict.duplicate",
  quarantined: "import.verdict.quarantined",
  conflict: "import.verdict.conflict",
  refused: "import.verdict.refused",
  skipped: "import.verdict.skipped",
  failed: "import.verdict.failed",
  cancelled: "import.verdict.cancelled",
};
const verdicts = Object.keys(verdictNames) as RowVerdict[];

export function DropTarget(props: { app: App; children?: Child }) {
  const over = signal(false);
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  return (
    <div
      class={() => (over() ? "drop-target is-over" : "drop-target")}
      onDragOver={(event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        over.set(true);
      }}
      onDragLeave={(event) => {
        if (!(event.currentTarget as Element | null)?.contains(event.relatedTarget as Node | null)) {
          over.set(
            false,
          );
        }
      }}
      onDrop={(event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        over.set(false);
        const entries = entriesOf((event.dataTransfer as DataTransfer).items);
        void props.app.imports.add(filesOfEntries(entries));
      }}
    >
      {props.children}
      <div class="drop-hint" aria-hidden="true">
        <div>
          <Icon name="upload" />
          <strong>{t("import.drop")}</strong>
          <span>{t("import.formats")}</span>
        </div>
      </div>
    </div>
  );
}

export function ImportButtons(props: { app: App }) {
  let files: HTMLInputElement;
  let folder: HTMLInputElement;
  const take = (input: HTMLInputElement) => {
    // Clearing the input empties its live list, so the files are taken out first.
    const files = [...input.files ?? []];
    input.value = "";
    if (files.length > 0) void props.app.imports.add(filesOfInput(files));
  };
  onCleanup(props.app.commands.add([
    { id: "command.importFiles", scope: "studies", keys: ["Mod+O"], run: () => files.click() },
    { id: "command.importFolder", scope: "studies", keys: ["Mod+Shift+O"], run: () => folder.click() },
  ]));
  const input = (id: string, set: (element: HTMLInputElement) => void, isFolder: boolean) => (
    <input
      type="file"
      id={id}
      hidden
      multiple
      webkitdirectory={isFolder}
      ref={set}
      onChange={(event) => take(event.target as HTMLInputElement)}
    />
  );
  return (
    <span class="import-buttons">
      {input("import-files", (element) => files = element, false)}
      {input("import-folder", (element) => folder = element, true)}
      <button type="button" class="button" title={t("import.formats")} onClick={() => files.click()}>
        <Icon name="file" />
        {t("import.files")}
      </button>
      <button type="button" class="button" title={t("import.formats")} onClick={() => folder.click()}>
        <Icon name="folder" />
        {t("import.folder")}
      </button>
    </span>
  );
}

/** Asks before an action that would break off a running import (YY/T 1861 4.2.2 e). */
export async function mayInterrupt(queue: ImportQueue): Promise<boolean> {
  if (!queue.running.peek()) return true;
  return await confirm(
    t("import.interrupt.title"),
    t("import.interrupt.message"),
    t("import.interrupt.action"),
  );
}

export function ImportPanel(props: { app: App }) {
  const queue = props.app.imports;
  const unfolded = signal(true);
  const inViewer = computed(() => props.app.router.route().screen === "viewer");
  const warn = (event: BeforeUnloadEvent) => {
    if (!queue.running.peek()) return;
    event.preventDefault();
    event.returnValue = true;
  };
  addEventListener("beforeunload", warn);
  onCleanup(() => removeEventListener("beforeunload", warn));
  effect(() => {
    if (queue.state() === "finished") props.app.announce(summary(queue));
  });
  // Over images it keeps small.
  effect(() => unfolded.set(!inViewer()));
  return when(
    // Names of files may tell of patients: not for whoever stands before the login.
    () => queue.state() !== "idle" && props.app.session() !== null,
    () => (
      <aside
        class="import-panel"
        data-theme={() => inViewer() ? "dark" : null}
        aria-label={t("import.title")}
      >
        <header class="import-head">
          <h2>{() => headline(queue)}</h2>
          <span class="grow"></span>
          <Actions queue={queue} />
          <button
            type="button"
            class="icon-button"
            aria-expanded={() => String(unfolded())}
            aria-label={t("import.details")}
            onClick={() => unfolded.update((shown) => !shown)}
          >
            {() => unfolded() ? <Icon name="down" /> : <Icon name="up" />}
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label={t("action.close")}
            hidden={() => queue.running()}
            onClick={() => queue.clear()}
          >
            <Icon name="close" />
          </button>
        </header>
        <progress
          class="import-progress"
          max="1"
          value={() => progress(queue)}
          aria-label={t("import.progress")}
        >
        </progress>
        <p class="import-figures">
          <span>{() => t("import.filesDone", { done: queue.filesDone(), all: queue.files() })}</span>
          <span>{() => `${bytes(queue.bytesDone())} / ${bytes(queue.bytes())}`}</span>
          {() => queue.collecting() > 0 && <span>{t("import.collecting")}</span>}
        </p>
        <Pause queue={queue} />
        {() => unfolded() && <Results app={props.app} />}
      </aside>
    ),
  );
}

function headline(queue: ImportQueue): string {
  const state = queue.state();
  if (state === "paused") return t("import.paused");
  return state === "finished" ? t("import.finished") : t("import.running");
}

function summary(queue: ImportQueue): string {
  const parts = verdicts.filter((each) => queue.count(each) > 0)
    .map((each) => `${t(verdictNames[each])} ${number(queue.count(each))}`);
  return `${t("import.finished")} ${parts.join(" ")}`;
}

function Actions(props: { queue: ImportQueue }) {
  const { queue } = props;
  return (
    <>
      <button type="button" class="button" hidden={() => !queue.running()} onClick={() => queue.cancel()}>
        {t("action.cancel")}
      </button>
      <button
        type="button"
        class="button"
        hidden={() => queue.state() === "running" || !queue.canRetry}
        onClick={() => queue.retryFailed()}
      >
        {t("import.retryFailed")}
      </button>
      <button
        type="button"
        class="button"
        hidden={() => queue.state() !== "finished" || queue.rows().length === 0}
        onClick={() => saveResultList(queue.rows())}
      >
        {t("import.save")}
      </button>
    </>
  );
}

function Pause(props: { queue: ImportQueue }) {
  return (
    <div role="alert">
      {() => {
        const error = props.queue.pauseReason();
        if (!error) return null;
        return (
          <div class="note note-error import-pause">
            <Icon name="warning" />
            <span>
              <Trouble of={explain(error)} />
            </span>
            <button type="button" class="button" onClick={() => props.queue.resume()}>
              {t("import.resume")}
            </button>
          </div>
        );
      }}
    </div>
  );
}

function Results(props: { app: App }) {
  const queue = props.app.imports;
  const only = signal<RowVerdict | null>(null);
  const selected = signal<string | null>(null);
  // A new array each time: the list itself grows in place.
  const rows = computed(() => {
    const wanted = only();
    return wanted === null ? [...queue.rows()] : queue.rows().filter((row) => row.verdict === wanted);
  });
  return (
    <div class="import-results">
      <div class="verdict-chips" role="group" aria-label={t("import.filter")}>
        {() =>
          verdicts.filter((each) => queue.count(each) > 0).map((each) => (
            <button
              type="button"
              class={`verdict verdict-${each}`}
              aria-pressed={() => String(only() === each)}
              onClick={() => only.update((now) => (now === each ? null : each))}
            >
              <span class="verdict-mark" aria-hidden="true"></span>
              {t(verdictNames[each])} {number(queue.count(each))}
            </button>
          ))}
      </div>
      <VirtualTable<ImportRow>
        label={t("import.results")}
        class="result-table"
        columns={[
          {
            id: "verdict",
            title: t("import.column.verdict"),
            cell: (row) => {
              const { verdict } = row.peek();
              return (
                <span class={`verdict verdict-${verdict}`}>
                  <span class="verdict-mark" aria-hidden="true"></span>
                  {t(verdictNames[verdict])}
                </span>
              );
            },
          },
          {
            id: "path",
            title: t("import.column.path"),
            cell: (row) => <span title={row.peek().path}>{row.peek().path}</span>,
          },
          { id: "reason", title: t("import.column.reason"), cell: (row) => reasonCell(row.peek()) },
        ]}
        rows={rows}
        keyOf={(row) => String(row.id)}
        selected={selected}
        onSelect={selected.set}
        footer={
          <p class="result-empty" hidden={() => rows().length > 0}>
            {() => queue.running() ? t("import.waiting") : plural("import.nothing", queue.files())}
          </p>
        }
      />
    </div>
  );
}

function reasonCell(row: ImportRow): Child {
  const text = reasonOf(row);
  return <span title={text}>{text}</span>;
}

export function reasonOf(row: ImportRow): string {
  if (row.code !== null && hasMessage(row.code)) return t(row.code);
  if (row.reason) return row.reason;
  return row.verdict === "failed" ? t("import.reason.failed") : "";
}
