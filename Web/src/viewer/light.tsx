/** The light viewer for clinicians, on telephones too: read only, one view, made for fingers, not for diagnosis. */
import type { App } from "../core/context.ts";
import { date, personName } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import type { SeriesManifest, StudyManifest } from "../imaging/pictures.ts";
import { CommandButton } from "../ui/command-button.tsx";
import { Icon } from "../ui/icons.tsx";
import { Menu } from "../ui/menu.tsx";
import { computed, onCleanup, signal } from "../ui/signal.ts";
import { Banners } from "./banners.tsx";
import { viewerCommands, viewerGestures } from "./commands.ts";
import { kindNames } from "./documents/kinds.ts";
import { isLocalizer } from "./hanging-defaults.ts";
import { ctPresets } from "./presets.ts";
import { Failure, makeContext, Views } from "./screen.tsx";
import type { ViewerContext } from "./viewer-context.ts";

/** Commands a reader without a diagnostic screen has use for. */
const offered = new Set([
  "command.nextImage",
  "command.previousImage",
  "command.forwardTen",
  "command.backTen",
  "command.firstImage",
  "command.lastImage",
  "command.nextSeries",
  "command.previousSeries",
  "command.invert",
  "command.cine",
  "command.reset",
  "command.overlay",
  "command.zoomIn",
  "command.zoomOut",
  "command.toolWindow",
  "command.toolScroll",
  "command.undo",
  "command.redo",
  "command.closeViewer",
  "preset.file",
  ...ctPresets.map((each) => each.id),
]);

export function LightScreen(props: { app: App; study: string }) {
  const { app } = props;
  const finger = signal("scroll");
  const context = makeContext(app, { nonDiagnostic: true, finger: () => finger() });
  const { workspace } = context;
  const error = signal<unknown>(null);
  const manifest = signal<StudyManifest | null>(null);
  const abort = new AbortController();
  onCleanup(() => abort.abort());
  const close = () => app.router.go("#/studies");
  addCommands(context, close);
  context.overlay.set("minimal");
  workspace.imaging.openStudy(props.study, abort.signal).then((found) => {
    workspace.addStudy(found);
    manifest.set(found);
    const first = firstToShow(found);
    if (first) show(context, found, first);
  }, (failure) => {
    if (!abort.signal.aborted) error.set(failure);
  });
  const study = computed(() => manifest()?.study);
  return (
    <div class="viewer light" data-theme="dark">
      <Banners context={context} />
      <header class="light-bar">
        <button type="button" class="tool" aria-label={t("viewer.back")} onClick={close}>
          <Icon name="back" />
        </button>
        <h1 class="identity">
          <span class="identity-name">{() => personName(study()?.patientName ?? "").primary}</span>
          <span class="identity-more">{() => study()?.patientID ?? ""}</span>
          <span class="identity-more">
            {() => `${date(study()?.studyDate ?? "")} ${study()?.studyDescription ?? ""}`.trim()}
          </span>
        </h1>
      </header>
      <main class="stage" aria-label={t("viewer.title")}>
        <Views context={context} />
        {() => error() !== null && <Failure error={error()} />}
      </main>
      <footer class="light-bar" role="toolbar" aria-label={t("viewer.toolbar")}>
        <SeriesMenu context={context} manifest={manifest} />
        <span class="grow"></span>
        <button
          type="button"
          class="tool"
          aria-label={t("light.fingerWindow")}
          title={t("light.fingerWindow")}
          aria-pressed={() => String(finger() === "window")}
          onClick={() => finger.update((now) => (now === "window" ? "scroll" : "window"))}
        >
          <Icon name="window" />
        </button>
        <CommandButton commands={app.commands} id="command.invert" icon="invert" />
        <CommandButton
          commands={app.commands}
          id="command.cine"
          icon={() => workspace.active().playing() ? "pause" : "play"}
        />
        <CommandButton commands={app.commands} id="command.overlay" icon="text" />
        <CommandButton commands={app.commands} id="command.reset" icon="reset" />
      </footer>
    </div>
  );
}

/** Not the localizer, where there is anything else. */
function firstToShow({ series }: StudyManifest): SeriesManifest | undefined {
  const pictured = series.filter((each) => each.frames.length > 0);
  return pictured.find((each) => !isLocalizer(each.seriesDescription)) ?? pictured[0] ?? series[0];
}

function show(context: ViewerContext, study: StudyManifest, series: SeriesManifest): void {
  context.workspace.panes[0]?.hang({ study, series });
}

function SeriesMenu(props: { context: ViewerContext; manifest: () => StudyManifest | null }) {
  const { context, manifest } = props;
  const shown = () => context.workspace.active().place()?.series;
  const name = (series: SeriesManifest) => {
    const words = series.seriesDescription || (series.frames.length > 0 ? "" : t(kindNames[series.kind]));
    return `${series.seriesNumber ?? ""} ${series.modality} ${words}`.trim();
  };
  return (
    <Menu
      label={t("viewer.seriesList")}
      button={
        <>
          <Icon name="up" />
          <span class="light-series">
            {() => {
              const series = shown();
              return series ? name(series) : t("viewer.seriesList");
            }}
          </span>
        </>
      }
      groups={() => {
        const study = manifest();
        return [{
          title: t("viewer.seriesList"),
          items: (study?.series ?? []).map((series) => ({
            label: name(series),
            checked: series === shown(),
            run: () => study && show(context, study, series),
          })),
        }];
      }}
    />
  );
}

function addCommands(context: ViewerContext, close: () => void): void {
  const nothing = () => {};
  const all = viewerCommands(context, {
    close,
    stepStudy: nothing,
    comparePrior: nothing,
    stepList: nothing,
    stepStage: nothing,
    canStepStage: () => false,
    saveProtocol: nothing,
    chooseProtocol: nothing,
    calibrate: nothing,
    testPatterns: nothing,
    chooseProfile: nothing,
    fidelity: nothing,
    contextMenu: nothing,
    publishKeyImages: nothing,
    chooseState: nothing,
    saveState: nothing,
    planes: nothing,
  });
  const commands = all.filter((each) => offered.has(each.id));
  onCleanup(context.app.commands.add(commands, viewerGestures.filter((each) => each.id === "gesture.touch")));
}
