/** Marks on one viewport: ties pen, painter and the viewport together. */
import { t } from "../core/i18n.ts";
import { computed, effect, root, signal } from "../ui/signal.ts";
import type { Viewport, ViewportFrame, ViewportLayer, ViewportPointer } from "../viewer/viewport-api.ts";
import { calibrationAt } from "./calibration.ts";
import { type Drawing, shownPoints } from "./drawing.ts";
import { markTip, valueText } from "./labels.ts";
import { isOn, type Mark, type Value } from "./mark.ts";
import type { Measuring } from "./measuring.ts";
import { type Canvas, type Painted, Painter } from "./painter.ts";
import { markAspect, Pen } from "./pen.ts";
import type { MarkStore } from "./store.ts";

export interface MarksLayer extends ViewportLayer {
  readonly pen: Pen;
  readonly viewport: Viewport;
}

export function marksLayer(measuring: Measuring, viewport: Viewport): MarksLayer {
  const pen = new Pen(measuring, viewport);
  const painter = new Painter(viewport.layer, pen.labels);
  const hovering = signal<string | null>(null);
  const { end } = root(() => {
    effect(() => {
      viewport.redraw();
      const { width, height } = viewport.size();
      const canvas = { width, height, view: viewport.transform(), pixelRatio: viewport.pixelRatio() };
      painter.paint(paintedMarks(measuring, viewport), canvas satisfies Canvas);
    });
    effect(() => measuring.resumeOn(viewport.frame()));
  });
  const cursor = computed(() => {
    const tool = measuring.host.tool();
    if (!tool.startsWith("measure.")) return hovering();
    return viewport.refusal() === null ? "crosshair" : "not-allowed";
  });
  return {
    pen,
    viewport,
    cursor,
    pointerDown: (event) => pen.pointerDown(event),
    pointerMove: (event) => pen.pointerMove(event),
    pointerUp: (event) => pen.pointerUp(event),
    pointerCancel: () => pen.pointerCancel(),
    pointerHover(event: ViewportPointer) {
      const used = pen.pointerHover(event);
      hovering.set(used ? "pointer" : null);
      const mark = used ? pen.gripAt(event.screen, event.pointerType)?.mark : undefined;
      showTip(viewport, mark ? markTip(mark) : "");
      return used;
    },
    doubleClick: (event) => pen.doubleClick(event),
    contextCommands(event) {
      const grip = pen.gripAt(event.screen, event.pointerType);
      const frame = viewport.frame.peek();
      if (!grip || !frame) return [];
      measuring.storeFor(frame)?.selected.set(grip.mark.uid);
      return ["measure.edit", "measure.explain", "measure.hide", "measure.delete"];
    },
    end() {
      end();
      painter.end();
    },
  };
}

/** The browser's own tip: how the values under the pointer are computed. */
function showTip(viewport: Viewport, text: string): void {
  const place = viewport.layer.parentElement;
  if (!place || place.title === text) return;
  if (text === "") place.removeAttribute("title");
  else place.title = text;
}

function paintedMarks(measuring: Measuring, viewport: Viewport): Painted[] {
  const frame = viewport.frame();
  const store = frame && measuring.storeFor(frame);
  const drawing = measuring.drawing();
  if (!frame || !store || !viewport.marksVisible() || measuring.hiddenAll()) return [];
  const volumes = store.sorted().filter((each) => each.kind === "volume" && !each.hidden);
  const all = store.on(frame).filter((each) => !each.hidden).map((mark): Painted => ({
    mark,
    aspect: markAspect(mark, frame),
    own: store.isOwn(mark),
    selected: store.selected() === mark.uid,
    hovered: store.hovered() === mark.uid,
    more: volumes.filter((each) => each.members.includes(mark.uid)).flatMap(volumeLines),
  }));
  return drawing && isOn(drawing.frame, frame)
    ? [...all, paintedDrawing(drawing, frame, measuring, store)]
    : all;
}

function volumeLines(volume: Mark): string[] {
  return volume.values.map((value: Value) =>
    t("measure.volumeLine", { n: String(volume.number), value: valueText(value) })
  );
}

/** The drawing as the mark it would be, with its value while the hand moves. */
function paintedDrawing(
  drawing: Drawing,
  frame: ViewportFrame,
  measuring: Measuring,
  store: MarkStore,
): Painted {
  const points = shownPoints(drawing);
  const mark: Mark = {
    uid: "drawing",
    kind: drawing.kind,
    number: 0,
    seriesInstanceUID: frame.seriesInstanceUID,
    sopClassUID: frame.sopClassUID,
    sopInstanceUID: frame.sopInstanceUID,
    frameNumber: frame.frameNumber,
    frameOfReferenceUID: frame.frameOfReferenceUID,
    points,
    patientPoints: null,
    label: null,
    text: "",
    values: [],
    calibration: calibrationAt(frame, points, true, store.own()),
    anchorUncertainty: drawing.anchorUncertainty,
    members: [],
    hidden: false,
    author: store.author,
    created: "",
    modified: "",
    tool: { name: "", version: "" },
  };
  const complete = previewable(drawing, points.length);
  return {
    mark: complete ? measuring.valuation.measured(mark, frame) : mark,
    aspect: markAspect(mark, frame),
    own: true,
    selected: true,
    hovered: false,
    more: [],
  };
}

/** A value can be told from so many points on. */
const pointsForValue: Partial<Record<Mark["kind"], number>> = {
  length: 2,
  polyline: 2,
  curve: 2,
  angle: 3,
  cobb: 4,
  ratio: 4,
  ellipse: 4,
  circle: 2,
  rectangle: 2,
  polygon: 3,
};

function previewable(drawing: Drawing, count: number): boolean {
  const needed = pointsForValue[drawing.kind];
  return needed !== undefined && count >= needed;
}
