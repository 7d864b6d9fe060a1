/** The viewer: studies and series at the left, the views, tools above. Always dark. */
import type { App } from "../core/context.ts";
import { explain } from "../core/errors.ts";
import { History } from "../core/history.ts";
import { t } from "../core/i18n.ts";
import { type ProfileName, profiles } from "../core/profiles.ts";
import { storedSignal } from "../core/stored.ts";
import { viewerHash } from "../core/router.ts";
import { joinAsViewer } from "../core/windows.ts";
import { Icon } from "../ui/icons.tsx";
import { For } from "../ui/jsx-runtime.ts";
import { computed, effect, onCleanup, signal } from "../ui/signal.ts";
import { openTrouble, Trouble } from "../ui/trouble.tsx";
import { Banners } from "./banners.tsx";
import { viewerCommands, viewerGestures } from "./commands.ts";
import { openActiveMenu } from "./context-menu.ts";
import { openCalibration, openProfiles } from "./dialogs.tsx";
import { extensionMakers } from "./extensions.ts";
import { expectSizes } from "./expected-sizes.ts";
import { openFidelity } from "./fidelity-dialog.tsx";
import { HangingControl } from "./hanging-control.ts";
import { sharedImaging } from "./imaging.ts";
import { OverlayPlanes } from "./image-overlays.ts";
import { KeyImages } from "./key-images.ts";
import type { Pane } from "./pane.ts";
import { ExtensionPanels, SidePanel } from "./panels.tsx";
import { openPlaneRefusal } from "./plane-dialog.tsx";
import { PlaneViews } from "./plane-views.ts";
import { Rail } from "./rail.tsx";
import { forgetReadyStudies, readyStudies } from "./ready-studies.ts";
import { openSaveState } from "./save-dialog.tsx";
import { keysAreFree } from "./regions.ts";
import { Screens } from "./screens.ts";
import { Structures } from "./structures.ts";
import { StudyControl } from "./study-control.ts";
import { openStates } from "./state-dialog.tsx";
import { Toolbar } from "./toolbar.tsx";
import type { OverlayText, ViewerContext } from "./viewer-context.ts";
import type { ViewerExtension, ViewerHost, Viewport } from "./viewport-api.ts";
import { PaneView } from "./viewport.tsx";
import { followProfile, isProfile } from "./workplace.ts";
import { Workspace } from "./workspace.ts";

export function makeContext(
  app: App,
  options: { nonDiagnostic: boolean; finger: (() => string) | null },
): ViewerContext {
  const history = new History();
  const screens = new Screens(app.api);
  const imaging = sharedImaging(app.api);
  const workspace = new Workspace(imaging, history, screens.pixelsPerMM);
  const account = app.session.peek()?.user.name ?? "";
  const profile = storedSignal<ProfileName>(`apus.profile.${account}`, isProfile, "apus");
  followProfile(app.api, profile);
  const tool = signal("window");
  onCleanup(() => {
    workspace.end();
    if (app.session.peek() === null) forgetReadyStudies();
  });
  const extensions: ViewerExtension[] = [];
  const context: ViewerContext = {
    app,
    workspace,
    history,
    planes: new PlaneViews(workspace),
    screens,
    keyImages: new KeyImages(account),
    structures: new Structures(app.api),
    overlayPlanes: new OverlayPlanes(app.api),
    imageOverlays: signal(true),
    tool,
    overlay: signal<OverlayText>("all"),
    marksHidden: signal(false),
    profile,
    mouse: () => profiles[profile()].mouse,
    finger: options.finger ?? tool,
    viewports: signal<readonly Viewport[]>([]),
    extensions,
    panel: signal<string | null>(null),
    nonDiagnostic: options.nonDiagnostic,
    unusable: imaging.unusable,
  };
  const host = hostOf(context, account);
  if (!options.nonDiagnostic) extensions.push(...extensionMakers.map((make) => make(host)));
  for (const each of extensions) onCleanup(() => each.end());
  return context;
}

