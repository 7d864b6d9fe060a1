/** What can be done with marks, and with which keys (the reference for the habit is the table in the manual). */
import type { Command, Gesture } from "../core/commands.ts";
import type { IconName } from "../ui/icons.tsx";
import { kindNames } from "./labels.ts";
import type { Measuring } from "./measuring.ts";
import { drawableKinds, wordKinds } from "./measuring.ts";
import type { MarkStore } from "./store.ts";

type DrawableKind = typeof drawableKinds[number];

const keys: Readonly<Record<DrawableKind, string>> = {
  length: "D",
  polyline: "Y",
  curve: "Shift+Y",
  angle: "A",
  cobb: "Shift+C",
  ratio: "Shift+D",
  ellipse: "E",
  circle: "Shift+E",
  rectangle: "G",
  polygon: "U",
  freehand: "J",
  probe: "X",
  text: "B",
  arrow: "Shift+B",
  calibration: "Shift+U",
};

const icons: Readonly<Record<DrawableKind, IconName>> = {
  length: "length",
  polyline: "polyline",
  curve: "curve",
  angle: "angle",
  cobb: "cobb",
  ratio: "ratio",
  ellipse: "ellipse",
  circle: "circle",
  rectangle: "rectangle",
  polygon: "polygon",
  freehand: "freehand",
  probe: "probe",
  text: "text",
  arrow: "arrow",
  calibration: "calibration",
};

/** Shown in the bar itself; the others are in its menu. */
const frequent: ReadonlySet<DrawableKind> = new Set(["length", "angle", "ellipse", "text"]);

export interface MeasureActions {
  /** The store with the selected mark, or that of the active viewport. */
  store(): MarkStore | null;
  explain(uid: string): void;
  publish(): void;
  panel(): void;
  look(): void;
  /** Reverts what is being dragged. */
  cancelDrag(): boolean;
  hasImage(): boolean;
  /** A preview stands in, on which nothing can be measured. */
  hasPreview(): boolean;
}

export function measureCommands(measuring: Measuring, actions: MeasureActions): Command[] {
  const command = (
    id: string,
    keys: string[],
    run: () => void,
    enabled: () => boolean,
    more: Partial<Command> = {},
  ): Command => ({
    id,
    scope: "viewer",
    keys,
    run,
    enabled,
    group: "measure",
    ...more,
  });
  const selected = () => actions.store()?.selected() ?? null;
  const withSelected = (run: (uid: string) => void) => () => {
    const uid = selected();
    if (uid !== null) run(uid);
  };
  const hasSelected = () => selected() !== null;
  const mayMeasure = () => actions.hasImage() && !actions.hasPreview();
  const tools = drawableKinds.map((kind) =>
    command(
      kindNames[kind],
      [keys[kind]],
      () => measuring.choose(kind),
      wordKinds.has(kind) ? actions.hasImage : mayMeasure,
      {
        icon: icons[kind],
        checked: () => measuring.host.tool() === kindNames[kind],
        ...(frequent.has(kind) ? { places: ["toolbar"] as const } : {}),
      },
    )
  );
  const isBusy = () =>
    measuring.drawing() !== null || measuring.host.tool().startsWith("measure.") || hasSelected();
  return [
    ...tools,
    command("measure.repeat", ["Alt+A"], () => measuring.repeat(), actions.hasImage),
    // These go before the viewer's own Escape, Enter and Backspace while there is something of ours to act on.
    command("measure.cancel", ["Escape"], () => cancel(measuring, actions), isBusy),
    command("measure.finish", ["Enter"], () => finish(measuring), () => measuring.drawing() !== null),
    command(
      "measure.delete",
      ["Delete", "Backspace"],
      () => measuring.takeBackPoint() || withSelected((uid) => measuring.remove(uid))(),
      () => measuring.drawing() !== null || hasSelected(),
      { icon: "close" },
    ),
    command(
      "measure.edit",
      ["F2"],
      withSelected((uid) => {
        const mark = actions.store()?.get(uid);
        if (mark) measuring.editText(mark);
      }),
      hasSelected,
    ),
    command("measure.explain", ["Shift+F2"], withSelected(actions.explain), hasSelected),
    command("measure.hide", ["Shift+N"], withSelected((uid) => measuring.toggleHidden(uid)), hasSelected),
    command("measure.hideAll", ["N"], () => measuring.hiddenAll.update((on) => !on), () => true, {
      checked: measuring.hiddenAll,
    }),
    command("measure.list", ["Shift+M"], actions.panel, () => true, { icon: "list", places: ["toolbar"] }),
    command("measure.look", ["Alt+M"], actions.look, () => true),
    command("measure.publish", ["Mod+S"], actions.publish, () => (actions.store()?.own().length ?? 0) > 0),
  ];
}

function cancel(measuring: Measuring, actions: MeasureActions): void {
  if (actions.cancelDrag() || measuring.cancelDrawing() || measuring.putToolAway()) return;
  actions.store()?.selected.set(null);
}

function finish(measuring: Measuring): void {
  const drawing = measuring.drawing.peek();
  if (drawing) measuring.finish(drawing);
}

export const measureGestures: readonly Gesture[] = [
  { id: "measure.gesture.draw", scope: "viewer", gesture: "measure.gesture.drag" },
  { id: "measure.gesture.drawClicks", scope: "viewer", gesture: "measure.gesture.clicks" },
  { id: "measure.gesture.end", scope: "viewer", gesture: "measure.gesture.double" },
  { id: "measure.gesture.move", scope: "viewer", gesture: "measure.gesture.grip" },
];
