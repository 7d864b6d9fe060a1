/** The text over a picture: whose it is, which one, how it is shown, and what is not as it should be. */
import { sexName } from "../app/studies/columns.tsx";
import { ageInYears, date, number, personName, time } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { directionLetters, type EdgeLetters, edgeLetters, noLetters } from "../imaging/orientation.ts";
import { Icon } from "../ui/icons.tsx";
import type { Child } from "../ui/jsx-runtime.ts";
import { computed } from "../ui/signal.ts";
import { trueSizeProblems } from "./display-check.ts";
import type { Pane } from "./pane.ts";
import { planeFidelity, planeName, planePosition, volumeLine } from "./plane-texts.ts";
import { kindNames } from "./documents/kinds.ts";
import { openFidelity } from "./fidelity-dialog.tsx";
import type { ViewerContext } from "./viewer-context.ts";
import { statusParts } from "./status-line.ts";
import { baseScale, screenAxes } from "./view.ts";
import type { OpenStudy } from "./open-studies.ts";

/** The text alternative of the canvas. */
export function canvasDescription(pane: Pane): string {
  const series = pane.place()?.series;
  if (!series) return t("viewer.canvas.empty");
  const document = pane.document();
  if (document) return `${t(kindNames[document.kind])} ${series.modality} ${series.seriesDescription}`.trim();
  const reformat = pane.reformat();
  return t("viewer.canvas", {
    modality: series.modality,
    series: reformat ? `${series.seriesDescription} ${planeName(reformat)}` : series.seriesDescription,
    n: pane.index() + 1,
    count: pane.count(),
  });
}

function openStudyOf(context: ViewerContext, pane: Pane): OpenStudy | undefined {
  const uid = pane.place()?.study.study.studyInstanceUID;
  return uid === undefined ? undefined : context.workspace.study(uid);
}

/** Patient and exam above each view as soon as there is anything to confuse; no text state hides it. */
export function ExamStrip(props: { context: ViewerContext; pane: Pane }) {
  const { context, pane } = props;
  const open = computed(() => openStudyOf(context, pane));
  const needed = () =>
    open() !== undefined &&
    (context.workspace.studies().length > 1 || context.workspace.visible().length > 1);
  return () => {
    const shown = open();
    if (!needed() || !shown) return null;
    const { study } = shown.manifest;
    return (
      <header class={`exam-strip exam-${shown.color}`} title={identity(shown)}>
        <span class="exam-letter">{shown.letter}</span>
        <span class="exam-name">{personName(study.patientName).primary || t("study.noName")}</span>
        <span>{study.patientID}</span>
        <span class="exam-date">{`${date(study.studyDate)} ${time(study.studyTime)}`}</span>
        <span class="exam-text">{study.studyDescription}</span>
        {shown.prior !== null && context.workspace.studies().length > 1 && (
          <span class="exam-prior">
            {shown.prior === 0 ? t("viewer.current") : t("viewer.prior", { n: shown.prior })}
          </span>
        )}
      </header>
    );
  };
}

function identity({ manifest: { study } }: OpenStudy): string {
  const name = personName(study.patientName);
  return [name.primary, name.secondary, study.patientID, date(study.studyDate), study.studyDescription]
    .filter((each) => each !== "").join("  ");
}

export function Corners(props: { context: ViewerContext; pane: Pane }) {
  const { context, pane } = props;
  const study = () => pane.place()?.study.study;
  const series = () => pane.place()?.series;
  const letters = computed(() => edgesOf(pane));
  const state = context.overlay;
  const full = () => state() === "all";
  const line = (text: () => string) => <div title={text}>{text}</div>;
  const seriesText = () => {
    const shown = series();
    if (!shown) return "";
    const label = shown.seriesNumber === null
      ? ""
      : t("viewer.seriesNumber", { n: String(shown.seriesNumber) });
    return `${shown.modality} ${label} ${projection(pane)}`.trim();
  };
  return (
    <div class="overlay" hidden={() => pane.stage() !== "images"}>
      <div class="corner corner-top-left" hidden={() => state() === "none"}>
        <div class="corner-name">{() => personName(study()?.patientName ?? "").primary}</div>
        {line(() => (full() ? personName(study()?.patientName ?? "").secondary : ""))}
        {line(() => study()?.patientID ?? "")}
        {line(() => (full() ? personLine(pane) : ""))}
      </div>
      <div class="corner corner-top-right" hidden={() => !full()}>
        {line(() => `${date(study()?.studyDate ?? "")} ${time(study()?.studyTime ?? "")}`)}
        {line(() => study()?.studyDescription ?? "")}
        {line(seriesText)}
        {line(() => series()?.seriesDescription ?? "")}
      </div>
      <div class="corner corner-bottom-left" hidden={() => state() === "none"}>
        <div class="corner-count">
          {() => countLine(pane)}
        </div>
        <div hidden={() => !full()}>{() => positionLine(pane)}</div>
        <div hidden={() => !full()}>{() => thicknessLine(pane)}</div>
        <div class="corner-note">{() => loadLine(pane)}</div>
      </div>
      <div class="corner corner-bottom-right">
        <div hidden={() => state() === "none"}>{() => windowLine(pane)}</div>
        <div hidden={() => !full()}>{() => zoomLine(pane)}</div>
        <div class="status-line">{() => statusParts(context, pane).join(" · ")}</div>
      </div>
      <div class="edge edge-left" aria-hidden="true">{() => letters().left}</div>
      <div class="edge edge-right" aria-hidden="true">{() => letters().right}</div>
      <div class="edge edge-top" aria-hidden="true">{() => letters().top}</div>
      <div class="edge edge-bottom" aria-hidden="true">{() => letters().bottom}</div>
    </div>
  );
}

