/** What mouse, pen and fingers do in a view. */
import { type DragAction, type MouseProfile } from "../core/profiles.ts";
import type { Pane } from "./pane.ts";
import type { Point, ViewportLayer, ViewportPointer } from "./viewport-api.ts";
import { applied, inverse, rotated } from "./view.ts";
import type { Workspace } from "./workspace.ts";

/** The left button's tools that the viewer itself knows; extensions bring more. */
export const ownTools = [
  "window",
  "pan",
  "zoom",
  "scroll",
  "rotate",
  "magnifier",
  "crosshair",
  "windowRegion",
] as const;
export type OwnTool = (typeof ownTools)[number];

/** Shift makes a drag this much finer; Ctrl pressed meanwhile this much faster, with Shift faster still. */
const fineFactor = 0.2;
const fastFactor = 3;
const fastestFactor = 10;
/** Dragging this many CSS pixels changes the window by its own width. */
const windowPixels = 280;
const windowWidthMinimum = 1;
const zoomPerPixel = 0.006;
const zoomPerNotch = 1.15;
/** A mouse's notch is larger than this; smaller movements come from touch pads and are summed up. */
const notchPixels = 50;
const touchPadPixels = 30;
/** A press that moved less is a click. */
const clickPixels = 4;
/** Two clicks closer than this, in time and place, are a double one: captured pointers bring no such event everywhere. */
const doubleMilliseconds = 400;
const doublePixels = 8;
/** A finger that rests this long asks for the menu. */
const holdMilliseconds = 550;

export interface GestureHost {
  workspace: Workspace;
  pane: Pane;
  tool: () => string;
  mouse: () => MouseProfile;
  /** What one finger does. */
  finger: () => string;
  layers: () => readonly ViewportLayer[];
  magnify: (at: Point | null) => void;
  region: (from: Point, to: Point, done: boolean) => void;
  /** Makes the slab of planes thicker or thinner. */
  slab: (by: number) => void;
  openMenu: (event: MouseEvent, pointer: ViewportPointer) => void;
}

interface Drag {
  action: string;
  x: number;
  y: number;
  startX: number;
  startY: number;
  moved: boolean;
  /** Movement not yet worth a whole image. */
  rest: number;
  /** Ctrl was down at the press: it chose the tool and is no accelerator. */
  controlAtPress: boolean;
  /** The layer that has taken the press. */
  layer: ViewportLayer | null;
}

interface Finger {
  x: number;
  y: number;
}

function actionOf(event: PointerEvent, host: GestureHost): string {
  const mouse = host.mouse();
  const named = (action: DragAction) => (action === "chosen" ? host.tool() : action);
  if (event.pointerType === "touch") return host.finger();
  if ((event.buttons & 3) === 3) return named(mouse.both);
  if (event.button === 1 || (event.buttons & 4) !== 0) return named(mouse.middle);
  if (event.button === 2 || (event.buttons & 2) !== 0) return named(mouse.right);
  return event.ctrlKey || event.metaKey ? "zoom" : named(mouse.left);
}

