/** The viewer: series at the left, the viewport, tools above. Always dark. */
import { openKeyHelp } from "../app/key-help.tsx";
import { assets } from "../core/assets.ts";
import type { App } from "../core/context.ts";
import { date, number, personName } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { CommandButton } from "../ui/command-button.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { when } from "../ui/jsx-runtime.ts";
import { Menu } from "../ui/menu.tsx";
import { computed, onCleanup, signal } from "../ui/signal.ts";
import { viewerCommands, viewerGestures } from "./commands.ts";
import type { Tool } from "./gestures.ts";
import { ctPresets } from "./presets.ts";
import { StackScrollBar } from "./scroll-bar.tsx";
import { ViewerSession } from "./session.ts";
import { SeriesStrip } from "./strip.tsx";
import { TagTable } from "./tag-table.tsx";
import { type OverlayText, Viewport } from "./viewport.tsx";

const leftTools: readonly [Tool, string, IconName][] = [
  ["window", "command.toolWindow", "window"],
  ["pan", "command.toolPan", "pan"],
  ["zoom", "command.toolZoom", "zoom"],
  ["scroll", "command.toolScroll", "scroll"],
];

export function ViewerScreen(props: { app: App; study: string }) {
  const { app } = props;
  const session = new ViewerSession(app.api, new Worker(assets().imageWorker, { type: "module" }));
  const tool = signal<Tool>("window");
  const overlay = signal<OverlayText>("all");
  const tags = signal(false);
  const close = () => app.router.go("#/studies");
  onCleanup(app.commands.add(viewerCommands({ session, tool, overlay, tags, close }), viewerGestures));
  void session.openStudy(props.study);

  const noImages = computed(() => session.stage() === "noImages");
  return (
    <div class="viewer" data-theme="dark">
      <header class="viewer-bar" role="toolbar" aria-label={t("viewer.toolbar")}>
        <button
          type="button"
          class="button button-quiet"
          title={`${t("command.closeViewer")} (Q)`}
          onClick={close}
        >
          <Icon name="back" />
          {t("viewer.back")}
        </button>
        <Identity session={session} />
        <span class="grow"></span>
        <span class="tool-group" role="group" aria-label={t("viewer.leftButton")}>
          {leftTools.map(([each, id, icon]) => (
            <CommandButton
              commands={app.commands}
              id={id}
              icon={icon}
              pressed={() => tool() === each}
            />
          ))}
        </span>
        <Presets app={app} session={session} />
        <span class="tool-group" role="group" aria-label={t("viewer.presentation")}>
          <CommandButton
            commands={app.commands}
            id="command.invert"
            icon="invert"
            pressed={session.inverted}
          />
          <CommandButton commands={app.commands} id="command.flipHorizontal" icon="flipHorizontal" />
          <CommandButton commands={app.commands} id="command.flipVertical" icon="flipVertical" />
          <CommandButton commands={app.commands} id="command.rotate" icon="rotate" />
          <CommandButton commands={app.commands} id="command.reset" icon="reset" />
        </span>
        <span class="tool-group" role="group" aria-label={t("viewer.cine")}>
          <CommandButton
            commands={app.commands}
            id="command.cine"
            icon={() => session.playing() ? "pause" : "play"}
            pressed={session.playing}
          />
          <span class="rate">
            {() => t("viewer.rate", { n: number(1000 / session.frameMilliseconds(), 1) })}
          </span>
        </span>
        <span class="tool-group" role="group" aria-label={t("viewer.panels")}>
          <CommandButton
            commands={app.commands}
            id="command.overlay"
            icon="text"
            pressed={() => overlay() === "all"}
          />
          <CommandButton commands={app.commands} id="command.tags" icon="tags" pressed={tags} />
          <button
            type="button"
            class="tool"
            title={`${t("command.help")} (F1)`}
            aria-label={t("command.help")}
            aria-keyshortcuts="F1"
            onClick={() => openKeyHelp(app.commands)}
          >
            <Icon name="keyboard" />
          </button>
        </span>
      </header>
      <div class="viewer-body">
        <SeriesStrip session={session} />
        <main class="stage" aria-label={t("viewer.title")}>
          {when(
            noImages,
            () => <NoImages session={session} />,
            () => (
              <>
                <Viewport session={session} tool={tool} overlay={overlay} />
                <StackScrollBar session={session} />
              </>
            ),
          )}
        </main>
        {() => tags() && !noImages() && <TagTable session={session} />}
      </div>
    </div>
  );
}

function Identity(props: { session: ViewerSession }) {
  const study = () => props.session.detail()?.study;
  return (
    <h1 class="identity">
      <span class="identity-name">{() => personName(study()?.patientName ?? "").primary}</span>
      <span class="identity-more">{() => study()?.patientID ?? ""}</span>
      <span class="identity-more">
        {() => `${date(study()?.studyDate ?? "")} ${study()?.studyDescription ?? ""}`.trim()}
      </span>
    </h1>
  );
}

function Presets(props: { app: App; session: ViewerSession }) {
  const { app, session } = props;
  const available = () => session.stage() === "images" && session.series()?.modality === "CT";
  return when(available, () => (
    <Menu
      label={t("viewer.presets")}
      button={
        <>
          {t("viewer.presets")}
          <Icon name="down" />
        </>
      }
      groups={() => [{
        items: ["preset.file", ...ctPresets.map((each) => each.id)].map((id) => ({
          label: `${app.commands.get(id)?.keys[0] ?? ""}  ${t(id)}`,
          run: () => app.commands.run(id),
        })),
      }]}
    />
  ));
}

function NoImages(props: { session: ViewerSession }) {
  const { session } = props;
  return (
    <div class="no-images">
      <div class="no-images-note" role="status">
        <Icon name="document" />
        <div>
          <strong>{() => t("viewer.noImages", { modality: session.series()?.modality ?? "" })}</strong>
          <p>{t("viewer.noImages.hint")}</p>
        </div>
      </div>
      <TagTable session={session} />
    </div>
  );
}