const opposites: Readonly<Record<string, string>> = { L: "R", R: "L", A: "P", P: "A", H: "F", F: "H" };
const opposite = (letters: string) => [...letters].map((each) => opposites[each] ?? "").join("");

/** Side and projection of a radiograph, as `R CC`. */
function projection(pane: Pane): string {
  const attributes = pane.frame()?.instance.attributes;
  if (!attributes?.viewPosition) return "";
  return `${attributes.laterality} ${attributes.viewPosition}`.trim();
}

/** Which side of the patient lies at each edge of the screen, however the picture is turned. */
function edgesOf(pane: Pane): EdgeLetters {
  const frame = pane.shownFrame();
  if (!frame) return noLetters;
  const { right, down } = screenAxes(pane.appearance().view);
  const { orientation } = frame.stack;
  if (orientation?.length === 6) {
    const along = (direction: { x: number; y: number }) =>
      [0, 1, 2].map((axis) =>
        direction.x * (orientation[axis] ?? 0) + direction.y * (orientation[axis + 3] ?? 0)
      );
    const [toRight, toBottom] = [directionLetters(along(right)), directionLetters(along(down))];
    return { right: toRight, left: opposite(toRight), bottom: toBottom, top: opposite(toBottom) };
  }
  const image = edgeLetters(null, frame.instance.attributes.patientOrientation);
  const towards = ({ x, y }: { x: number; y: number }) => {
    // Letters without direction cosines cannot be mixed: between two sides nothing is claimed.
    if (Math.abs(x) > 0.9) return x > 0 ? image.right : image.left;
    return Math.abs(y) > 0.9 ? (y > 0 ? image.bottom : image.top) : "";
  };
  const reverse = ({ x, y }: { x: number; y: number }) => ({ x: -x, y: -y });
  return {
    right: towards(right),
    left: towards(reverse(right)),
    bottom: towards(down),
    top: towards(reverse(down)),
  };
}

function personLine(pane: Pane): string {
  const study = pane.place()?.study.study;
  if (!study) return "";
  const age = ageInYears(study.patientBirthDate, study.studyDate);
  const parts = [
    sexName(study.patientSex),
    date(study.patientBirthDate),
    age === null ? "" : t("viewer.age", { n: age }),
  ];
  return parts.filter((each) => each !== "").join("  ");
}

function countLine(pane: Pane): string {
  const place = { n: pane.index() + 1, count: pane.count() };
  return pane.reformat() ? t("planes.plane", place) : t("viewer.image", place);
}

function positionLine(pane: Pane): string {
  if (pane.reformat()) return planePosition(pane);
  const z = pane.frame()?.position?.[2];
  return z === undefined ? "" : t("viewer.position", { z: number(z, 1) });
}

function thicknessLine(pane: Pane): string {
  const thickness = pane.frame()?.stack.sliceThickness ?? null;
  return thickness === null ? "" : t("viewer.thickness", { n: number(thickness, 2) });
}

function loadLine(pane: Pane): string {
  const picture = pane.picture();
  if (pane.reformat()) return volumeLine(pane);
  if (picture && !pane.exact() && pane.failure() === null) {
    return t("viewer.nearest", { n: picture.shown + 1 });
  }
  const [loaded, count] = [pane.loadedCount(), pane.count()];
  return loaded < count ? t("viewer.loading", { n: loaded, count }) : "";
}

function windowLine(pane: Pane): string {
  const picture = pane.picture();
  if (!picture) return "";
  const window = pane.effectiveWindow();
  return window === null
    ? ""
    : t("viewer.window", { width: number(window.width), center: number(window.center) });
}

function zoomLine(pane: Pane): string {
  const stage = pane.stageSize();
  if (!stage) return "";
  const { view } = pane.appearance();
  return t("viewer.zoom", { percent: number(baseScale(view, stage) * view.zoom * 100) });
}

