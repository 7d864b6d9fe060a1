/** What can be done in the viewer: one table from which keys, tool bar, menus and help are made. */
import type { Command } from "../core/commands.ts";
import { t } from "../core/i18n.ts";
import type { IconName } from "../ui/icons.tsx";
import { colorMapKeys } from "./color-map-names.ts";
import { colorMapNames } from "./color-maps.ts";
import { stepKeyImage } from "./key-image-steps.ts";
import { freeLayouts, gridMaximum, layoutNamed } from "./layout.ts";
import { type LinkedAction, linkedActions } from "./links.ts";
import type { Appearance, Pane } from "./pane.ts";
import { planeCommands } from "./plane-commands.ts";
import { ctPresets, relativePresets } from "./presets.ts";
import { pictureWindow } from "./region-window.ts";
import { keysAreFree, stepRegion } from "./regions.ts";
import type { ViewerActions } from "./viewer-actions.ts";
import { type OverlayText, overlayTexts, type ViewerContext } from "./viewer-context.ts";
import { mirrored, rotated, type ScaleMode, type View } from "./view.ts";

const largeStep = 10;
const rateFactor = 1.25;
const zoomStep = 1.25;

type Options = Partial<
  Pick<Command, "group" | "places" | "icon" | "checked" | "enabled" | "name" | "inTextFields">
>;

class Table {
  readonly commands: Command[] = [];

  add(id: string, keys: readonly string[], run: () => void, options: Options = {}): void {
    this.commands.push({ id, keys, run, scope: "viewer", ...options });
  }
}

const both = ["toolbar", "context"] as const;
const menuOnly = ["context"] as const;

export function viewerCommands(context: ViewerContext, actions: ViewerActions): Command[] {
  const table = new Table();
  moving(table, context, actions);
  tools(table, context);
  windows(table, context);
  presentation(table, context, actions);
  cine(table, context);
  layouts(table, context);
  planeCommands(table, context, actions.planes);
  links(table, context);
  hanging(table, context, actions);
  information(table, context, actions);
  editing(table, context, actions);
  return table.commands;
}

const hasImages = ({ workspace }: ViewerContext) => () => workspace.active().stage() === "images";
const hasSteps = ({ workspace }: ViewerContext) => () =>
  workspace.active().stage() === "images" || workspace.active().steps() > 1;
/** Not for planes cut through a series: they are no stored images. */
const hasStored = ({ workspace }: ViewerContext) => () =>
  workspace.active().stage() === "images" && workspace.active().reformat() === null;
const hasStack = ({ workspace }: ViewerContext) => () => workspace.active().count() > 1;

/** The last picture; of a series without pictures the last document. */
function lastStep(pane: Pane): number {
  return (pane.count.peek() || pane.steps.peek()) - 1;
}

function moving(table: Table, context: ViewerContext, actions: ViewerActions): void {
  const { workspace } = context;
  const enabled = hasSteps(context);
  const move = (id: string, keys: string[], by: number) =>
    table.add(id, keys, () => workspace.step(workspace.active.peek(), by), { enabled });
  const to = (id: string, keys: string[], index: () => number) =>
    table.add(id, keys, () => workspace.goTo(workspace.active.peek(), index()), { enabled });
  move("command.nextImage", ["ArrowDown"], 1);
  move("command.previousImage", ["ArrowUp"], -1);
  move("command.forwardTen", ["Shift+ArrowDown"], largeStep);
  move("command.backTen", ["Shift+ArrowUp"], -largeStep);
  to("command.firstImage", ["Home"], () => 0);
  to("command.lastImage", ["End"], () => lastStep(workspace.active.peek()));
  table.add("command.nextSeries", ["ArrowRight", "PageDown"], () => workspace.stepSeries(1));
  table.add("command.previousSeries", ["ArrowLeft", "PageUp"], () => workspace.stepSeries(-1));
  table.add("command.nextStudy", ["Mod+ArrowRight"], () => actions.stepStudy(1));
  table.add("command.previousStudy", ["Mod+ArrowLeft"], () => actions.stepStudy(-1));
  const ofList = (id: string, keys: string[], by: 1 | -1) =>
    table.add(id, keys, () => actions.stepList(by), { group: "series", places: menuOnly });
  ofList("command.nextInList", ["Shift+PageDown"], 1);
  ofList("command.previousInList", ["Shift+PageUp"], -1);
  table.add("command.comparePrior", ["Mod+ArrowUp"], actions.comparePrior, {
    group: "series",
    places: menuOnly,
  });
  // Among the controls Tab goes from control to control, as everywhere.
  const amongViews = () =>
    workspace.layout().cells.length > 1 &&
    (document.activeElement === document.body || document.activeElement?.closest(".views") !== null);
  table.add("command.nextView", ["Tab"], () => workspace.stepActive(1), { enabled: amongViews });
  table.add("command.previousView", ["Shift+Tab"], () => workspace.stepActive(-1), { enabled: amongViews });
  table.add("command.nextRegion", ["F6"], () => stepRegion(1), { inTextFields: true });
  table.add("command.previousRegion", ["Shift+F6"], () => stepRegion(-1), { inTextFields: true });
}

