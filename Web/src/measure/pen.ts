/**
 * What the pointer does on one viewport: draws, grips handles, moves marks and labels. Click-drag-release and
 * click-move-click both draw. Knows positions and marks, not elements, so that it can be tested without a page.
 */
import type { Point, Viewport, ViewportFrame, ViewportPointer } from "../viewer/viewport-api.ts";
import { aspectOf } from "./calibration.ts";
import {
  beginsStroke,
  begun,
  type Drawing,
  handPoints,
  isComplete,
  mayFinish,
  withLastAt,
  withPoint,
} from "./drawing.ts";
import type { Coordinate, Kind, Mark } from "./mark.ts";
import { gridPoint } from "./mark.ts";
import type { Measuring } from "./measuring.ts";
import {
  anchorUncertaintyOf,
  drawable,
  drawableShift,
  outlineOnScreen,
  toImage,
  toScreen,
} from "./screen.ts";
import { distanceToOutline, handles, outlines, withHandleAt } from "./shape.ts";

/** Half of the 22 CSS pixels that a handle can at least be gripped by; fingers get more. */
const handleReach = { fine: 11, touch: 20 };
const lineReach = { fine: 6, touch: 16 };
/** A press that moves no further is a click. */
const clickPixels = { fine: 4, touch: 10 };
/** Points of a freehand line are at least so far apart. */
const freehandPixels = 2;

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

type Grip =
  | { part: "handle"; mark: Mark; handle: number }
  | { part: "line"; mark: Mark }
  | { part: "label"; mark: Mark };

interface Drag {
  grip: Grip;
  /** The mark as it was. */
  before: Mark;
  /** What was gripped, in the image, and how far beside it the pointer went down. */
  origin: Coordinate;
  offset: Coordinate;
  press: Point;
  moved: boolean;
}

interface Press {
  screen: Point;
  /** This press began the drawing. */
  began: boolean;
  /** A drag from here sets the next point too. */
  stroke: boolean;
}

export type Surface = Pick<
  Viewport,
  "frame" | "transform" | "pixelRatio" | "fullResolution" | "marksVisible"
>;

export class Pen {
  #drag: Drag | null = null;
  #press: Press | null = null;
  /** Where labels stand on the screen; the painter fills it. */
  readonly labels = new Map<string, Box>();

  constructor(readonly measuring: Measuring, readonly surface: Surface) {}