function hostOf(context: ViewerContext, author: string): ViewerHost {
  const { app, workspace } = context;
  return {
    api: app.api,
    commands: app.commands,
    history: context.history,
    author,
    mayAnnotate: app.session.peek()?.user.rights?.includes("annotation.write") ?? true,
    tool: context.tool,
    viewports: context.viewports,
    active: computed(() => context.viewports().find((each) => each.id === workspace.active().id) ?? null),
    studies: computed(() => workspace.studies().map((each) => each.manifest.study.studyInstanceUID)),
    announce: (message) => app.announce(message),
  };
}

export function ViewerScreen(props: { app: App; study: string }) {
  const { app } = props;
  const context = makeContext(app, { nonDiagnostic: false, finger: null });
  const { workspace } = context;
  const error = signal<unknown>(null);
  const control = new StudyControl(context);
  const hanging = new HangingControl(context);
  const close = () => {
    void mayClose(context).then((may) => {
      if (may) app.router.go("#/studies");
    });
  };
  const open = async (uid: string) => {
    error.set(null);
    try {
      await control.open(uid, (manifest, protocol) => hanging.hangFirst(manifest, protocol));
    } catch (failure) {
      error.set(failure);
    }
  };
  onCleanup(() => control.end());
  addCommands(context, control, hanging, close);
  holdMarks(context);
  speak(context);
  const studyUIDs = computed(() => workspace.studies().map((each) => each.manifest.study.studyInstanceUID));
  const tell = joinAsViewer(studyUIDs, {
    open: (uid) => app.router.go(viewerHash(uid)),
    ready: (uids) => readyStudies(app.api).want(uids),
  });
  const known = new Set<string>();
  effect(() => {
    for (const uid of studyUIDs()) {
      if (!known.has(uid)) void context.keyImages.load(app.api, uid);
      known.add(uid);
    }
    tell();
  });
  effect(() => app.commands.useProfile(profiles[context.profile()].keys));
  onCleanup(() => app.commands.useProfile({}));
  void open(props.study);
  // What was made ready hangs already: its pictures are drawn while the page is built.
  expectSizes(workspace);
  return (
    <div class="viewer" data-theme="dark">
      <Toolbar context={context} close={close} />
      <Banners context={context} />
      <div class="viewer-body">
        <Rail context={context} priors={control.priors} actions={control.railActions(error.set)} />
        <main class="stage" aria-label={t("viewer.title")}>
          <Views context={context} />
          {() => error() !== null && <Failure error={error()} />}
          {() =>
            workspace.studies().length === 0 && error() === null && (
              <p class="viewport-message" role="status">{t("viewer.opening")}</p>
            )}
        </main>
        <SidePanel context={context} />
        <ExtensionPanels context={context} />
      </div>
    </div>
  );
}

/** On to the next study of the list, as if it had been opened from there. */
async function stepList(context: ViewerContext, by: 1 | -1): Promise<void> {
  const { app } = context;
  const { route } = app.router;
  const here = route.peek();
  const found = here.screen === "viewer" ? await app.windows.neighbours(here.study) : null;
  const next = by > 0 ? found?.below : found?.above;
  if (!next) return app.announce(t(found ? "viewer.listEnd" : "viewer.listUnknown"));
  if (route.peek() !== here || !(await mayClose(context))) return;
  app.studies.selected.set(next);
  app.router.go(viewerHash(next));
}

async function mayClose(context: ViewerContext): Promise<boolean> {
  for (const each of context.extensions) {
    if (each.mayClose && !(await each.mayClose())) return false;
  }
  return true;
}