function tools(table: Table, context: ViewerContext): void {
  const choose = (id: string, keys: string[], tool: string, icon: IconName, enabled = hasImages(context)) =>
    table.add(id, keys, () => context.tool.set(tool), {
      group: "tools",
      places: both,
      icon,
      enabled,
      checked: () => context.tool() === tool,
    });
  choose("command.toolWindow", ["W"], "window", "window");
  choose("command.toolPan", ["T"], "pan", "pan");
  choose("command.toolZoom", ["Z"], "zoom", "zoom");
  choose("command.toolScroll", ["S"], "scroll", "scroll");
  choose("command.toolRotate", ["R"], "rotate", "rotateFree");
  choose("command.toolMagnifier", ["M"], "magnifier", "magnifier");
  choose("command.toolCrosshair", ["H"], "crosshair", "crosshair");
  choose("command.toolWindowRegion", ["Shift+W"], "windowRegion", "region", hasStored(context));
}

function windows(table: Table, context: ViewerContext): void {
  const { workspace } = context;
  const active = () => workspace.active.peek();
  const isCT = () => workspace.active().place()?.series.modality === "CT";
  const preset = (id: string, key: string, run: () => void, enabled: () => boolean) =>
    table.add(id, [key], run, {
      group: "window",
      places: ["toolbar"],
      enabled: () => hasImages(context)() && enabled(),
    });
  preset("preset.file", "0", () => workspace.setWindow(active(), null), () => true);
  preset(
    "preset.fileNext",
    "`",
    () => workspace.nextAlternative(active()),
    () => workspace.active().alternativeCount() > 1,
  );
  for (const each of ctPresets) {
    preset(each.id, each.key, () => workspace.setWindow(active(), each.window), isCT);
  }
  for (const each of relativePresets) {
    preset(each.id, each.key, () => {
      const window = active().startingWindow();
      if (window) workspace.setWindow(active(), each.change(window));
    }, () => !isCT());
  }
  table.add("command.windowAuto", ["Shift+A"], () => void pictureWindow(workspace, active()), {
    group: "window",
    places: both,
    enabled: () => workspace.active().fullResolution() && hasStored(context)(),
  });
}

function presentation(table: Table, context: ViewerContext, actions: ViewerActions): void {
  const { workspace } = context;
  const enabled = hasImages(context);
  const look = (
    id: string,
    keys: string[],
    change: (now: Appearance) => Appearance,
    options: Options = {},
  ) =>
    table.add(id, keys, () => workspace.changeAppearance(workspace.active.peek(), "history.view", change), {
      group: "presentation",
      places: both,
      enabled,
      ...options,
    });
  const turn = (id: string, keys: string[], change: (view: View) => View, options: Options = {}) =>
    look(id, keys, (now) => ({ ...now, view: change(now.view) }), options);
  const appearance = () => workspace.active().appearance();
  look("command.invert", ["Shift+I"], (now) => ({ ...now, inverted: !now.inverted }), {
    icon: "invert",
    checked: () => appearance().inverted,
  });
  turn("command.flipHorizontal", ["Shift+H"], (view) => mirrored(view, "horizontal"), {
    icon: "flipHorizontal",
  });
  turn("command.flipVertical", ["Shift+V"], (view) => mirrored(view, "vertical"), { icon: "flipVertical" });
  turn("command.rotate", ["Shift+R"], (view) => rotated(view, 90), { icon: "rotate" });
  turn("command.rotateBack", ["Shift+L"], (view) => rotated(view, -90), { places: menuOnly });
  const mode = (id: string, keys: string[], wanted: ScaleMode) =>
    turn(id, keys, (view) => ({ ...view, mode: wanted, zoom: 1, panX: 0, panY: 0 }), {
      checked: () => appearance().view.mode === wanted,
      places: menuOnly,
    });
  mode("command.fit", ["Shift+F"], "fit");
  mode("command.pixels", ["Shift+O"], "pixels");
  mode("command.trueSize", ["Shift+Z"], "trueSize");
  const zoom = (id: string, keys: string[], factor: number) =>
    table.add(id, keys, () => workspace.zoom(workspace.active.peek(), factor, { x: 0, y: 0 }), { enabled });
  zoom("command.zoomIn", ["=", "+"], zoomStep);
  zoom("command.zoomOut", ["-"], 1 / zoomStep);
  look("command.smooth", ["Shift+S"], (now) => ({ ...now, smooth: !now.smooth }), {
    checked: () => appearance().smooth,
    places: menuOnly,
  });
  for (const name of colorMapNames) {
    look(colorMapKeys[name], [], (now) => ({ ...now, colorMap: now.colorMap === name ? null : name }), {
      checked: () => appearance().colorMap === name,
      places: [],
      enabled: () => enabled() && workspace.active().frame()?.stack.samplesPerPixel === 1,
    });
  }
  table.add("command.chooseState", ["Alt+S"], actions.chooseState, {
    group: "presentation",
    places: menuOnly,
    enabled: hasStored(context),
    checked: () => workspace.active().state() !== null,
  });
  table.add("command.saveState", ["Alt+Shift+S"], actions.saveState, {
    group: "presentation",
    places: menuOnly,
    enabled: hasStored(context),
  });
  table.add("command.reset", ["Escape"], () => workspace.reset(workspace.active.peek()), {
    group: "presentation",
    places: both,
    icon: "reset",
    enabled,
  });
}

