/** The study list. */
import { type APIError, type Study } from "../../core/api.ts";
import type { Command, Gesture } from "../../core/commands.ts";
import type { App } from "../../core/context.ts";
import { explain } from "../../core/errors.ts";
import { plural, t } from "../../core/i18n.ts";
import { viewerHash } from "../../core/router.ts";
import { Icon } from "../../ui/icons.tsx";
import { computed, effect, onCleanup } from "../../ui/signal.ts";
import { type TableHandle, VirtualTable } from "../../ui/virtual-table.tsx";
import { Trouble } from "../../ui/trouble.tsx";
import { DropTarget, ImportButtons } from "../import/panel.tsx";
import { studyColumns } from "./columns.tsx";
import { type Period, periods, type StudyList } from "./model.ts";

const periodNames: Readonly<Record<Period, string>> = {
  today: "period.today",
  threeDays: "period.threeDays",
  week: "period.week",
  all: "period.all",
};
const modalityChips = ["CT", "MR", "DX", "CR", "MG", "US", "XA", "PT", "NM"];

/** Going through the list with the arrows chooses nothing yet. */
const restMilliseconds = 250;

/** What the list's commands act on; filled in as the page is built. */
interface Parts {
  search: HTMLInputElement | null;
  table: TableHandle | null;
}

export function StudiesScreen(props: { app: App }) {
  const { app } = props;
  const { studies } = app;
  const parts: Parts = { search: null, table: null };
  const open = (study: Study) => app.router.go(viewerHash(study.studyInstanceUID));
  onCleanup(app.commands.add(studyCommands(app, parts, open), studyGestures));
  effect(() => {
    const count = studies.lastArrivals();
    if (count > 0) app.announce(plural("studies.arrived", count));
  });
  if (studies.rows.peek().length === 0) void studies.reload();
  const waiting = readyAtRest(app);
  // The row that gets the focus by itself was not chosen by anybody.
  takeFocus(studies, () => waiting.without(() => parts.table?.focus()));

  return (
    <DropTarget app={app}>
      <main class="studies" aria-label={t("studies.title")}>
        <div class="filters" role="search">
          <SearchBox studies={studies} parts={parts} />
          <Filters studies={studies} />
          <span class="grow"></span>
          <span class="result-count" role="status">{() => countText(studies)}</span>
          <ImportButtons app={app} />
        </div>
        <div class={() => studies.loading() ? "loading-line is-loading" : "loading-line"} aria-hidden="true">
        </div>
        <ListError studies={studies} />
        <VirtualTable<Study>
          label={t("studies.title")}
          class="study-table"
          columns={studyColumns()}
          rows={() => studies.rows()}
          keyOf={(study) => study.studyInstanceUID}
          selected={() => studies.selected()}
          onSelect={(key) => {
            studies.selected.set(key);
            waiting.rest();
          }}
          onOpen={open}
          rowClass={(study) => {
            const shown = app.windows.shown().has(study.studyInstanceUID) ? " is-shown" : "";
            return (studies.arrivals().has(study.studyInstanceUID) ? "has-arrived" : "") + shown;
          }}
          sort={() => studies.sort()}
          onSort={(key) => studies.sortBy(key)}
          onNearEnd={() => void studies.loadMore()}
          total={() => studies.total()}
          ref={(handle) => parts.table = handle}
          initialScrollTop={studies.scrollTop}
          onScrolled={(top) => studies.scrollTop = top}
          footer={<Empty app={app} />}
        />
      </main>
    </DropTarget>
  );
}

function studyCommands(app: App, parts: Parts, open: (study: Study) => void): Command[] {
  const { studies } = app;
  const move = (id: string, key: string, run: (table: TableHandle) => void): Command => ({
    id,
    scope: "studies",
    keys: [key],
    run: () => parts.table && run(parts.table),
    // Elsewhere, as in the result list of an import, the arrows have other work.
    enabled: () =>
      document.activeElement === document.body || document.activeElement?.closest(".study-table") !== null,
  });
  return [
    {
      id: "command.search",
      scope: "studies",
      keys: ["/"],
      run: () => {
        parts.search?.focus();
        parts.search?.select();
      },
    },
    move("command.next", "ArrowDown", (table) => table.move(1)),
    move("command.previous", "ArrowUp", (table) => table.move(-1)),
    move("command.pageDown", "PageDown", (table) => table.move(table.pageRows())),
    move("command.pageUp", "PageUp", (table) => table.move(-table.pageRows())),
    move("command.first", "Home", (table) => table.moveTo(0)),
    move("command.last", "End", (table) => table.moveTo(studies.rows.peek().length - 1)),
    {
      id: "command.open",
      scope: "studies",
      keys: ["Enter"],
      // A focused button or link keeps its own Enter.
      enabled: () => document.activeElement?.closest("button, a, [role=menu], .import-panel") === null,
      run: () => {
        const study = studies.rows.peek().find((each) => each.studyInstanceUID === studies.selected.peek());
        if (study) open(study);
      },
    },
    {
      id: "command.viewerWindow",
      scope: "studies",
      keys: ["Shift+Enter"],
      run: () => {
        const uid = studies.selected.peek();
        if (uid !== null) app.windows.open(uid, viewerHash(uid));
      },
    },
    {
      id: "command.clearFilters",
      scope: "studies",
      keys: ["Escape"],
      run: () => studies.clearFilters(),
      enabled: studies.filtered,
    },
  ];
}