export function Views(props: { context: ViewerContext }) {
  const { context } = props;
  const { workspace } = context;
  const cellOf = (pane: Pane): Record<string, string> => {
    const cell = workspace.layout().cells[workspace.panes.indexOf(pane)];
    if (!cell || workspace.maximized()) return { "grid-area": "1 / 1 / -1 / -1" };
    const { row, column, rows, columns } = cell;
    return { "grid-area": `${row} / ${column} / ${row + rows} / ${column + columns}` };
  };
  return (
    <div
      class="views"
      data-layout={() => workspace.layout().name}
      style={() => {
        const { rows, columns } = workspace.layout();
        const equal = (count: number) => `repeat(${count}, minmax(0, 1fr))`;
        return { "grid-template-rows": equal(rows), "grid-template-columns": equal(columns) };
      }}
    >
      <For each={workspace.visible} by={(pane: Pane) => pane.id}>
        {(pane) => <PaneView context={context} pane={pane.peek()} area={() => cellOf(pane.peek())} />}
      </For>
    </div>
  );
}

export function Failure(props: { error: unknown }) {
  return (
    <div class="viewport-message" role="alert">
      <Icon name="warning" />
      <Trouble of={explain(props.error)} />
    </div>
  );
}

function addCommands(
  context: ViewerContext,
  control: StudyControl,
  hanging: HangingControl,
  close: () => void,
): void {
  const { app, workspace } = context;
  const active = () => workspace.active.peek();
  const own = viewerCommands(context, {
    close,
    stepStudy: (by) => void control.stepStudy(by),
    comparePrior: () => void control.comparePrior(),
    stepList: (by) => void stepList(context, by),
    stepStage: (by) => hanging.step(by),
    canStepStage: () => hanging.stages().length > 1,
    saveProtocol: () => hanging.openSave(),
    chooseProtocol: () => hanging.openList(),
    calibrate: () => openCalibration(context),
    testPatterns: () => app.router.go("#/display"),
    chooseProfile: () => openProfiles(context),
    fidelity: () => openFidelity(context, active()),
    contextMenu: () => openActiveMenu(context),
    publishKeyImages: () => void publishKeyImages(context),
    chooseState: () => openStates(context, active()),
    saveState: () => openSaveState(context),
    planes: () => openPlaneRefusal(context.planes.toggle(active())),
  });
  const extended = context.extensions.flatMap((each) => each.commands);
  const gestures = context.extensions.flatMap((each) => each.gestures ?? []);
  // Extensions first: while a mark is drawn or chosen, Escape, Enter and Delete are about that mark.
  onCleanup(app.commands.add([...extended, ...own], [...viewerGestures, ...gestures]));
}

async function publishKeyImages(context: ViewerContext): Promise<void> {
  const { app, keyImages, workspace } = context;
  const study = workspace.active.peek().place.peek()?.study.study.studyInstanceUID;
  if (study === undefined) return;
  try {
    await keyImages.publish(app.api, study);
    app.announce(t("viewer.keyImagesPublished"));
  } catch (error) {
    openTrouble(t("command.publishKeyImages"), explain(error));
  }
}

/** Space hides text and marks while it is held. */
function holdMarks(context: ViewerContext): void {
  const { app } = context;
  const hold = { id: "command.holdMarks", scope: "viewer" as const, keys: ["Space"] };
  onCleanup(
    app.commands.add([{ ...hold, enabled: keysAreFree, run: () => context.marksHidden.set(true) }]),
  );
  const release = (event: KeyboardEvent) => {
    if (event.code === "Space") context.marksHidden.set(false);
  };
  const show = () => context.marksHidden.set(false);
  addEventListener("keyup", release);
  addEventListener("blur", show);
  onCleanup(() => {
    removeEventListener("keyup", release);
    removeEventListener("blur", show);
  });
}

const speakPauseMilliseconds = 600;

/** Tells screen readers which image stands in the active view once scrolling has come to rest. */
function speak(context: ViewerContext): void {
  const { app, workspace } = context;
  effect(() => {
    const pane = workspace.active();
    if (pane.stage() !== "images" || pane.playing()) return;
    const text = t("viewer.image", { n: pane.index() + 1, count: pane.count() });
    const timer = setTimeout(() => app.announce(text), speakPauseMilliseconds);
    onCleanup(() => clearTimeout(timer));
  });
}