function cine(table: Table, context: ViewerContext): void {
  const { workspace } = context;
  const enabled = hasStack(context);
  table.add("command.cine", ["C"], () => workspace.active.peek().playing.update((on) => !on), {
    group: "cine",
    places: ["toolbar"],
    enabled,
    checked: () => workspace.active().playing(),
  });
  const rate = (id: string, keys: string[], factor: number) =>
    table.add(id, keys, () => workspace.active.peek().changeRate(factor), { group: "cine", enabled });
  rate("command.cineFaster", [">"], rateFactor);
  rate("command.cineSlower", ["<"], 1 / rateFactor);
}

function layouts(table: Table, context: ViewerContext): void {
  const { workspace } = context;
  const add = (name: string, keys: string[]) =>
    table.add(`layout.${name}`, keys, () => {
      const layout = layoutNamed(name);
      if (layout) workspace.setLayout(layout);
    }, {
      group: "layout",
      name: () => t("command.layout", { name: name.replace("x", " × ") }),
      checked: () => workspace.layout().name === name,
    });
  for (let rows = 1; rows <= gridMaximum; rows++) {
    for (let columns = 1; columns <= gridMaximum; columns++) {
      add(`${rows}x${columns}`, rows === columns && rows <= 4 ? [`Alt+${rows}`] : []);
    }
  }
  for (const name of freeLayouts) add(name, []);
  table.add("command.maximize", ["Enter"], () => workspace.toggleMaximized(workspace.active.peek()), {
    group: "layout",
    places: menuOnly,
    enabled: () => workspace.layout().cells.length > 1 && keysAreFree(),
    checked: () => workspace.maximized() !== null,
  });
}

const linkNames: Readonly<Record<LinkedAction, string>> = {
  scroll: "command.linkScroll",
  zoom: "command.linkZoom",
  pan: "command.linkPan",
  window: "command.linkWindow",
};

function links(table: Table, context: ViewerContext): void {
  const { workspace } = context;
  const keys: Record<LinkedAction, string[]> = {
    scroll: ["L"],
    zoom: ["Alt+Z"],
    pan: ["Alt+T"],
    window: ["Alt+W"],
  };
  for (const action of linkedActions) {
    table.add(linkNames[action], keys[action], () => workspace.toggleLink(action), {
      group: "link",
      places: ["toolbar"],
      checked: () => workspace.links()[action],
    });
  }
  table.add("command.linkAll", ["Alt+L"], () => workspace.toggleAllLinks(), {
    group: "link",
    places: ["toolbar"],
  });
  table.add(
    "command.referenceLines",
    ["Shift+X"],
    () => workspace.toggleReferenceLines(),
    { group: "link", places: both, checked: () => workspace.referenceLines() },
  );
  table.add("command.clearCursor", ["Alt+H"], () => workspace.cursor.set(null), {
    group: "link",
    places: ["toolbar"],
    enabled: () => workspace.cursor() !== null,
  });
}

