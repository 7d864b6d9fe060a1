/** Panels at the right: attributes, image information, histogram, and what extensions bring. */
import { date, number, personName, time } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { Icon } from "../ui/icons.tsx";
import type { Child } from "../ui/jsx-runtime.ts";
import { computed, effect, onCleanup, signal } from "../ui/signal.ts";
import { type Histogram, histogramOf } from "./histogram.ts";
import type { Pane } from "./pane.ts";
import { StructuresPanel } from "./structures-panel.tsx";
import { TagTable } from "./tag-table.tsx";
import type { ViewerContext } from "./viewer-context.ts";

export function SidePanel(props: { context: ViewerContext }) {
  const { context } = props;
  const pane = context.workspace.active;
  const close = () => context.panel.set(null);
  return (): Child => {
    const name = context.panel();
    if (name === "tags") return <TagTable api={context.app.api} pane={pane()} onClose={close} />;
    if (name === "info") return framed(t("command.info"), close, <ImageInformation pane={pane()} />);
    if (name === "structures") {
      return framed(t("command.structures"), close, <StructuresPanel context={context} />);
    }
    if (name === "histogram") return framed(t("command.histogram"), close, <HistogramView pane={pane()} />);
    return null;
  };
}

/** Panels of extensions open and close by themselves. */
export function ExtensionPanels(props: { context: ViewerContext }): Child {
  return props.context.extensions.map(({ panel }) =>
    panel && (() => panel.open() && framed(panel.title, () => panel.open.set(false), panel.body()))
  );
}

function framed(title: string, close: () => void, body: Child): Child {
  return (
    <section class="tag-panel side-panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <button type="button" class="icon-button" aria-label={t("action.close")} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div class="panel-body">{body}</div>
    </section>
  );
}

const spacingKeys: Readonly<Record<string, string>> = {
  pixelSpacing: "spacing.pixelSpacing",
  pixelSpacingCalibrated: "spacing.pixelSpacingCalibrated",
  imagerSpacing: "spacing.imagerSpacing",
  imagerSpacingCorrected: "spacing.imagerSpacingCorrected",
  nominalScanned: "spacing.nominalScanned",
  none: "spacing.none",
};

function ImageInformation(props: { pane: Pane }) {
  const rows = computed(() => informationOf(props.pane));
  return (
    <dl class="fact-list">
      {() => rows().map(([name, value]) => [<dt>{name}</dt>, <dd>{value}</dd>])}
    </dl>
  );
}

function informationOf(pane: Pane): [string, string][] {
  const [place, frame] = [pane.place(), pane.frame()];
  if (!place || !frame) return [];
  const { study } = place.study;
  const { stack, display, instance } = frame;
  const vector = (values: readonly number[] | null) =>
    values ? values.map((each) => number(each, 2)).join("  ") : "";
  const spacing = stack.spacing ? `${number(stack.spacing[0], 4)} × ${number(stack.spacing[1], 4)} mm` : "";
  const rows: [string, string][] = [
    [t("column.name"), personName(study.patientName).primary],
    [t("column.id"), study.patientID],
    [t("column.date"), `${date(study.studyDate)} ${time(study.studyTime)}`],
    [t("column.description"), study.studyDescription],
    [t("info.series"), `${place.series.seriesNumber ?? ""} ${place.series.seriesDescription}`.trim()],
    [t("info.frame"), `${frame.frameNumber} / ${instance.numberOfFrames}`],
    [t("info.size"), `${stack.columns} × ${stack.rows}`],
    [t("info.bits"), `${stack.bitsStored} / ${stack.bitsAllocated}`],
    [t("info.photometric"), stack.photometric],
    [t("info.spacing"), spacing],
    [t("info.spacingSource"), t(spacingKeys[stack.spacingSource] ?? "spacing.none")],
    [t("info.thickness"), stack.sliceThickness === null ? "" : `${number(stack.sliceThickness, 2)} mm`],
    [t("info.position"), vector(frame.position)],
    [t("info.orientation"), vector(stack.orientation)],
    [
      t("info.rescale"),
      `${number(display.slope, 6)} · x + ${number(display.intercept, 6)} ${display.rescaleType}`,
    ],
    [t("info.windows"), display.windows.map((each) => windowText(each)).join("; ")],
    [t("info.lossy"), instance.attributes.lossy ? t("fidelity.lossy") : t("info.no")],
    ["SOP Instance UID", instance.sopInstanceUID],
  ];
  return rows.filter(([, value]) => value !== "");
}

function windowText(window: { center: number; width: number; explanation: string }): string {
  return `${
    t("viewer.window", { width: number(window.width), center: number(window.center) })
  } ${window.explanation}`
    .trim();
}

function HistogramView(props: { pane: Pane }) {
  const { pane } = props;
  const histogram = signal<Histogram | null>(null);
  effect(() => {
    const frame = pane.fullResolution() && !pane.reformat() ? pane.frame() : null;
    const images = pane.images();
    let current = true;
    onCleanup(() => current = false);
    if (!frame || !images || frame.stack.samplesPerPixel !== 1) return histogram.set(null);
    const { columns, rows } = frame.stack;
    images.samples(frame.index, { x: 0, y: 0, width: columns, height: rows }).then((block) => {
      if (current) histogram.set(histogramOf(block.values, frame.display));
    }, () => {
      if (current) histogram.set(null);
    });
  });
  return () => {
    const shown = histogram();
    if (!shown) return <p class="panel-note">{t("histogram.none")}</p>;
    const unit = pane.frame()?.display.rescaleType ?? "";
    return (
      <>
        <svg class="histogram" viewBox="0 0 256 100" role="img" aria-label={t("command.histogram")}>
          {shown.bars.map((share, index) => (
            <rect x={index} y={100 - share * 100} width="1" height={share * 100} />
          ))}
          {() => windowBox(pane, shown)}
        </svg>
        <dl class="fact-list">
          {facts(shown).map(([name, value]) => [<dt>{name}</dt>, <dd>{`${value} ${unit}`}</dd>])}
        </dl>
      </>
    );
  };
}

function windowBox(pane: Pane, histogram: Histogram): Child {
  const window = pane.effectiveWindow();
  const span = histogram.maximum - histogram.minimum;
  if (!window || span <= 0) return null;
  const at = (value: number) => Math.min(256, Math.max(0, ((value - histogram.minimum) / span) * 256));
  const [left, right] = [at(window.center - window.width / 2), at(window.center + window.width / 2)];
  return <rect class="histogram-window" x={left} y="0" width={Math.max(0.5, right - left)} height="100" />;
}

function facts(histogram: Histogram): [string, string][] {
  return [
    [t("histogram.minimum"), number(histogram.minimum, 2)],
    [t("histogram.maximum"), number(histogram.maximum, 2)],
    [t("histogram.mean"), number(histogram.mean, 2)],
    [t("histogram.deviation"), number(histogram.deviation, 2)],
  ];
}
