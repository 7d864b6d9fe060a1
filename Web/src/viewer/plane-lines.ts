/** The lines in which the planes of other views cut this one, and what a hand does with them. */
import { signal } from "../ui/signal.ts";
import { cross, dot, minus, normal, type Plane, toPatient, toPlane, type Vector } from "./geometry.ts";
import type { Pane } from "./pane.ts";
import type { PlaneViews } from "./plane-views.ts";
import type { PlaneKind } from "./reformat.ts";
import { applied } from "./view.ts";
import type { Point, ViewportLayer, ViewportPointer } from "./viewport-api.ts";

/** A line on the screen, in device pixels. */
export interface PlaneLine {
  kind: PlaneKind;
  pane: Pane;
  /** Where the planes meet, and the direction of the line, of length 1. */
  centre: Point;
  along: Point;
  /** Where the hand turns it. */
  handles: readonly [Point, Point];
  /** From the line to the edge of the slab; (0, 0) without one. */
  half: Point;
}

/** Handles stand at this share of the view's smaller side from where the lines meet. */
const handleShare = 0.3;
const grabPixels = 7;
const centrePixels = 12;

function screenDirection(pane: Pane, plane: Plane, direction: Vector): Point {
  const { a, b, c, d } = pane.transform();
  const [x, y] = [dot(direction, plane.row) / plane.columnMM, dot(direction, plane.column) / plane.rowMM];
  return { x: a * x + c * y, y: b * x + d * y };
}

export function planeLines(views: PlaneViews, pane: Pane): PlaneLine[] {
  const centre = views.centre(pane);
  const plane = pane.planes()[pane.index()];
  if (!centre || !plane) return [];
  const meeting = applied(pane.transform(), toPlane(plane, centre));
  const { width, height } = pane.size();
  const reach = Math.min(width, height) * handleShare;
  return views.group(pane).flatMap((other): PlaneLine[] => {
    const reformat = other.reformat();
    const cutting = other.planes()[other.index()];
    if (other === pane || !reformat || !cutting) return [];
    const direction = cross(normal(plane), normal(cutting));
    const { x, y } = screenDirection(pane, plane, direction);
    const length = Math.hypot(x, y);
    if (length === 0) return [];
    const along = { x: x / length, y: y / length };
    const handle = (by: number): Point => ({ x: meeting.x + along.x * by, y: meeting.y + along.y * by });
    const across = screenDirection(pane, plane, reformat.axes.along);
    const share = reformat.slab.thicknessMM / 2;
    return [{
      kind: reformat.axes.kind,
      pane: other,
      centre: meeting,
      along,
      handles: [handle(reach), handle(-reach)],
      half: { x: across.x * share, y: across.y * share },
    }];
  });
}

type Grip =
  | { part: "centre" }
  | { part: "line"; pane: Pane; offset: Vector }
  | { part: "handle"; pane: Pane };

export function planeLayer(views: PlaneViews, pane: Pane, isShown: () => boolean): ViewportLayer {
  const cursor = signal<string | null>(null);
  let grip: Grip | null = null;
  let from = 0;

  const near = (a: Point, b: Point, pixels: number) =>
    Math.hypot(a.x - b.x, a.y - b.y) <= pixels * pane.pixelRatio.peek();
  const distance = ({ centre, along }: PlaneLine, { x, y }: Point) =>
    Math.abs((x - centre.x) * along.y - (y - centre.y) * along.x);
  const gripAt = (event: ViewportPointer): Grip | null => {
    if (!pane.reformat.peek() || !isShown()) return null;
    const reach = event.pointerType === "touch" ? 2 : 1;
    const lines = planeLines(views, pane);
    for (const line of lines) {
      if (line.handles.some((each) => near(each, event.screen, centrePixels * reach))) {
        return { part: "handle", pane: line.pane };
      }
    }
    const [first] = lines;
    if (first && near(first.centre, event.screen, centrePixels * reach)) return { part: "centre" };
    const touched = lines.find((each) =>
      distance(each, event.screen) <= grabPixels * reach * pane.pixelRatio.peek()
    );
    const [own, centre] = [placeAt(event), views.centre(pane)];
    return touched && own && centre ? { part: "line", pane: touched.pane, offset: minus(centre, own) } : null;
  };
  const placeAt = (event: ViewportPointer): Vector | null => {
    const plane = pane.planes.peek()[pane.index.peek()];
    return plane ? toPatient(plane, event.image) : null;
  };
  /** Of the pointer about the centre, from right to down in the plane. */
  const angleAt = (event: ViewportPointer): number => {
    const [centre, plane] = [views.centre(pane), pane.planes.peek()[pane.index.peek()]];
    if (!centre || !plane) return 0;
    const away = minus(toPatient(plane, event.image), centre);
    return Math.atan2(dot(away, plane.column), dot(away, plane.row));
  };

  return {
    cursor,
    pointerDown(event) {
      if (event.button !== 0 || event.ctrlKey) return false;
      grip = gripAt(event);
      if (grip?.part === "handle") from = angleAt(event);
      return grip !== null;
    },
    pointerMove(event) {
      const place = placeAt(event);
      if (!grip || !place) return;
      if (grip.part === "centre") return views.moveCentre(pane, event.image);
      if (grip.part === "line") {
        const { offset } = grip;
        return views.movePlane(grip.pane, [place[0] + offset[0], place[1] + offset[1], place[2] + offset[2]]);
      }
      const now = angleAt(event);
      views.turn(pane, now - from);
      from = now;
    },
    pointerUp() {
      grip = null;
    },
    pointerCancel() {
      grip = null;
    },
    pointerHover(event) {
      const found = gripAt(event);
      const cursors = { centre: "move", line: "grab", handle: "alias" } as const;
      cursor.set(found ? cursors[found.part] : null);
      return found !== null;
    },
    doubleClick(event) {
      if (!gripAt(event)) return false;
      views.straighten(pane);
      return true;
    },
    end() {},
  };
}