  pointerDown(event: ViewportPointer): boolean {
    const frame = this.surface.frame.peek();
    if (!frame || event.button !== 0 || event.ctrlKey || !this.#visible()) return false;
    const kind = this.measuring.toolKind();
    const drawing = this.measuring.drawing.peek();
    if (drawing) return this.#continue(drawing, frame, event);
    const grip = this.gripAt(event.screen, event.pointerType);
    // While a tool is in hand, only handles of what is selected are gripped; all else begins a new mark.
    const selected = this.measuring.storeFor(frame)?.selected.peek();
    const isOwnHandle = grip?.part === "handle" && grip.mark.uid === selected;
    if (grip && (kind === null || isOwnHandle)) return this.#grip(grip, frame, event);
    if (kind !== null) return this.#begin(kind, frame, event);
    this.measuring.storeFor(frame)?.selected.set(null);
    return false;
  }

  pointerMove(event: ViewportPointer): void {
    if (this.#drag) return this.#dragTo(event);
    const drawing = this.measuring.drawing.peek();
    if (!drawing || !this.#press) return;
    if (drawing.kind === "freehand") return this.#extend(drawing, event);
    const at = this.#place(event, drawing.frame);
    if (this.#press.stroke) this.measuring.drawing.set({ ...drawing, preview: at });
    else this.measuring.drawing.set(withLastAt(drawing, at));
  }

  pointerUp(event: ViewportPointer): void {
    if (this.#drag) return this.#drop();
    const press = this.#press;
    const drawing = this.measuring.drawing.peek();
    this.#press = null;
    if (!drawing || !press) return;
    // A contour that ends where it began has been drawn all the same.
    const dragged = isBeyond(press.screen, event, this.#ratio(), clickPixels) ||
      (drawing.kind === "freehand" && this.#hasExtent(drawing, press, event));
    const next = dragged && press.stroke && drawing.kind !== "freehand"
      ? withPoint(drawing, this.#place(event, drawing.frame), this.#uncertainty(event))
      : drawing;
    if (isComplete(next) || (drawing.kind === "freehand" && dragged)) this.measuring.finish(next);
    else this.measuring.keep(next);
  }

  #hasExtent(drawing: Drawing, press: Press, event: ViewportPointer): boolean {
    const view = this.surface.transform.peek();
    const reach = reachOf(clickPixels, event.pointerType) * this.#ratio();
    return drawing.points.some((each) => {
      const { x, y } = toScreen(each, view);
      return Math.hypot(x - press.screen.x, y - press.screen.y) > reach;
    });
  }

  pointerCancel(): void {
    if (this.#drag) this.#putBack();
    // A second finger makes a pinch of it: what this press began is taken away.
    if (this.#press?.began) this.measuring.keep(null);
    this.#press = null;
  }

  pointerHover(event: ViewportPointer): boolean {
    const frame = this.surface.frame.peek();
    const drawing = this.measuring.drawing.peek();
    if (!frame || !this.#visible()) return false;
    if (drawing) {
      if (!isSame(drawing.frame, frame)) return false;
      if (drawing.kind === "freehand") this.#extend(drawing, event);
      else this.measuring.drawing.set({ ...drawing, preview: this.#place(event, frame) });
      return true;
    }
    const grip = this.gripAt(event.screen, event.pointerType);
    this.measuring.storeFor(frame)?.hovered.set(grip?.mark.uid ?? null);
    return grip !== null && this.measuring.toolKind() === null;
  }

  doubleClick(event: ViewportPointer): boolean {
    const drawing = this.measuring.drawing.peek();
    if (drawing) {
      if (mayFinish(drawing)) this.measuring.finish(drawing);
      return true;
    }
    const grip = this.gripAt(event.screen, event.pointerType);
    if (!grip || this.measuring.toolKind() !== null) return false;
    this.measuring.editText(grip.mark);
    return true;
  }

  /** Gives up what is being dragged; true when there was something. */
  cancel(): boolean {
    if (!this.#drag) return false;
    this.#putBack();
    return true;
  }

  gripAt(at: Point, pointerType: string): Grip | null {
    const frame = this.surface.frame.peek();
    const store = frame && this.measuring.storeFor(frame);
    if (!frame || !store) return null;
    const selected = store.selected.peek();
    // What was drawn last lies on top, and what is selected above all.
    const marks = store.on(frame).filter((each) => !each.hidden).reverse();
    marks.sort((a, b) => Number(b.uid === selected) - Number(a.uid === selected));
    return this.#handleAt(marks, at, pointerType) ?? this.#labelAt(marks, at) ??
      this.#lineAt(marks, at, pointerType, frame);
  }

  #handleAt(marks: readonly Mark[], at: Point, pointerType: string): Grip | null {
    const reach = reachOf(handleReach, pointerType) * this.#ratio();
    const view = this.surface.transform.peek();
    let nearest: Grip | null = null;
    let distance = reach;
    for (const mark of marks) {
      if (!this.measuring.mayEdit(mark)) continue;
      handles(mark.kind, mark.points).forEach((point, handle) => {
        const { x, y } = toScreen(point, view);
        const away = Math.hypot(x - at.x, y - at.y);
        if (away > distance || (nearest && away === distance)) return;
        nearest = { part: "handle", mark, handle };
        distance = away;
      });
    }
    return nearest;
  }

  #labelAt(marks: readonly Mark[], at: Point): Grip | null {
    const mark = marks.find((each) => {
      const box = this.labels.get(each.uid);
      return box && at.x >= box.x && at.x <= box.x + box.width && at.y >= box.y && at.y <= box.y + box.height;
    });
    return mark ? { part: "label", mark } : null;
  }

  #lineAt(marks: readonly Mark[], at: Point, pointerType: string, frame: ViewportFrame): Grip | null {
    const reach = reachOf(lineReach, pointerType) * this.#ratio();
    const view = this.surface.transform.peek();
    const mark = marks.find((each) =>
      outlines(each.kind, each.points, markAspect(each, frame)).some((outline) =>
        distanceToOutline(outlineOnScreen(outline, view), at.x, at.y) <= reach
      )
    );
    return mark ? { part: "line", mark } : null;
  }

  #begin(kind: Kind, frame: ViewportFrame, event: ViewportPointer): boolean {
    if (!this.measuring.mayDraw(kind, frame, this.surface.fullResolution.peek())) return true;
    const drawing = begun(kind, frame, this.#place(event, frame), this.#uncertainty(event));
    this.#press = { screen: event.screen, began: true, stroke: handPoints(kind)[1] > 1 };
    this.measuring.keep(drawing);
    return true;
  }

  #continue(drawing: Drawing, frame: ViewportFrame, event: ViewportPointer): boolean {
    if (!isSame(drawing.frame, frame)) {
      this.measuring.sayElsewhere(drawing);
      return true;
    }
    // The second press of a double-click ends the line; it is not another corner.
    if (event.detail >= 2 && mayFinish(drawing)) return true;
    if (drawing.kind === "freehand") {
      this.measuring.finish(drawing);
      return true;
    }
    const stroke = beginsStroke(drawing.kind, drawing.points.length);
    this.#press = { screen: event.screen, began: false, stroke };
    if (this.#closes(drawing, event)) this.measuring.finish(drawing);
    else this.measuring.keep(withPoint(drawing, this.#place(event, frame), this.#uncertainty(event)));
    return true;
  }

  /** A press on a polygon's first corner, or on an open line's last one, ends it. */
  #closes(drawing: Drawing, event: ViewportPointer): boolean {
    const [least, most] = handPoints(drawing.kind);
    if (least === most || !mayFinish(drawing)) return false;
    const end = drawing.kind === "polygon" ? drawing.points[0] : drawing.points.at(-1);
    if (!end) return false;
    const { x, y } = toScreen(end, this.surface.transform.peek());
    const reach = reachOf(drawing.kind === "polygon" ? handleReach : clickPixels, event.pointerType) *
      this.#ratio();
    return Math.hypot(x - event.screen.x, y - event.screen.y) <= reach;
  }

  #extend(drawing: Drawing, event: ViewportPointer): void {
    const last = drawing.points.at(-1);
    const { x, y } = last ? toScreen(last, this.surface.transform.peek()) : event.screen;
    if (Math.hypot(x - event.screen.x, y - event.screen.y) < freehandPixels * this.#ratio()) return;
    const longer = withPoint(drawing, this.#place(event, drawing.frame), this.#uncertainty(event));
    if (isComplete(longer)) this.measuring.finish(longer);
    else this.measuring.keep(longer);
  }

  #grip(grip: Grip, frame: ViewportFrame, event: ViewportPointer): boolean {
    const { mark } = grip;
    this.measuring.storeFor(frame)?.selected.set(mark.uid);
    if (!this.measuring.mayEdit(mark)) return true;
    const pointer = toImage(event.screen, this.surface.transform.peek());
    const origin = this.#originOf(grip, pointer);
    const offset: Coordinate = [origin[0] - pointer[0], origin[1] - pointer[1]];
    this.#drag = { grip, before: mark, origin, offset, press: event.screen, moved: false };
    return true;
  }

  #originOf(grip: Grip, pointer: Coordinate): Coordinate {
    const { mark } = grip;
    if (grip.part === "handle") return handles(mark.kind, mark.points)[grip.handle] ?? pointer;
    if (grip.part === "line") return pointer;
    const box = this.labels.get(mark.uid);
    return box ? toImage({ x: box.x, y: box.y }, this.surface.transform.peek()) : pointer;
  }

  #dragTo(event: ViewportPointer): void {
    const drag = this.#drag;
    const frame = this.surface.frame.peek();
    if (!drag || !frame) return;
    if (!drag.moved && !isBeyond(drag.press, event, this.#ratio(), clickPixels)) return;
    drag.moved = true;
    const pointer = toImage(event.screen, this.surface.transform.peek());
    const to: Coordinate = [pointer[0] + drag.offset[0], pointer[1] + drag.offset[1]];
    this.measuring.preview(this.#draggedMark(drag, to, frame, event), drag.grip.part !== "label");
  }

  #draggedMark(drag: Drag, to: Coordinate, frame: ViewportFrame, event: ViewportPointer): Mark {
    const { before, grip } = drag;
    const { columns, rows } = frame;
    if (grip.part === "label") return { ...before, label: gridPoint(to[0], to[1]) };
    const movesAll = grip.part === "line" ||
      (grip.handle === 0 && (before.kind === "circle" || before.kind === "freehand"));
    if (movesAll) {
      const [across, down] = drawableShift(before.points, drag.origin, to, columns, rows);
      const points = before.points.map(([column, row]) => gridPoint(column + across, row + down));
      return { ...before, points };
    }
    const at = drawable(to, columns, rows);
    const points = withHandleAt(before.kind, before.points, grip.handle, at).map(([column, row]) =>
      gridPoint(column, row)
    );
    const uncertainty = this.#uncertainty(event);
    const whole = before.kind === "ellipse" || before.kind === "rectangle";
    const anchorUncertainty = before.anchorUncertainty.map((each, index) =>
      whole || index === grip.handle ? uncertainty : each
    );
    return { ...before, points, anchorUncertainty };
  }

  #drop(): void {
    const drag = this.#drag;
    this.#drag = null;
    if (drag?.moved) {
      this.measuring.commitEdit(
        drag.before,
        drag.grip.part === "label" ? "measure.labelMoved" : "measure.moved",
      );
    }
  }

  #putBack(): void {
    if (this.#drag) this.measuring.putBack(this.#drag.before);
    this.#drag = null;
  }

  #place(event: ViewportPointer, frame: ViewportFrame): Coordinate {
    return drawable(toImage(event.screen, this.surface.transform.peek()), frame.columns, frame.rows);
  }

  #uncertainty(event: ViewportPointer): Coordinate {
    return anchorUncertaintyOf(this.surface.transform.peek(), this.#ratio(), event.pointerType);
  }

  #ratio(): number {
    return this.surface.pixelRatio.peek();
  }

  #visible(): boolean {
    return this.surface.marksVisible.peek() && !this.measuring.hiddenAll.peek();
  }
}

function reachOf(reach: { fine: number; touch: number }, pointerType: string): number {
  return pointerType === "touch" ? reach.touch : reach.fine;
}

function isBeyond(
  press: Point,
  event: ViewportPointer,
  ratio: number,
  reach: { fine: number; touch: number },
): boolean {
  return Math.hypot(event.screen.x - press.x, event.screen.y - press.y) >
    reachOf(reach, event.pointerType) * ratio;
}

function isSame(a: ViewportFrame, b: ViewportFrame): boolean {
  return a.sopInstanceUID === b.sopInstanceUID && a.frameNumber === b.frameNumber;
}

/** The shape of a pixel where the mark is: an ultrasound region has its own. */
export function markAspect(mark: Pick<Mark, "calibration">, frame: ViewportFrame): number {
  const { rowSpacing, columnSpacing } = mark.calibration;
  return rowSpacing !== null && columnSpacing !== null && columnSpacing > 0
    ? rowSpacing / columnSpacing
    : aspectOf(frame);
}
