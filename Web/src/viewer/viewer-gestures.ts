/** What the mouse and fingers do in the viewer, and which groups of commands stand in its tool bar and menus. */
import type { CommandGroup, Gesture } from "../core/commands.ts";

export const toolbarGroups: readonly CommandGroup[] = ["tools", "presentation", "image", "information"];
export const menuGroups: readonly CommandGroup[] = ["window", "link", "hanging", "display"];

export const viewerGestures: readonly Gesture[] = [
  { id: "gesture.window", scope: "viewer", gesture: "gesture.leftOrRight" },
  { id: "gesture.scroll", scope: "viewer", gesture: "gesture.wheel" },
  { id: "gesture.scrollAlone", scope: "viewer", gesture: "gesture.altWheel" },
  { id: "gesture.slab", scope: "viewer", gesture: "gesture.altWheel" },
  { id: "gesture.planeMove", scope: "viewer", gesture: "gesture.dragLine" },
  { id: "gesture.planeTurn", scope: "viewer", gesture: "gesture.dragHandle" },
  { id: "gesture.planesStraight", scope: "viewer", gesture: "gesture.doubleClickLine" },
  { id: "gesture.pan", scope: "viewer", gesture: "gesture.middle" },
  { id: "gesture.zoom", scope: "viewer", gesture: "gesture.controlDrag" },
  { id: "gesture.zoomWheel", scope: "viewer", gesture: "gesture.controlWheel" },
  { id: "gesture.fine", scope: "viewer", gesture: "gesture.shift" },
  { id: "gesture.fast", scope: "viewer", gesture: "gesture.control" },
  { id: "gesture.maximize", scope: "viewer", gesture: "gesture.doubleClickView" },
  { id: "gesture.menu", scope: "viewer", gesture: "gesture.rightClick" },
  { id: "gesture.hang", scope: "viewer", gesture: "gesture.dragSeries" },
  { id: "gesture.hold", scope: "viewer", gesture: "gesture.longPress" },
  { id: "gesture.touch", scope: "viewer", gesture: "gesture.twoFingers" },
];
