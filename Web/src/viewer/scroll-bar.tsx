/** The stack's scroll bar: where one is, what is loaded, what could not be. */
import { t } from "../core/i18n.ts";
import { effect, onCleanup, signal } from "../ui/signal.ts";
import type { ViewerSession } from "./session.ts";

const thumbMinimumPixels = 14;

export function StackScrollBar(props: { session: ViewerSession }) {
  const { session } = props;
  const height = signal(1);
  let bar: HTMLElement;
  const seek = (event: PointerEvent) => {
    const box = bar.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientY - box.top) / box.height, 0), 0.9999);
    session.playing.set(false);
    session.goTo(Math.floor(share * session.count.peek()));
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
      aria-valuemax={() => String(Math.max(1, session.count()))}
      aria-valuenow={() => String(session.index() + 1)}
      aria-valuetext={() => t("viewer.image", { n: session.index() + 1, count: session.count() })}
      hidden={() => session.count() < 2}
      ref={attach}
      onPointerDown={(event) => {
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
        ref={(canvas) => paintBands(canvas, session, height)}
      >
      </canvas>
      <span
        class="stack-thumb"
        style={() => {
          const count = Math.max(1, session.count());
          const thumb = Math.max(thumbMinimumPixels, height() / count);
          const top = count === 1 ? 0 : (session.index() / (count - 1)) * (height() - thumb);
          return { height: `${thumb}px`, transform: `translateY(${top}px)` };
        }}
      >
      </span>
    </div>
  );
}

function paintBands(canvas: HTMLCanvasElement, session: ViewerSession, height: () => number): void {
  const style = getComputedStyle(document.documentElement);
  const loadedColor = style.getPropertyValue("--band-loaded") || "#3c6f8f";
  const failedColor = style.getPropertyValue("--band-failed") || "#c25b4e";
  effect(() => {
    const count = Math.max(1, session.count());
    canvas.height = Math.max(1, height());
    const context = canvas.getContext("2d");
    if (!context) return;
    const step = canvas.height / count;
    const fill = (index: number) => context.fillRect(0, index * step, 1, Math.max(step, 1));
    context.fillStyle = loadedColor;
    for (const index of session.loaded()) fill(index);
    context.fillStyle = failedColor;
    for (const index of session.failures().keys()) fill(index);
  });
}
