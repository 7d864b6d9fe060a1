/** One view on the page: the picture on a canvas, lines and marks over it, and the text that says what and whose it is. */
import { explainCode } from "../core/errors.ts";
import { t } from "../core/i18n.ts";
import { Icon } from "../ui/icons.tsx";
import type { Child } from "../ui/jsx-runtime.ts";
import { computed, effect, onCleanup, type ReadSignal, signal } from "../ui/signal.ts";
import { Lazy } from "../ui/lazy.tsx";
import { Trouble } from "../ui/trouble.tsx";
import { openContextMenu } from "./context-menu.ts";
import { dropSeries, hasSeries } from "./drag-series.ts";
import { noteSize } from "./expected-sizes.ts";
import { attachGestures } from "./gestures.ts";
import { aligned } from "./hang-study.ts";
import { LaidOverLayer } from "./laid-over.tsx";
import { Lines } from "./lines.tsx";
import { Magnifier } from "./magnifier.tsx";
import { canvasDescription, Corners, ExamStrip, FidelityBadges, losesColor } from "./overlays.tsx";
import type { Pane } from "./pane.ts";
import { planeLayer } from "./plane-lines.ts";
import { regionWindow } from "./region-window.ts";
import { StackScrollBar } from "./scroll-bar.tsx";
import { drawSuperimposed, overNow } from "./superimposed.ts";
import type { ViewerContext } from "./viewer-context.ts";
import { applied, inverse, type Size } from "./view.ts";
import type { Affine, Point, Viewport, ViewportFrame, ViewportLayer } from "./viewport-api.ts";
import type { Workspace } from "./workspace.ts";

const svgNamespace = "http://www.w3.org/2000/svg";

export function PaneView(props: { context: ViewerContext; pane: Pane; area?: () => Record<string, string> }) {
  const { context, pane } = props;
  const { workspace } = context;
  const layer = document.createElementNS(svgNamespace, "svg");
  layer.classList.add("marks-layer");
  layer.setAttribute("aria-hidden", "true");
  const viewport = viewportOf(context, pane, layer);
  const layers: ViewportLayer[] = [];
  const magnified = signal<Point | null>(null);
  const region = signal<readonly [Point, Point] | null>(null);
  const dropping = signal(false);

  const attach = (element: HTMLElement) => {
    followSize(element, workspace, pane, layer);
    attachGestures(element, {
      workspace,
      pane,
      tool: context.tool,
      mouse: context.mouse,
      finger: context.finger,
      layers: () => layers,
      magnify: magnified.set,
      region: (from, to, done) => {
        region.set(done ? null : [from, to]);
        if (done) void regionWindow(workspace, pane, from, to);
      },
      slab: (by) => context.planes.stepSlab(pane, by),
      openMenu: (event, pointer) => openContextMenu(context, pane, layers, event, pointer),
    });
    context.viewports.update((all) => [...all, viewport]);
    layers.push(planeLayer(context.planes, pane, () => workspace.referenceLines.peek()));
    layers.push(...context.extensions.map((each) => each.attach(viewport)));
    onCleanup(() => {
      for (const each of layers) each.end();
      context.viewports.update((all) => all.filter((each) => each !== viewport));
      pane.size.set({ width: 0, height: 0 });
    });
  };
  const cursor = computed(() => {
    for (const each of layers) {
      const wanted = each.cursor?.();
      if (wanted) return wanted;
    }
    return "";
  });
  effect(() => {
    const wanted = pane.align();
    if (wanted === null || !pane.stageSize()) return;
    // The size may be that of the layout before: it is put there again when another one comes.
    if (wanted.panX !== null && wanted.panX !== pane.appearance.peek().view.panX) return;
    const view = aligned(pane, wanted.side);
    wanted.panX = view.panX;
    pane.appearance.update((now) => ({ ...now, view }));
  });
  effect(() => {
    const isRefused = losesColor(context, pane) && !context.screens.greyAllowed();
    pane.withheld.set(isRefused ? t("grey.detail") : null);
  });
  const isActive = () => workspace.active() === pane && workspace.visible().length > 1;
  return (
    <section
      class={() => `pane${isActive() ? " pane-active" : ""}${dropping() ? " pane-drop" : ""}`}
      style={() => props.area?.() ?? {}}
      aria-label={() => canvasDescription(pane)}
      data-pane={pane.id}
      onDragOver={(event) => {
        if (!hasSeries(event)) return;
        event.preventDefault();
        dropping.set(true);
      }}
      onDragLeave={() => dropping.set(false)}
      onDrop={(event) => {
        dropping.set(false);
        void dropSeries(context, pane, event);
      }}
    >
      <ExamStrip context={context} pane={pane} />
      <div class="pane-body">
        <div
          class="viewport"
          ref={attach}
          style={() => ({ cursor: cursor() })}
          data-stage={pane.stage}
          data-index={pane.index}
          data-shown={() => String(pane.picture()?.shown ?? -1)}
          data-exact={() => String(pane.exact())}
          data-current={() => String(pane.current())}
          data-tool={() => context.tool()}
          data-loaded={() => String(pane.loadedCount())}
          data-full={() => String(pane.fullResolution())}
          data-plane={() => pane.reformat()?.axes.kind ?? ""}
        >
          <canvas
            class="viewport-canvas"
            role="img"
            aria-label={() => canvasDescription(pane)}
            ref={(canvas: HTMLCanvasElement) => paint(canvas, pane)}
          >
          </canvas>
          <LaidOverLayer context={context} pane={pane} />
          <Lines context={context} pane={pane} region={region} />
          {layer}
          <Corners context={context} pane={pane} />
          <FidelityBadges context={context} pane={pane} />
          <Magnifier pane={pane} at={magnified} />
          <Notice context={context} pane={pane} />
        </div>
        <StackScrollBar context={context} pane={pane} />
      </div>
    </section>
  );
}