export function attachGestures(element: HTMLElement, host: GestureHost): void {
  const { workspace, pane } = host;
  const fingers = new Map<number, Finger>();
  let drag: Drag | null = null;
  let rightMoved = false;
  let wheelRest = 0;
  let holding: ReturnType<typeof setTimeout> | undefined;
  let lastClick = { time: -Infinity, x: 0, y: 0 };

  const local = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    const ratio = pane.pixelRatio.peek();
    return { x: (event.clientX - box.left) * ratio, y: (event.clientY - box.top) * ratio };
  };
  const pointer = (event: PointerEvent | MouseEvent): ViewportPointer => {
    const screen = local(event);
    return {
      screen,
      image: applied(inverse(pane.transform.peek()), screen),
      button: event.button,
      buttons: event.buttons,
      shiftKey: event.shiftKey,
      ctrlKey: event.ctrlKey || event.metaKey,
      altKey: event.altKey,
      pointerType: event instanceof PointerEvent ? event.pointerType : "mouse",
      pointerId: event instanceof PointerEvent ? event.pointerId : 0,
      detail: event.detail,
    };
  };

  // Some systems ask for the menu at the press, others at the release: it is opened at the release, unless dragged.
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  element.addEventListener("pointerdown", (event) => {
    workspace.activate(pane);
    if (pane.stage.peek() !== "images") return;
    element.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (event.pointerType === "touch" && fingers.size > 1) return endDrag(true);
    if (event.pointerType === "touch") hold(event);
    if (event.button === 2) rightMoved = false;
    const layer = event.button === 0 || event.pointerType === "touch"
      ? host.layers().find((each) => each.pointerDown?.(pointer(event))) ?? null
      : null;
    drag = {
      action: layer ? "layer" : actionOf(event, host),
      x: event.clientX,
      y: event.clientY,
      startX: event.clientX,
      startY: event.clientY,
      moved: false,
      rest: 0,
      controlAtPress: event.ctrlKey || event.metaKey,
      layer,
    };
    element.dataset.drag = drag.action;
    press(drag, event);
    // Keeps the middle button from starting the browser's own scrolling.
    if (event.button === 1) event.preventDefault();
  });
  element.addEventListener("pointermove", (event) => {
    if (fingers.size > 1 && fingers.has(event.pointerId)) return pinch(event);
    if (!drag) {
      for (const layer of host.layers()) if (layer.pointerHover?.(pointer(event))) break;
      return;
    }
    if (drag.layer) {
      if (Math.hypot(event.clientX - drag.startX, event.clientY - drag.startY) > clickPixels) {
        clearTimeout(holding);
      }
      return drag.layer.pointerMove?.(pointer(event));
    }
    // The second button of a chord comes as a move, not as another press.
    if ((event.buttons & 3) === 3) drag.action = actionOf(event, host);
    const far = Math.hypot(event.clientX - drag.startX, event.clientY - drag.startY) > clickPixels;
    if (far) clearTimeout(holding);
    if (far && !drag.moved) {
      drag.moved = true;
      if ((event.buttons & 2) !== 0) rightMoved = true;
    }
    const speed = speedOf(event, drag);
    if (drag.moved || event.pointerType !== "touch") {
      apply(drag, event, (event.clientX - drag.x) * speed, (event.clientY - drag.y) * speed);
    }
    drag.x = event.clientX;
    drag.y = event.clientY;
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
    element.addEventListener(type, (event) => {
      // The next movement of two fingers is another step to take back.
      if (fingers.size > 1) workspace.history.seal();
      fingers.delete(event.pointerId);
      if (drag?.layer) {
        if (type === "pointerup") drag.layer.pointerUp?.(pointer(event));
        else drag.layer.pointerCancel?.();
      }
      if (type === "pointerup" && event.button === 2 && drag && !rightMoved) {
        host.openMenu(event, pointer(event));
      }
      if (drag?.action === "windowRegion" && type === "pointerup") {
        host.region(imageAt(drag.startX, drag.startY), imageAt(event.clientX, event.clientY), true);
      }
      const far = drag ? Math.hypot(event.clientX - drag.startX, event.clientY - drag.startY) : Infinity;
      const clicked = type === "pointerup" && event.button === 0 && far <= clickPixels;
      endDrag(false);
      if (clicked) click(event);
    });
  }
  element.addEventListener("wheel", (event) => {
    // Texts, tables and lists in a picture's place scroll by themselves.
    if (pane.stage.peek() !== "images") return;
    event.preventDefault();
    if (event.ctrlKey) {
      zoomAbout(event, event.deltaY < 0 ? zoomPerNotch : 1 / zoomPerNotch);
      workspace.history.seal();
      return;
    }
    wheelRest = wheel(event, wheelRest);
  }, { passive: false });

  function click(event: PointerEvent): void {
    const { time, x, y } = lastClick;
    const near = Math.hypot(event.clientX - x, event.clientY - y) <= doublePixels;
    if (!near || event.timeStamp - time > doubleMilliseconds) {
      lastClick = { time: event.timeStamp, x: event.clientX, y: event.clientY };
      return;
    }
    lastClick = { time: -Infinity, x: 0, y: 0 };
    if (host.layers().some((each) => each.doubleClick?.(pointer(event)))) return;
    workspace.toggleMaximized(pane);
  }

  /** A finger at rest opens the menu, as the right button does; one that draws may rest. */
  function hold(event: PointerEvent): void {
    clearTimeout(holding);
    const draws = !ownTools.some((each) => each === host.finger());
    if (draws) return;
    holding = setTimeout(() => {
      endDrag(true);
      host.openMenu(event, pointer(event));
    }, holdMilliseconds);
  }

  function endDrag(cancelled: boolean): void {
    clearTimeout(holding);
    if (cancelled) drag?.layer?.pointerCancel?.();
    if (drag) {
      workspace.history.seal();
      host.magnify(null);
    }
    drag = null;
    delete element.dataset.drag;
  }

  function imageAt(clientX: number, clientY: number): Point {
    const box = element.getBoundingClientRect();
    const ratio = pane.pixelRatio.peek();
    const screen = { x: (clientX - box.left) * ratio, y: (clientY - box.top) * ratio };
    return applied(inverse(pane.transform.peek()), screen);
  }

  function fromCenter(clientX: number, clientY: number): Point {
    const box = element.getBoundingClientRect();
    const ratio = pane.pixelRatio.peek();
    return {
      x: (clientX - box.left - box.width / 2) * ratio,
      y: (clientY - box.top - box.height / 2) * ratio,
    };
  }

  function zoomAbout(event: MouseEvent, factor: number): void {
    workspace.zoom(pane, factor, fromCenter(event.clientX, event.clientY), "wheel");
  }

  /** Two fingers: apart or together zooms about their middle, moving both pans. */
  function pinch(event: PointerEvent): void {
    const before = [...fingers.values()];
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = [...fingers.values()];
    const [a, b, c, d] = [before[0], before[1], after[0], after[1]];
    if (!a || !b || !c || !d) return;
    const spread = (p: Finger, q: Finger) => Math.max(1, Math.hypot(p.x - q.x, p.y - q.y));
    const middle = (p: Finger, q: Finger) => ({ x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 });
    const [from, to] = [middle(a, b), middle(c, d)];
    const ratio = pane.pixelRatio.peek();
    workspace.zoom(pane, spread(c, d) / spread(a, b), fromCenter(to.x, to.y), "pinch");
    workspace.pan(pane, (to.x - from.x) * ratio, (to.y - from.y) * ratio, "pinch");
  }

  function step(by: number, alt: boolean): void {
    if (alt && pane.reformat.peek()) host.slab(-Math.sign(by));
    else workspace.step(pane, by, alt);
  }

  function wheel(event: WheelEvent, rest: number): number {
    if (event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL || Math.abs(event.deltaY) >= notchPixels) {
      step(Math.sign(event.deltaY), event.altKey);
      return 0;
    }
    const sum = rest + event.deltaY;
    const steps = Math.trunc(sum / touchPadPixels);
    if (steps !== 0) step(steps, event.altKey);
    return sum - steps * touchPadPixels;
  }

  function press(current: Drag, event: PointerEvent): void {
    if (current.action === "magnifier") host.magnify(local(event));
    else if (current.action === "crosshair") workspace.pointAt(pane, pointer(event).image);
  }

  function apply(current: Drag, event: PointerEvent, dx: number, dy: number): void {
    const ratio = pane.pixelRatio.peek();
    switch (current.action) {
      case "window":
        return dragWindow(workspace, pane, dx, host.mouse().levelReversed ? -dy : dy);
      case "pan":
        return workspace.pan(pane, dx * ratio, dy * ratio, "drag");
      case "zoom":
        return workspace.zoom(pane, Math.exp(-dy * zoomPerPixel), { x: 0, y: 0 }, "drag");
      case "rotate":
        return dragRotation(event, dx, dy);
      case "magnifier":
        return host.magnify(local(event));
      case "crosshair":
        return workspace.pointAt(pane, pointer(event).image);
      case "windowRegion":
        return host.region(imageAt(current.startX, current.startY), pointer(event).image, false);
      case "scroll":
        // A finger pushes the stack as it pushes a page; the mouse pulls at it as at the scroll bar.
        return dragScroll(current, event.pointerType === "touch" ? -dy : dy, event.altKey);
    }
  }

  function dragScroll(current: Drag, dy: number, alone: boolean): void {
    const perImage = Math.max(2, Math.min(12, element.clientHeight / Math.max(pane.count.peek(), 1)));
    current.rest += dy;
    const steps = Math.trunc(current.rest / perImage);
    current.rest -= steps * perImage;
    if (steps !== 0) workspace.step(pane, steps, alone);
  }

  /** The picture turns with the pointer about the middle of the view. */
  function dragRotation(event: PointerEvent, dx: number, dy: number): void {
    const now = fromCenter(event.clientX, event.clientY);
    const before = fromCenter(event.clientX - dx, event.clientY - dy);
    const degrees = ((Math.atan2(now.y, now.x) - Math.atan2(before.y, before.x)) * 180) / Math.PI;
    workspace.changeAppearance(
      pane,
      "history.view",
      (look) => ({ ...look, view: rotated(look.view, degrees) }),
      "drag",
    );
  }
}

function speedOf(event: PointerEvent, drag: Drag): number {
  const control = (event.ctrlKey || event.metaKey) && !drag.controlAtPress;
  if (control) return event.shiftKey ? fastestFactor : fastFactor;
  return event.shiftKey ? fineFactor : 1;
}

/** Across changes the width, along changes the level. */
export function dragWindow(workspace: Workspace, pane: Pane, dx: number, dy: number): void {
  const window = pane.startingWindow();
  if (!window) return;
  const speed = Math.max(window.width, 1) / windowPixels;
  workspace.setWindow(pane, {
    center: window.center + dy * speed,
    width: Math.max(windowWidthMinimum, window.width + dx * speed),
  }, "drag");
}
