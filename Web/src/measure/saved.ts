/** Marks as graphics of a presentation state, for those who know nothing of marks (PS3.3 C.10.5.1.2). */
import type { SavedAnnotation } from "../viewer/saving.ts";
import { labelLines } from "./labels.ts";
import type { Coordinate, Mark } from "./mark.ts";

type Graphics = SavedAnnotation["graphics"];

const line = (points: readonly Coordinate[]) => ({ type: "POLYLINE", points });

function closed(points: readonly Coordinate[]): Graphics {
  const [first] = points;
  return first ? [line([...points, first])] : [];
}

const length = (from: Coordinate, to: Coordinate) => Math.hypot(to[0] - from[0], to[1] - from[1]);

/** The longer axis first. */
function ellipse(ends: readonly Coordinate[]): Graphics {
  const [a, b, c, d] = ends;
  if (!a || !b || !c || !d) return [];
  return [{ type: "ELLIPSE", points: length(c, d) > length(a, b) ? [c, d, a, b] : [a, b, c, d] }];
}

/** Round in millimetres; on pixels that are not square it is an ellipse. */
function circle({ points, calibration }: Mark): Graphics {
  const [center, rim] = points;
  if (!center || !rim) return [];
  const { rowSpacing: tall, columnSpacing: wide } = calibration;
  if (!tall || !wide || tall === wide) return [{ type: "CIRCLE", points: [center, rim] }];
  const radius = Math.hypot((rim[0] - center[0]) * wide, (rim[1] - center[1]) * tall);
  const [across, down] = [radius / wide, radius / tall];
  const [x, y] = center;
  return ellipse([[x - across, y], [x + across, y], [x, y - down], [x, y + down]]);
}

function rectangle([a, b]: readonly Coordinate[]): Graphics {
  return a && b ? closed([a, [b[0], a[1]], b, [a[0], b[1]]]) : [];
}

function graphicsOf(mark: Mark): Graphics | null {
  const { points } = mark;
  switch (mark.kind) {
    case "length":
    case "polyline":
    case "angle":
    case "arrow":
    case "calibration":
      return [line(points)];
    case "curve":
      return [{ type: "INTERPOLATED", points }];
    case "cobb":
    case "ratio":
      return [line(points.slice(0, 2)), line(points.slice(2, 4))];
    case "ellipse":
      return ellipse(points);
    case "circle":
      return circle(mark);
    case "rectangle":
      return rectangle(points);
    case "polygon":
    case "freehand":
      return closed(points);
    case "probe":
      return [{ type: "POINT", points }];
    case "text":
      return [];
    // Neither has a shape of its own here: contours of a volume are marks, what others drew is in their objects.
    case "volume":
    case "graphic":
      return null;
  }
}

export function savedAnnotation(mark: Mark): SavedAnnotation | null {
  const graphics = graphicsOf(mark);
  const place = mark.label ?? mark.points.at(-1);
  if (mark.hidden || !graphics || !place) return null;
  const { sopInstanceUID, frameNumber } = mark;
  return {
    mark: mark.uid,
    sopInstanceUID,
    frameNumber,
    graphics,
    text: labelLines(mark).join("\r\n"),
    place,
  };
}