function hanging(table: Table, context: ViewerContext, actions: ViewerActions): void {
  const add = (id: string, keys: string[], run: () => void, enabled?: () => boolean) =>
    table.add(id, keys, run, {
      group: "hanging",
      places: ["toolbar"],
      ...(enabled ? { enabled } : {}),
    });
  add("command.nextStage", ["."], () => actions.stepStage(1), actions.canStepStage);
  add("command.previousStage", [","], () => actions.stepStage(-1), actions.canStepStage);
  add("command.chooseProtocol", ["Shift+P"], actions.chooseProtocol);
  add("command.saveProtocol", ["Alt+P"], actions.saveProtocol, hasStored(context));
}

function information(table: Table, context: ViewerContext, actions: ViewerActions): void {
  const { workspace } = context;
  const enabled = hasImages(context);
  const panel = (id: string, keys: string[], name: string, icon: IconName) =>
    table.add(id, keys, () => context.panel.update((now) => (now === name ? null : name)), {
      group: "information",
      places: both,
      icon,
      checked: () => context.panel() === name,
    });
  const next = (now: OverlayText): OverlayText =>
    overlayTexts[(overlayTexts.indexOf(now) + 1) % overlayTexts.length] ?? "all";
  table.add("command.overlay", ["I", "O"], () => context.overlay.update(next), {
    group: "information",
    places: both,
    icon: "text",
    enabled,
    checked: () => context.overlay() === "all",
  });
  panel("command.tags", ["Shift+T"], "tags", "tags");
  panel("command.info", ["Alt+I"], "info", "info");
  panel("command.histogram", ["Shift+G"], "histogram", "histogram");
  panel("command.structures", ["Alt+G"], "structures", "structures");
  table.add("command.imageOverlays", ["Alt+O"], () => context.imageOverlays.update((on) => !on), {
    group: "information",
    places: menuOnly,
    enabled: () => (workspace.active().frame()?.instance.attributes.overlays.length ?? 0) > 0,
    checked: () => context.imageOverlays(),
  });
  table.add("command.fidelity", ["F"], actions.fidelity, { group: "information", places: menuOnly, enabled });
}

function editing(table: Table, context: ViewerContext, actions: ViewerActions): void {
  const { history, workspace, keyImages } = context;
  const step = (id: string, keys: string[], run: () => void, can: () => boolean, label: () => string) =>
    table.add(id, keys, run, {
      group: "edit",
      places: menuOnly,
      enabled: can,
      name: () => (label() === "" ? t(id) : `${t(id)}: ${t(label())}`),
    });
  step("command.undo", ["Mod+Z"], () => history.undo(), history.canUndo, history.undoLabel);
  step("command.redo", ["Mod+Y", "Mod+Shift+Z"], () => history.redo(), history.canRedo, history.redoLabel);
  table.add("command.keyImage", ["K"], () => {
    const flip = keyImages.toggle(workspace.active.peek());
    if (flip) history.push({ label: "history.keyImage", undo: flip, redo: flip });
  }, {
    group: "image",
    places: both,
    icon: "key",
    enabled: hasStored(context),
    checked: () => keyImages.isMarked(workspace.active()),
  });
  table.add("command.publishKeyImages", ["Shift+Enter"], actions.publishKeyImages, {
    group: "image",
    places: menuOnly,
    enabled: () => keyImages.waiting(workspace.active().place()?.study.study.studyInstanceUID ?? "") > 0,
  });
  const keyed = (id: string, keys: string[], direction: 1 | -1) =>
    table.add(id, keys, () => stepKeyImage(context, workspace.active.peek(), direction), {
      enabled: () => keyImages.indices(workspace.active()).length > 0,
    });
  keyed("command.nextKeyImage", ["Shift+K"], 1);
  keyed("command.previousKeyImage", ["Alt+K"], -1);
  table.add("command.chooseProfile", ["Shift+Q"], actions.chooseProfile, {
    group: "display",
    places: ["toolbar"],
  });
  table.add("command.calibrate", ["Alt+C"], actions.calibrate, { group: "display", places: ["toolbar"] });
  table.add("command.testPatterns", [], actions.testPatterns, { group: "display", places: ["toolbar"] });
  table.add("command.contextMenu", ["Shift+F10", "ContextMenu"], actions.contextMenu);
  table.add("command.closeViewer", ["Q"], actions.close);
}

export { menuGroups, toolbarGroups, viewerGestures } from "./viewer-gestures.ts";
