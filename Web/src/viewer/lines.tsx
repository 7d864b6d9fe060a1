/** Lines that are no marks: where other images cut this one, the 3-D cursor, the region being drawn. */
import type { Child } from "../ui/jsx-runtime.ts";
import { computed } from "../ui/signal.ts";
import { cutLine, type Plane, toPlane } from "./geometry.ts";
import type { Pane } from "./pane.ts";
import { type PlaneLine, planeLines } from "./plane-lines.ts";
import { stateShapes } from "./state-layer.tsx";
import type { ViewerContext } from "./viewer-context.ts";
import { applied } from "./view.ts";
import type { Point } from "./viewport-api.ts";

export interface ReferenceLine {
  from: Point;
  to: Point;
  kind: "current" | "end";
}

/** Where the active view's image, and the first and last of its stack, pass through this view's image. */
export function referenceLines(source: Pane, target: Pane): ReferenceLine[] {
  const shown = target.shownFrame();
  const cutting = source.shownFrame();
  if (!shown || !cutting || source === target) return [];
  // Lines of planes say it already.
  if (target.reformat() && source.place()?.series === target.place()?.series) return [];
  const reference = cutting.stack.frameOfReference;
  if (reference === null || reference !== shown.stack.frameOfReference) return [];
  const plane = target.planes()[shown.index];
  if (!plane) return [];
  const { first, count } = cutting.stack;
  const line = (from: Plane | null | undefined, kind: ReferenceLine["kind"]): ReferenceLine[] => {
    const ends = from && cutLine(from, plane);
    return ends ? [{ from: ends[0], to: ends[1], kind }] : [];
  };
  const planes = source.planes();
  return [
    ...line(planes[first], "end"),
    ...line(planes[first + count - 1], "end"),
    ...line(planes[cutting.index], "current"),
  ];
}

/** Farther from the image than this many millimetres the cursor is drawn open: it lies before or behind. */
const cursorDepthMM = 2;

export function Lines(
  props: { context: ViewerContext; pane: Pane; region: () => readonly [Point, Point] | null },
) {
  const { context, pane } = props;
  const { workspace } = context;
  const lines = computed(() => workspace.referenceLines() ? referenceLines(workspace.active(), pane) : []);
  const cursor = computed(() => {
    const now = workspace.cursor();
    const shown = pane.shownFrame();
    if (!now || shown?.stack.frameOfReference !== now.frameOfReference) return null;
    const plane = pane.planes()[shown.index];
    return plane ? toPlane(plane, now.place) : null;
  });
  const screen = (point: Point) => applied(pane.transform(), point);
  return (
    <svg
      class="lines-layer"
      aria-hidden="true"
      viewBox={() => `0 0 ${Math.max(1, pane.size().width)} ${Math.max(1, pane.size().height)}`}
    >
      {() => stateShapes(context, pane)}
      {() =>
        workspace.referenceLines() && planeLines(context.planes, pane).map((each) => planeLine(each, pane))}
      {() => lines().map((line) => segment(screen(line.from), screen(line.to), `reference-${line.kind}`))}
      {() => cursorShape(cursor(), screen, pane.pixelRatio())}
      {() => {
        const region = props.region();
        return region && box(screen(region[0]), screen(region[1]));
      }}
    </svg>
  );
}

function segment(from: Point, to: Point, name: string): Node {
  return <line class={name} x1={from.x} y1={from.y} x2={to.x} y2={to.y} />;
}

function planeLine({ kind, centre, along, handles, half }: PlaneLine, pane: Pane): Node {
  const { width, height } = pane.size();
  const far = width + height + Math.hypot(centre.x, centre.y);
  const gap = gapPixels * pane.pixelRatio() * 2;
  const ray = (from: number, to: number, by: number, name: string) => {
    const at = (reach: number): Point => ({
      x: centre.x + along.x * reach + half.x * by,
      y: centre.y + along.y * reach + half.y * by,
    });
    return segment(at(from), at(to), name);
  };
  const isSlab = half.x !== 0 || half.y !== 0;
  return (
    <g class={`plane-line plane-${kind}`}>
      {[1, -1].map((side) => ray(gap * side, far * side, 0, "plane-cut"))}
      {isSlab && [1, -1].map((side) => ray(-far, far, side, "plane-slab"))}
      {handles.map(({ x, y }) => <circle cx={x} cy={y} r={5 * pane.pixelRatio()} />)}
    </g>
  );
}

function box(from: Point, to: Point): Node {
  const [x, y] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
  return <rect class="region" x={x} y={y} width={Math.abs(to.x - from.x)} height={Math.abs(to.y - from.y)} />;
}

const armPixels = 26;
const gapPixels = 6;

function cursorShape(
  at: (Point & { distanceMM: number }) | null,
  screen: (point: Point) => Point,
  ratio: number,
): Child {
  if (!at) return null;
  const { x, y } = screen(at);
  const [arm, gap] = [armPixels * ratio, gapPixels * ratio];
  const name = Math.abs(at.distanceMM) > cursorDepthMM ? "cursor-3d cursor-away" : "cursor-3d";
  const arms: [number, number][] = [[1, 0], [-1, 0], [0, 1], [0, -1]];
  return (
    <g class={name}>
      {arms.map(([dx, dy]) =>
        segment({ x: x + dx * gap, y: y + dy * gap }, { x: x + dx * arm, y: y + dy * arm }, "cursor-arm")
      )}
      <circle cx={x} cy={y} r={gap} />
    </g>
  );
}