/** The view's size in whole device pixels, so that the canvas shows its pixels one to one. */
function followSize(element: HTMLElement, workspace: Workspace, pane: Pane, layer: SVGSVGElement): void {
  const set = (size: Size) => {
    // From the size itself: where the browser counts device pixels otherwise than it says, pointer and marks still agree.
    const { clientWidth } = element;
    pane.pixelRatio.set(
      clientWidth > 0 && size.width > 0 ? size.width / clientWidth : globalThis.devicePixelRatio || 1,
    );
    const { width, height } = pane.size.peek();
    // The same as expected: nothing is asked for again.
    if (width !== size.width || height !== size.height) pane.size.set(size);
    noteSize(workspace, pane);
    layer.setAttribute("viewBox", `0 0 ${Math.max(1, size.width)} ${Math.max(1, size.height)}`);
  };
  const measured = (): Size => {
    const ratio = globalThis.devicePixelRatio || 1;
    return {
      width: Math.round(element.clientWidth * ratio),
      height: Math.round(element.clientHeight * ratio),
    };
  };
  // As soon as it stands on the page: the observer speaks a refresh later, and the first picture would wait for it.
  queueMicrotask(() => {
    if (element.isConnected && pane.size.peek().width === 0) set(measured());
  });
  const observer = new ResizeObserver(([entry]) => {
    const exact = entry?.devicePixelContentBoxSize?.[0];
    set(exact ? { width: exact.inlineSize, height: exact.blockSize } : measured());
  });
  try {
    observer.observe(element, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(element);
  }
  onCleanup(() => observer.disconnect());
}

function paint(canvas: HTMLCanvasElement, pane: Pane): void {
  const context = canvas.getContext("2d", { alpha: false });
  canvas.addEventListener("contextlost", () => pane.graphicsLost.set(true));
  // A new context is empty; the failure's end draws again.
  canvas.addEventListener("contextrestored", () => pane.graphicsLost.set(false));
  let scheduled = 0;
  effect(() => {
    pane.picture();
    pane.transform();
    pane.failure();
    pane.withheld();
    pane.superimposed();
    pane.size();
    // One drawing per screen refresh, however many changes come before it.
    if (scheduled === 0) {
      scheduled = requestAnimationFrame(() => {
        scheduled = 0;
        if (context) draw(context, canvas, pane);
      });
    }
  });
  onCleanup(() => cancelAnimationFrame(scheduled));
}

function draw(context: CanvasRenderingContext2D, canvas: HTMLCanvasElement, pane: Pane): void {
  const { width, height } = pane.size.peek();
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "black";
  context.fillRect(0, 0, width, height);
  const picture = pane.picture.peek();
  // In the place of a frame that cannot be shown stands nothing, least of all the one before.
  if (picture && pane.failure.peek() === null && pane.withheld.peek() === null) {
    const [a, b, c, d, e, f] = moved(picture.request.transform, pane.transform.peek());
    context.setTransform(a, b, c, d, e, f);
    context.drawImage(picture.bitmap, 0, 0);
    const over = pane.superimposed.peek();
    if (over) {
      const now = overNow(pane, over);
      drawSuperimposed(context, over, now, moved(over.picture.request.transform, now));
    }
  }
  canvas.dataset.painted = String(Number(canvas.dataset.painted ?? "0") + 1);
}

type Matrix = readonly [number, number, number, number, number, number];

/** Until the picture for the new place has come, the old one is moved there: the hand must not wait. */
function moved(drawn: Matrix, { a, b, c, d, e, f }: Affine): Matrix {
  if ([a, b, c, d, e, f].every((each, index) => each === drawn[index])) return [1, 0, 0, 1, 0, 0];
  const back = inverse({ a: drawn[0], b: drawn[1], c: drawn[2], d: drawn[3], e: drawn[4], f: drawn[5] });
  return [
    a * back.a + c * back.b,
    b * back.a + d * back.b,
    a * back.c + c * back.d,
    b * back.c + d * back.d,
    a * back.e + c * back.f + e,
    b * back.e + d * back.f + f,
  ];
}

function viewportOf(context: ViewerContext, pane: Pane, layer: SVGSVGElement): Viewport {
  const frame = computed((): ViewportFrame | null => {
    const info = pane.shownFrame();
    const place = pane.place();
    if (!info || !place || pane.failure() !== null || pane.reformat()) return null;
    const { stack, instance } = info;
    return {
      studyInstanceUID: place.study.study.studyInstanceUID,
      seriesInstanceUID: place.series.seriesInstanceUID,
      sopInstanceUID: instance.sopInstanceUID,
      sopClassUID: instance.sopClassUID,
      modality: place.series.modality,
      frameNumber: info.frameNumber,
      numberOfFrames: instance.numberOfFrames,
      index: info.index,
      columns: stack.columns,
      rows: stack.rows,
      spacing: {
        rowMM: stack.spacing?.[0] ?? null,
        columnMM: stack.spacing?.[1] ?? null,
        source: stack.spacingSource,
      },
      orientation: stack.orientation,
      position: info.position,
      frameOfReferenceUID: stack.frameOfReference,
      info,
      series: place.series,
    };
  });
  const redraw = redrawCounter(pane, frame);
  return {
    id: pane.id,
    frame,
    transform: pane.transform,
    size: pane.size,
    pixelRatio: pane.pixelRatio,
    fullResolution: pane.fullResolution,
    isPreview: pane.isPreview,
    marksVisible: computed(() => !context.marksHidden()),
    refusal: computed(() => pane.reformat() ? t("planes.noMarks") : null),
    layer,
    redraw,
    toScreen: (point) => applied(pane.transform.peek(), point),
    toImage: (point) => applied(inverse(pane.transform.peek()), point),
    samples(rectangle) {
      const [images, shown] = [pane.images.peek(), pane.shownFrame.peek()];
      if (!images || !shown) return Promise.reject({ code: "unreadable", message: "" });
      const { rows, columns } = shown.stack;
      return images.samples(shown.index, rectangle ?? { x: 0, y: 0, width: columns, height: rows });
    },
    goTo(sopInstanceUID, frameNumber) {
      const index = pane.frames.peek().findIndex((each) =>
        each.instance.sopInstanceUID === sopInstanceUID && each.frameNumber === frameNumber
      );
      if (index >= 0) context.workspace.goTo(pane, index);
      return index >= 0;
    },
  };
}

function redrawCounter(pane: Pane, frame: ReadSignal<unknown>): ReadSignal<number> {
  const count = signal(0);
  effect(() => {
    frame();
    pane.transform();
    pane.picture();
    pane.size();
    count.set(count.peek() + 1);
  });
  return count;
}

/** What is no picture is shown by scripts of their own. */
const documentView = () => import("./documents/document-view.tsx").then((all) => all.DocumentView);

/** What stands in the picture's place when there is none. */
function Notice(props: { context: ViewerContext; pane: Pane }) {
  const { context, pane } = props;
  return (): Child => {
    const stage = pane.stage();
    if (stage === "empty") {
      const none = context.workspace.studies().length === 0;
      return none ? null : <p class="pane-empty">{t("viewer.empty")}</p>;
    }
    if (stage === "noImages") return <Lazy load={documentView} given={{ context, pane }} />;
    const failure = pane.failure();
    if (failure) {
      return (
        <div class="viewport-message" role="alert">
          <Icon name="warning" />
          <strong>{t("viewer.unreadable", { n: pane.index() + 1 })}</strong>
          <p>
            <Trouble of={explainCode(failure.code, failure)} />
          </p>
        </div>
      );
    }
    const withheld = pane.withheld();
    if (withheld !== null) {
      return (
        <div class="viewport-message" role="alert">
          <Icon name="warning" />
          <strong>{t("grey.refused")}</strong>
          <p>{withheld}</p>
          <button
            type="button"
            class="button"
            onPointerDown={(event) => event.stopPropagation()}
            onClick={() => context.screens.greyAllowed.set(true)}
          >
            {t("grey.allow")}
          </button>
        </div>
      );
    }
    const refused = context.tool().startsWith("measure.") && pane.reformat();
    return refused ? <p class="pane-note" role="status">{t("planes.noMarks")}</p> : null;
  };
}
