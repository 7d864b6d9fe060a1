/** What a presentation state draws over its images: graphics, texts and shutters that are no marks; without one, the image's own shutters. */
import type { Child } from "../ui/jsx-runtime.ts";
import type { FrameInfo, Shutter } from "../imaging/pictures.ts";
import type { Pane } from "./pane.ts";
import {
  drawingOf,
  isFor,
  overlayPath,
  overlaysOf,
  placed,
  type StateGraphic,
  type StateOverlay,
} from "./presentation.ts";
import type { ViewerContext } from "./viewer-context.ts";
import { applied } from "./view.ts";
import type { Point } from "./viewport-api.ts";

const textPixels = 14;

export function stateShapes(context: ViewerContext, pane: Pane): Child {
  const state = pane.state();
  const frame = pane.shownFrame();
  if (!frame) return null;
  if (!state || !isFor(state, frame)) return ownShutters(pane, frame);
  const screen = (point: Point) => applied(pane.transform(), point);
  const at = (pair: readonly [number, number], units: string) => screen(placed(state, frame, pair, units));
  const { graphics, texts, shutters } = drawingOf(
    state,
    frame,
    (mark) => context.extensions.some((each) => each.draws?.(mark)),
  );
  const size = pane.size();
  const { a, b, c, d, e, f } = pane.transform();
  const matrix = [a, b, c, d, e, f].join(" ");
  const bitmaps = overlaysOf(state);
  const bitmap = (each: StateOverlay, name: string) => (
    <path class={name} transform={`matrix(${matrix})`} d={overlayPath(each)} />
  );
  return (
    <g class="state-layer">
      {shutters.map((each) => shutterShape(each, (pair) => at(pair, "PIXEL"), size))}
      {bitmaps.shutters.map((each) => bitmap(each, "state-shutter"))}
      {bitmaps.graphics.map((each) => bitmap(each, "state-filled"))}
      {graphics.map((each) => graphicShape(each, at))}
      {texts.map((each) => {
        const place = each.anchor
          ? at(each.anchor.point, each.anchor.units)
          : each.box
          ? at(each.box.topLeft, each.box.units)
          : null;
        const height = textPixels * pane.pixelRatio();
        return place &&
          each.text.split(/\r?\n/).map((line, index) => (
            <text x={place.x} y={place.y + height * (index + 1)} font-size={height}>{line}</text>
          ));
      })}
    </g>
  );
}

/** The image's own shutters; those of a state stand in their place (PS3.3 C.11.6). */
function ownShutters(pane: Pane, { instance }: FrameInfo): Child {
  const shutters = instance.attributes.shutters ?? [];
  if (shutters.length === 0) return null;
  const at = ([x, y]: readonly [number, number]) => applied(pane.transform(), { x: x + 0.5, y: y + 0.5 });
  return <g class="state-layer">{shutters.map((each) => shutterShape(each, at, pane.size()))}</g>;
}

type Place = (pair: readonly [number, number], units: string) => Point;

function path(points: readonly Point[], closed: boolean): string {
  return points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("") +
    (closed ? "Z" : "");
}

const circleSteps = 72;

function graphicShape(graphic: StateGraphic, at: Place): Child {
  const points = graphic.points.map((each) => at(each, graphic.units));
  const [first, second, third, fourth] = points;
  if (!first) return null;
  const fill = graphic.filled ? "state-filled" : "";
  if (graphic.type === "POINT") return <circle class={fill} cx={first.x} cy={first.y} r="3" />;
  if (graphic.type === "CIRCLE" && second) {
    // Through the transform point by point: pixels that are not square make an ellipse of it.
    const [center, rim] = [graphic.points[0], graphic.points[1]];
    if (!center || !rim) return null;
    const radius = Math.hypot(rim[0] - center[0], rim[1] - center[1]);
    const round = Array.from({ length: circleSteps }, (_, step) => {
      const angle = (step / circleSteps) * 2 * Math.PI;
      return at([center[0] + radius * Math.cos(angle), center[1] + radius * Math.sin(angle)], graphic.units);
    });
    return <path class={fill} d={path(round, true)} />;
  }
  if (graphic.type === "ELLIPSE" && second && third && fourth) {
    const middle = { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2 };
    const round = Array.from({ length: circleSteps }, (_, step) => {
      const angle = (step / circleSteps) * 2 * Math.PI;
      const [along, across] = [Math.cos(angle) / 2, Math.sin(angle) / 2];
      return {
        x: middle.x + (second.x - first.x) * along + (fourth.x - third.x) * across,
        y: middle.y + (second.y - first.y) * along + (fourth.y - third.y) * across,
      };
    });
    return <path class={fill} d={path(round, true)} />;
  }
  return <path class={fill} d={path(points, false)} />;
}

/** Black over everything but the opening. */
function shutterShape(
  shutter: Shutter,
  at: (pair: readonly [number, number]) => Point,
  size: { width: number; height: number },
): Child {
  const outline = openingOf(shutter)?.map(at);
  if (!outline) return null;
  const all = `M0 0H${size.width}V${size.height}H0Z`;
  return <path class="state-shutter" fill-rule="evenodd" d={`${all}${path(outline, true)}`} />;
}

function openingOf(shutter: Shutter): (readonly [number, number])[] | null {
  const { left, right, top, bottom, center, radius, points } = shutter;
  if (shutter.shape === "rectangle" && left !== undefined && right !== undefined) {
    // The edges themselves are the first and last pixels hidden no more: their outer sides.
    const [x0, x1, y0, y1] = [left - 0.5, right + 0.5, (top ?? 0) - 0.5, (bottom ?? 0) + 0.5];
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  }
  if (shutter.shape === "circle" && center && radius !== undefined) {
    return Array.from({ length: circleSteps }, (_, step) => {
      const angle = (step / circleSteps) * 2 * Math.PI;
      return [center[0] + radius * Math.cos(angle), center[1] + radius * Math.sin(angle)] as const;
    });
  }
  return shutter.shape === "polygon" && points && points.length > 2 ? [...points] : null;
}
