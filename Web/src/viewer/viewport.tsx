/** One viewport: the picture on a canvas, and around it the text that says what and whose it is. */
import { explain } from "../core/errors.ts";
import { ageInYears, date, number, personName, time } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { APIError } from "../core/api.ts";
import { edgeLetters, noLetters, turned } from "../imaging/orientation.ts";
import { sexName } from "../app/studies/columns.tsx";
import { Icon } from "../ui/icons.tsx";
import type { Child } from "../ui/jsx-runtime.ts";
import { computed, effect, onCleanup, type ReadSignal, signal } from "../ui/signal.ts";
import { attachGestures, type Tool } from "./gestures.ts";
import type { ViewerSession } from "./session.ts";
import { drawMatrix, fitScale, type Size } from "./view.ts";

export type OverlayText = "all" | "minimal";

export function Viewport(props: { session: ViewerSession; tool: () => Tool; overlay: () => OverlayText }) {
  const { session } = props;
  const size = signal<Size>({ width: 1, height: 1 });
  const paint = (canvas: HTMLCanvasElement) => {
    const context = canvas.getContext("2d", { alpha: false });
    let scheduled = 0;
    effect(() => {
      session.picture();
      session.view();
      session.index();
      session.failures();
      size();
      // One drawing per screen refresh, however many changes come before it.
      if (scheduled === 0) {
        scheduled = requestAnimationFrame(() => {
          scheduled = 0;
          if (context) draw(context, canvas, session, size.peek());
        });
      }
    });
    onCleanup(() => cancelAnimationFrame(scheduled));
  };
  const attach = (element: HTMLElement) => {
    const observer = new ResizeObserver(() =>
      size.set({ width: element.clientWidth, height: element.clientHeight })
    );
    observer.observe(element);
    onCleanup(() => observer.disconnect());
    attachGestures(element, session, props.tool);
  };
  return (
    <div
      class="viewport"
      ref={attach}
      data-stage={session.stage}
      data-index={session.index}
      data-shown={() => String(session.picture()?.shown ?? -1)}
      data-exact={() => String(session.exact())}
      data-tool={() => props.tool()}
      data-loaded={() => String(session.loaded().size)}
    >
      <canvas class="viewport-canvas" role="img" aria-label={() => description(session)} ref={paint}></canvas>
      <Overlays session={session} size={size} overlay={props.overlay} />
      <Notice session={session} />
    </div>
  );
}

function draw(
  context: CanvasRenderingContext2D,
  canvas: HTMLCanvasElement,
  session: ViewerSession,
  size: Size,
): void {
  const ratio = globalThis.devicePixelRatio || 1;
  const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "black";
  context.fillRect(0, 0, width, height);
  const picture = session.picture.peek();
  // In the place of a frame that cannot be shown stands nothing, least of all the one before.
  if (!picture || session.failures.peek().has(session.index.peek())) return;
  const view = session.view.peek();
  const scaled = { ...view, panX: view.panX * ratio, panY: view.panY * ratio };
  const aspect = session.frames.peek()[picture.shown]?.pixelAspect ?? 1;
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = drawMatrix(scaled, picture.bitmap, aspect, {
    width,
    height,
  });
  context.setTransform(a, b, c, d, e, f);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture.bitmap, 0, 0);
  canvas.dataset.painted = String(Number(canvas.dataset.painted ?? "0") + 1);
}

/** The text alternative of the canvas. */
function description(session: ViewerSession): string {
  const series = session.series();
  if (session.stage() !== "images" || !series) return t("viewer.canvas.empty");
  return t("viewer.canvas", {
    modality: series.modality,
    series: series.seriesDescription,
    n: session.index() + 1,
    count: session.count(),
  });
}

