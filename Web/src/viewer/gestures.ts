/** What the mouse does in a viewport. */
import type { ViewerSession } from "./session.ts";
import { zoomedAbout } from "./view.ts";

export type Tool = "window" | "pan" | "zoom" | "scroll";

/** Shift makes a drag this much finer. */
const fineFactor = 0.2;
/** Dragging this many pixels changes the window by its own width. */
const windowPixels = 280;
const windowWidthMinimum = 1;
const zoomPerPixel = 0.006;
const zoomPerNotch = 1.15;
/** A mouse's notch is larger than this; smaller movements come from touch pads and are summed up. */
const notchPixels = 50;
const touchPadPixels = 30;

interface Drag {
  tool: Tool;
  x: number;
  y: number;
  /** Movement not yet worth a whole image. */
  rest: number;
}

export function toolOf(event: PointerEvent, chosen: Tool): Tool {
  if ((event.buttons & 3) === 3) return "zoom";
  if (event.button === 1 || (event.buttons & 4) !== 0) return "pan";
  if (event.button === 2 || (event.buttons & 2) !== 0) return "window";
  return event.ctrlKey || event.metaKey ? "zoom" : chosen;
}

export function attachGestures(element: HTMLElement, session: ViewerSession, tool: () => Tool): void {
  let drag: Drag | null = null;
  let wheelRest = 0;

  element.addEventListener("contextmenu", (event) => event.preventDefault());
  element.addEventListener("pointerdown", (event) => {
    if (session.stage.peek() !== "images") return;
    element.setPointerCapture(event.pointerId);
    drag = { tool: toolOf(event, tool()), x: event.clientX, y: event.clientY, rest: 0 };
    element.dataset.drag = drag.tool;
    // Keeps the middle button from starting the browser's own scrolling.
    if (event.button === 1) event.preventDefault();
  });
  element.addEventListener("pointermove", (event) => {
    if (!drag) return;
    // The second button of a chord comes as a move, not as another press.
    if ((event.buttons & 3) === 3) drag.tool = "zoom";
    const fine = event.shiftKey ? fineFactor : 1;
    apply(drag, (event.clientX - drag.x) * fine, (event.clientY - drag.y) * fine);
    drag.x = event.clientX;
    drag.y = event.clientY;
  });
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
    element.addEventListener(type, () => {
      drag = null;
      delete element.dataset.drag;
    });
  }
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey) {
      const box = element.getBoundingClientRect();
      const x = event.clientX - box.left - box.width / 2;
      const y = event.clientY - box.top - box.height / 2;
      session.view.update((view) =>
        zoomedAbout(view, event.deltaY < 0 ? zoomPerNotch : 1 / zoomPerNotch, x, y)
      );
      return;
    }
    wheelRest = wheel(event, wheelRest);
  }, { passive: false });

  function wheel(event: WheelEvent, rest: number): number {
    if (event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL || Math.abs(event.deltaY) >= notchPixels) {
      session.step(Math.sign(event.deltaY));
      return 0;
    }
    const sum = rest + event.deltaY;
    const steps = Math.trunc(sum / touchPadPixels);
    if (steps !== 0) session.step(steps);
    return sum - steps * touchPadPixels;
  }

  function apply(current: Drag, dx: number, dy: number): void {
    switch (current.tool) {
      case "window":
        return dragWindow(session, dx, dy);
      case "pan":
        return session.view.update((view) => ({ ...view, panX: view.panX + dx, panY: view.panY + dy }));
      case "zoom":
        return session.view.update((view) => zoomedAbout(view, Math.exp(-dy * zoomPerPixel), 0, 0));
      case "scroll": {
        const perImage = Math.max(2, Math.min(12, element.clientHeight / Math.max(session.count.peek(), 1)));
        current.rest += dy;
        const steps = Math.trunc(current.rest / perImage);
        current.rest -= steps * perImage;
        if (steps !== 0) session.step(steps);
      }
    }
  }
}

/** Across changes the width, along changes the level. */
export function dragWindow(session: ViewerSession, dx: number, dy: number): void {
  const window = session.effectiveWindow();
  if (!window) return;
  const speed = Math.max(window.width, 1) / windowPixels;
  session.window.set({
    center: window.center + dy * speed,
    width: Math.max(windowWidthMinimum, window.width + dx * speed),
  });
}
