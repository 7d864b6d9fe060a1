/** A stack's scroll bar: where one is, what is loaded or could not be, where key images are. */
import { t } from "../core/i18n.ts";
import { effect, onCleanup, signal } from "../ui/signal.ts";
import type { Pane } from "./pane.ts";
import type { ViewerContext } from "./viewer-context.ts";

const thumbMinimumPixels = 14;

export function StackScrollBar(props: { context: ViewerContext; pane: Pane }) {
  const { context, pane } = props;
  const height = signal(1);
  let bar: HTMLElement;
  const seek = (event: PointerEvent) => {
    const box = bar.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientY - box.top) / box.height, 0), 0.9999);
    pane.playing.set(false);
    context.workspace.goTo(pane, Math.floor(share * pane.steps.peek()), event.altKey);
  };
  const attach = (element: HTMLElement) => {
    bar = element;
    const observer = new ResizeObserver(() => height.set(element.clientHeight));
    observer.observe(element);
    onCleanup(() => observer.disconnect());
  };
  return (
    <div
      class="stack-bar"
      role="slider"
      tabindex="0"
      aria-orientation="vertical"
      aria-label={t("viewer.scrollBar")}
      aria-valuemin="1"
      aria-valuemax={() => String(Math.max(1, pane.steps()))}
      aria-valuenow={() => String(pane.index() + 1)}
      aria-valuetext={() => t("viewer.image", { n: pane.index() + 1, count: pane.steps() })}
      hidden={() => pane.steps() < 2}
      ref={attach}
      onFocusIn={() => context.workspace.activate(pane)}
      onPointerDown={(event) => {
        context.workspace.activate(pane);
        bar.setPointerCapture(event.pointerId);
        seek(event);
      }}
      onPointerMove={(event) => {
        if (bar.hasPointerCapture(event.pointerId)) seek(event);
      }}
    >
      <canvas
        class="stack-bands"
        width="1"
        aria-hidden="true"
        ref={(canvas: HTMLCanvasElement) => paintBands(canvas, context, pane, height)}
      >
      </canvas>
      <span
        class="stack-thumb"
        style={() => {
          const count = Math.max(1, pane.steps());
          const thumb = Math.max(thumbMinimumPixels, height() / count);
          const top = count === 1 ? 0 : (pane.index() / (count - 1)) * (height() - thumb);
          return { height: `${thumb}px`, transform: `translateY(${top}px)` };
        }}
      >
      </span>
    </div>
  );
}

function paintBands(
  canvas: HTMLCanvasElement,
  context: ViewerContext,
  pane: Pane,
  height: () => number,
): void {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string, otherwise: string) => style.getPropertyValue(name) || otherwise;
  const loadedColor = color("--band-loaded", "#3f7f8c");
  const previewColor = color("--band-preview", "#31525a");
  const failedColor = color("--band-failed", "#d2665b");
  const keyColor = color("--band-key", "#f0c36b");
  effect(() => {
    const count = Math.max(1, pane.steps());
    canvas.height = Math.max(1, height());
    const drawing = canvas.getContext("2d");
    const images = pane.images();
    if (!drawing || !images || pane.reformat()) return;
    const step = canvas.height / count;
    const fill = (index: number, style: string) => {
      drawing.fillStyle = style;
      drawing.fillRect(0, index * step, 1, Math.max(step, 1));
    };
    const loaded = images.loaded();
    for (let index = 0; index < count; index++) {
      const level = loaded.level(index);
      if (level >= 0) fill(index, level === 0 ? loadedColor : previewColor);
    }
    for (const index of images.failures().keys()) fill(index, failedColor);
    for (const index of context.keyImages.indices(pane)) fill(index, keyColor);
  });
}