function Overlays(props: { session: ViewerSession; size: ReadSignal<Size>; overlay: () => OverlayText }) {
  const { session } = props;
  const study = () => session.detail()?.study;
  const letters = computed(() => {
    const frame = session.frame();
    return frame && session.picture()
      ? turned(edgeLetters(frame.orientation, frame.patientOrientation), session.view())
      : noLetters;
  });
  const full = () => props.overlay() === "all";
  const line = (text: () => string) => <div>{text}</div>;
  const seriesText = () => {
    const series = session.series();
    if (!series) return "";
    const label = series.seriesNumber === null
      ? ""
      : t("viewer.seriesNumber", { n: String(series.seriesNumber) });
    return `${series.modality} ${label}`;
  };
  return (
    <div class="overlay">
      <div class="corner corner-top-left">
        <div class="corner-name">{() => personName(study()?.patientName ?? "").primary}</div>
        {line(() => personName(study()?.patientName ?? "").secondary)}
        {line(() => study()?.patientID ?? "")}
        {line(() => personLine(session))}
      </div>
      <div class="corner corner-top-right" hidden={() => !full()}>
        {line(() => `${date(study()?.studyDate ?? "")} ${time(study()?.studyTime ?? "")}`)}
        {line(() => study()?.studyDescription ?? "")}
        {line(seriesText)}
        {line(() => session.series()?.seriesDescription ?? "")}
      </div>
      <div class="corner corner-bottom-left">
        <div class="corner-count">
          {() =>
            session.stage() === "images"
              ? t("viewer.image", { n: session.index() + 1, count: session.count() })
              : ""}
        </div>
        <div hidden={() => !full()}>{() => positionLine(session)}</div>
        <div class="corner-note">{() => loadLine(session)}</div>
      </div>
      <div class="corner corner-bottom-right" hidden={() => !full()}>
        {line(() => windowLine(session))}
        {line(() => zoomLine(session, props.size()))}
        {line(() => turnLine(session))}
      </div>
      <div class="edge edge-left" aria-hidden="true">{() => letters().left}</div>
      <div class="edge edge-right" aria-hidden="true">{() => letters().right}</div>
      <div class="edge edge-top" aria-hidden="true">{() => letters().top}</div>
      <div class="edge edge-bottom" aria-hidden="true">{() => letters().bottom}</div>
    </div>
  );
}

function personLine(session: ViewerSession): string {
  const study = session.detail()?.study;
  if (!study) return "";
  const age = ageInYears(study.patientBirthDate, study.studyDate);
  const parts = [
    sexName(study.patientSex),
    date(study.patientBirthDate),
    age === null ? "" : t("viewer.age", { n: age }),
  ];
  return parts.filter((each) => each !== "").join("  ");
}

function positionLine(session: ViewerSession): string {
  const position = session.frame()?.position;
  const z = position?.[2];
  return z === undefined ? "" : t("viewer.position", { z: number(z, 1) });
}

function loadLine(session: ViewerSession): string {
  if (session.stage() !== "images") return "";
  const picture = session.picture();
  if (picture && picture.shown !== session.index() && !session.failures().has(session.index())) {
    return t("viewer.nearest", { n: picture.shown + 1 });
  }
  const loaded = session.loaded().size;
  return loaded < session.count() ? t("viewer.loading", { n: loaded, count: session.count() }) : "";
}

function windowLine(session: ViewerSession): string {
  const picture = session.picture();
  if (!picture) return "";
  if (picture.rendered) return t("viewer.rendered");
  const window = session.effectiveWindow() ?? picture.window;
  return t("viewer.window", { width: number(window.width), center: number(window.center) });
}

function zoomLine(session: ViewerSession, size: Size): string {
  const picture = session.picture();
  if (!picture) return "";
  const view = session.view();
  const aspect = session.frame()?.pixelAspect ?? 1;
  const image = { width: picture.bitmap.width, height: picture.bitmap.height * aspect };
  return t("viewer.zoom", { percent: number(fitScale(image, size, view.quarterTurns) * view.zoom * 100) });
}

function turnLine(session: ViewerSession): string {
  const view = session.view();
  const parts = [
    session.inverted() ? t("viewer.inverted") : "",
    view.flipHorizontal || view.flipVertical ? t("viewer.flipped") : "",
    view.quarterTurns % 4 !== 0 ? t("viewer.rotated", { n: (((view.quarterTurns % 4) + 4) % 4) * 90 }) : "",
  ];
  return parts.filter((each) => each !== "").join("  ");
}

/** What stands in the picture's place when there is none. */
function Notice(props: { session: ViewerSession }) {
  const { session } = props;
  const failure = computed(() => session.failures().get(session.index()));
  return (): Child => {
    const stage = session.stage();
    if (stage === "error") {
      const { message, remedy } = explain(session.error());
      return <Message role="alert" title={message} text={remedy} />;
    }
    if (stage === "loading") return <Message role="status" title={t("viewer.opening")} text="" />;
    const status = failure();
    if (stage === "images" && status !== undefined) {
      const { message, remedy } = explain(new APIError(status, "", "", ""));
      const text = status === 0 ? t("viewer.unreadable.remedy") : `${message} ${remedy}`;
      return <Message role="alert" title={t("viewer.unreadable", { n: session.index() + 1 })} text={text} />;
    }
    return null;
  };
}

function Message(props: { role: string; title: string; text: string }) {
  return (
    <div class="viewport-message" role={props.role}>
      {props.role === "alert" && <Icon name="warning" />}
      <strong>{props.title}</strong>
      {props.text !== "" && <p>{props.text}</p>}
    </div>
  );
}