/** Shown only where the picture is less than it could be; each opens the explanation. */
export function FidelityBadges(props: { context: ViewerContext; pane: Pane }) {
  const { context, pane } = props;
  const badges = computed(() => fidelity(context, pane));
  return () => {
    if (pane.stage() !== "images") return null;
    return (
      <div class="fidelity">
        {badges().map((each) => badge(context, pane, each))}
      </div>
    );
  };
}

export interface Fidelity {
  kind:
    | "planes"
    | "gaps"
    | "slices"
    | "nearest"
    | "preview"
    | "lossy"
    | "waiting"
    | "trueSize"
    | "nonDiagnostic"
    | "grey";
  label: string;
  detail: string;
}

export function fidelity(context: ViewerContext, pane: Pane): Fidelity[] {
  const found: Fidelity[] = [];
  const picture = pane.picture();
  const frame = pane.shownFrame();
  const planes = planeFidelity(pane);
  found.push(...planes);
  if (picture && !pane.exact() && pane.failure() === null && planes.length === 0) {
    found.push({
      kind: "nearest",
      label: t("fidelity.nearest", { n: picture.shown + 1 }),
      detail: t("fidelity.nearest.detail"),
    });
  }
  if (picture && picture.level > 0 && planes.length === 0) {
    const receiving = pane.images()?.receiving() ?? null;
    const percent = receiving?.frame === picture.shown ? receiving.percent : 0;
    found.push({
      kind: "preview",
      label: t("fidelity.preview", { n: 2 ** picture.level, percent }),
      detail: t("fidelity.preview.detail"),
    });
  }
  if (pane.images()?.waiting()) {
    found.push({ kind: "waiting", label: t("fidelity.waiting"), detail: t("fidelity.waiting.detail") });
  }
  if (frame?.instance.attributes.lossy) found.push(lossy(frame.instance.attributes));
  if (losesColor(context, pane)) {
    found.push({ kind: "grey", label: t("grey.badge"), detail: t("grey.detail") });
  }
  const trueSize = trueSizeFidelity(context, pane);
  if (trueSize) found.push(trueSize);
  if (context.nonDiagnostic) {
    found.push({
      kind: "nonDiagnostic",
      label: t("fidelity.nonDiagnostic"),
      detail: t("fidelity.nonDiagnostic.detail"),
    });
  }
  return found;
}

/** A picture in colour on a screen without any (YY/T 1861 4.5.21). */
export function losesColor(context: ViewerContext, pane: Pane): boolean {
  if (!context.screens.facts().monochrome) return false;
  const stack = pane.frame()?.stack;
  return stack !== undefined &&
    (stack.samplesPerPixel > 1 || stack.photometric === "PALETTE COLOR" ||
      Boolean(pane.settings().colorMap) ||
      Boolean(pane.state()?.blending));
}

function lossy(attributes: { lossyRatio: readonly number[]; lossyMethod: readonly string[] }): Fidelity {
  const [ratio] = attributes.lossyRatio;
  const label = ratio === undefined ? t("fidelity.lossy") : t("fidelity.lossyRatio", { n: number(ratio, 1) });
  const method = attributes.lossyMethod.join(", ");
  return { kind: "lossy", label, detail: `${t("fidelity.lossy.detail")} ${method}`.trim() };
}

const trueSizeKeys = {
  uncalibrated: "fidelity.trueSize.uncalibrated",
  noSpacing: "fidelity.trueSize.noSpacing",
  detectorSpacing: "fidelity.trueSize.detectorSpacing",
  zoomed: "fidelity.trueSize.zoomed",
  pinch: "fidelity.trueSize.pinch",
} as const;

/** While life size is asked for: that it is not, and why. */
function trueSizeFidelity(context: ViewerContext, pane: Pane): Fidelity | null {
  const frame = pane.frame();
  const { view } = pane.appearance();
  if (view.mode !== "trueSize" || !frame) return null;
  const problems = trueSizeProblems({
    pixelsPerMM: context.screens.pixelsPerMM(),
    spacing: frame.stack.spacing !== null,
    spacingSource: frame.stack.spacingSource,
    zoom: view.zoom,
    pinch: context.screens.facts().pinch,
  });
  if (problems.length === 0) return null;
  const detail = problems.map((each) => t(trueSizeKeys[each])).join(" ");
  return { kind: "trueSize", label: t("fidelity.notTrueSize"), detail };
}

function badge(context: ViewerContext, pane: Pane, each: Fidelity): Child {
  return (
    <button
      type="button"
      class={`fidelity-badge fidelity-${each.kind}`}
      title={each.detail}
      onPointerDown={(event) => event.stopPropagation()}
      onClick={() => openFidelity(context, pane)}
    >
      <Icon name={each.kind === "planes" ? "planes" : "warning"} />
      {each.label}
    </button>
  );
}