/** The study chosen by hand is made ready once the choice rests. */
function readyAtRest(app: App): { rest(): void; without(run: () => void): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOn = true;
  onCleanup(() => clearTimeout(timer));
  return {
    without(run) {
      isOn = false;
      run();
      isOn = true;
    },
    rest() {
      clearTimeout(timer);
      if (!isOn) return;
      timer = setTimeout(() => {
        const uid = app.studies.selected.peek();
        if (uid !== null) app.makeReady([uid]);
      }, restMilliseconds);
    },
  };
}

const studyGestures: readonly Gesture[] = [
  { id: "gesture.openStudy", scope: "studies", gesture: "gesture.doubleClick" },
  { id: "gesture.import", scope: "studies", gesture: "gesture.drop" },
];

/** Once there are rows, and unless the reader has gone elsewhere meanwhile, the arrow keys work at once. */
function takeFocus(studies: StudyList, focus: () => void): void {
  let taken = false;
  effect(() => {
    if (taken || studies.rows().length === 0) return;
    taken = true;
    requestAnimationFrame(() => {
      if (document.activeElement === document.body) focus();
    });
  });
}

function SearchBox(props: { studies: StudyList; parts: Parts }) {
  const { studies, parts } = props;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      parts.table?.moveTo(0);
    } else if (event.key === "Escape") {
      if (parts.search) parts.search.value = "";
      studies.type("");
      parts.table?.focus();
    } else return;
    event.stopPropagation();
  };
  return (
    <div class="search-box">
      <Icon name="search" />
      <input
        type="search"
        aria-label={t("studies.search")}
        placeholder={t("studies.search.placeholder")}
        aria-keyshortcuts="/"
        autocomplete="off"
        spellcheck="false"
        maxlength="200"
        value={() => studies.text()}
        ref={(element: HTMLInputElement) => parts.search = element}
        onInput={(event) => {
          // While an input method composes, the letters are not yet what is meant.
          if (!event.isComposing) studies.type((event.target as HTMLInputElement).value);
        }}
        onCompositionEnd={(event) => studies.type((event.target as HTMLInputElement).value)}
        onKeyDown={onKeyDown}
      />
      <kbd class="search-key" aria-hidden="true">/</kbd>
    </div>
  );
}

function Filters(props: { studies: StudyList }) {
  const { studies } = props;
  return (
    <>
      <div class="segmented" role="group" aria-label={t("studies.period")}>
        {periods.map((each) => (
          <button
            type="button"
            aria-pressed={() => String(studies.period() === each)}
            onClick={() => studies.setPeriod(each)}
          >
            {t(periodNames[each])}
          </button>
        ))}
      </div>
      <div class="chips" role="group" aria-label={t("studies.modality")}>
        {modalityChips.map((each) => (
          <button
            type="button"
            class="chip"
            aria-pressed={() => String(studies.modalities().includes(each))}
            onClick={() => studies.toggleModality(each)}
          >
            {each}
          </button>
        ))}
      </div>
    </>
  );
}

function countText(studies: StudyList): string {
  const total = studies.total();
  if (total !== null) return plural("studies.count", total);
  const shown = studies.rows().length;
  return studies.next() === null ? plural("studies.count", shown) : t("studies.countMore", { n: shown });
}

function ListError(props: { studies: StudyList }) {
  return (
    <div role="alert">
      {() => {
        const error = props.studies.error() as APIError | null;
        if (error === null) return null;
        return (
          <div class="banner banner-error">
            <Icon name="warning" />
            <Trouble of={explain(error)} />
            <button type="button" class="button" onClick={() => void props.studies.reload()}>
              {t("action.retry")}
            </button>
          </div>
        );
      }}
    </div>
  );
}

function Empty(props: { app: App }) {
  const { studies, server } = props.app;
  const empty = computed(() => studies.rows().length === 0 && !studies.loading() && studies.error() === null);
  return (
    <div class="empty" hidden={() => !empty()}>
      {() => {
        if (!empty()) return null;
        if (studies.filtered()) {
          return (
            <>
              <Icon name="search" />
              <h2>{t("studies.none")}</h2>
              <p>{t("studies.none.hint")}</p>
              <button type="button" class="button" onClick={() => studies.clearFilters()}>
                {t("studies.clearFilters")}
              </button>
            </>
          );
        }
        const dicom = server()?.dicom;
        return (
          <>
            <Icon name="upload" />
            <h2>{t("studies.empty")}</h2>
            <p>{t("studies.empty.drop")}</p>
            {dicom && (
              <p>
                {t("studies.empty.dicom", { ae: dicom.aeTitle, address: `${dicom.host}:${dicom.port}` })}
              </p>
            )}
          </>
        );
      }}
    </div>
  );
}
