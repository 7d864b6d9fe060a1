/** What can be done in the viewer, and with which keys and gestures. */
import type { Command, Gesture } from "../core/commands.ts";
import { batch, type Signal } from "../ui/signal.ts";
import type { Tool } from "./gestures.ts";
import { ctPresets } from "./presets.ts";
import type { ViewerSession } from "./session.ts";
import type { View } from "./view.ts";
import type { OverlayText } from "./viewport.tsx";

const largeStep = 10;
const rateFactor = 1.25;

export interface ViewerControls {
  session: ViewerSession;
  tool: Signal<Tool>;
  overlay: Signal<OverlayText>;
  tags: Signal<boolean>;
  close: () => void;
}

export function viewerCommands(controls: ViewerControls): Command[] {
  const { session } = controls;
  const hasImages = () => session.stage() === "images";
  const hasStack = () => session.count() > 1;
  const turn = (change: (view: View) => Partial<View>) =>
    session.view.update((view) => ({ ...view, ...change(view) }));
  const image = (id: string, keys: string[], run: () => void, enabled = hasImages): Command => ({
    id,
    keys,
    run,
    enabled,
    scope: "viewer",
  });
  const move = (id: string, keys: string[], by: number) => image(id, keys, () => session.step(by));
  const choose = (id: string, keys: string[], tool: Tool) => image(id, keys, () => controls.tool.set(tool));
  return [
    move("command.nextImage", ["ArrowDown"], 1),
    move("command.previousImage", ["ArrowUp"], -1),
    move("command.forwardTen", ["PageDown", "Shift+ArrowDown"], largeStep),
    move("command.backTen", ["PageUp", "Shift+ArrowUp"], -largeStep),
    image("command.firstImage", ["Home"], () => session.goTo(0)),
    image("command.lastImage", ["End"], () => session.goTo(session.count.peek() - 1)),
    { id: "command.nextSeries", scope: "viewer", keys: ["ArrowRight"], run: () => session.stepSeries(1) },
    { id: "command.previousSeries", scope: "viewer", keys: ["ArrowLeft"], run: () => session.stepSeries(-1) },
    choose("command.toolWindow", ["W"], "window"),
    choose("command.toolPan", ["T"], "pan"),
    choose("command.toolZoom", ["Z"], "zoom"),
    choose("command.toolScroll", ["S"], "scroll"),
    ...ctPresets.map((preset) =>
      image(
        preset.id,
        [preset.key],
        () => session.window.set(preset.window),
        () => hasImages() && session.series()?.modality === "CT",
      )
    ),
    image("preset.file", ["0"], () => session.window.set(null)),
    image("command.invert", ["I"], () => session.inverted.update((on) => !on)),
    image("command.flipHorizontal", ["Shift+H"], () => turn((view) => flip(view, "flipHorizontal"))),
    image("command.flipVertical", ["Shift+V"], () => turn((view) => flip(view, "flipVertical"))),
    image(
      "command.rotate",
      ["Shift+R"],
      () => turn((view) => ({ quarterTurns: (view.quarterTurns + 1) % 4 })),
    ),
    image("command.reset", ["Escape"], () => batch(() => session.reset())),
    image("command.cine", ["Space", "C"], () => session.playing.update((on) => !on), hasStack),
    image("command.cineFaster", ["=", "+"], () => session.changeRate(rateFactor), hasStack),
    image("command.cineSlower", ["-"], () => session.changeRate(1 / rateFactor), hasStack),
    image(
      "command.overlay",
      ["O"],
      () => controls.overlay.update((now) => (now === "all" ? "minimal" : "all")),
    ),
    image("command.tags", ["Shift+T"], () => controls.tags.update((on) => !on)),
    { id: "command.closeViewer", scope: "viewer", keys: ["Q"], run: controls.close },
  ];
}

/** On a picture lying on its side, what is across on the screen is along in the image. */
function flip(view: View, side: "flipHorizontal" | "flipVertical"): Partial<View> {
  const other = side === "flipHorizontal" ? "flipVertical" : "flipHorizontal";
  const target = view.quarterTurns % 2 === 0 ? side : other;
  return { [target]: !view[target] };
}

export const viewerGestures: readonly Gesture[] = [
  { id: "gesture.window", scope: "viewer", gesture: "gesture.leftOrRight" },
  { id: "gesture.scroll", scope: "viewer", gesture: "gesture.wheel" },
  { id: "gesture.pan", scope: "viewer", gesture: "gesture.middle" },
  { id: "gesture.zoom", scope: "viewer", gesture: "gesture.controlDrag" },
  { id: "gesture.zoomWheel", scope: "viewer", gesture: "gesture.controlWheel" },
  { id: "gesture.fine", scope: "viewer", gesture: "gesture.shift" },
];
