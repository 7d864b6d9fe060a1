/** An object that is no picture, in the place of one: as a document, and as its attributes. */
import { date, personName, time } from "../../core/format.ts";
import { explain } from "../../core/errors.ts";
import { t } from "../../core/i18n.ts";
import { storedSignal } from "../../core/stored.ts";
import { Icon } from "../../ui/icons.tsx";
import type { Child } from "../../ui/jsx-runtime.ts";
import { computed, signal } from "../../ui/signal.ts";
import { Trouble } from "../../ui/trouble.tsx";
import type { Pane } from "../pane.ts";
import { TagTable } from "../tag-table.tsx";
import type { ViewerContext } from "../viewer-context.ts";
import { AttachmentView } from "./attachment.tsx";
import { kindIcons, kindNames } from "./kinds.ts";
import { type DocumentObject, loaded, type ObjectText } from "./object-source.ts";
import { printCopy } from "./print.ts";
import { ReportView } from "./report.tsx";
import { SummaryView } from "./summary.tsx";
import { VideoView } from "./video.tsx";
import { WaveformView } from "./waveform.tsx";

const textSizes = { minimum: 0.8, maximum: 2.4, step: 0.2 } as const;
const isSize = (value: unknown): value is number =>
  typeof value === "number" && value >= textSizes.minimum && value <= textSizes.maximum;

export function DocumentView(props: { context: ViewerContext; pane: Pane }) {
  const { context, pane } = props;
  const showsTags = signal(false);
  const size = storedSignal("apus.documents.textSize", isSize, 1);
  const object = computed((): DocumentObject | null => {
    const [place, instance] = [pane.place(), pane.document()];
    return place && instance ? { place, instance } : null;
  });
  let body: HTMLElement;
  const resize = (by: number) =>
    size.update((now) =>
      Math.round(Math.min(Math.max(now + by, textSizes.minimum), textSizes.maximum) * 10) / 10
    );
  return (
    <div class="no-images">
      <header class="no-images-note">
        {() => <Icon name={kindIcons[object()?.instance.kind ?? "unknown"]} />}
        <div class="document-title" role="status">
          <strong>{() => t(kindNames[object()?.instance.kind ?? "unknown"])}</strong>
          <p>{() => object() && placeText(object() as DocumentObject)}</p>
        </div>
        <span class="grow"></span>
        <Stepper context={context} pane={pane} />
        <span class="document-tools">
          <button
            type="button"
            class="button"
            aria-label={t("document.smaller")}
            title={t("document.smaller")}
            onClick={() => resize(-textSizes.step)}
          >
            A−
          </button>
          <button
            type="button"
            class="button"
            aria-label={t("document.larger")}
            title={t("document.larger")}
            onClick={() => resize(textSizes.step)}
          >
            A+
          </button>
          <button
            type="button"
            class="button"
            hidden={() => printsItself(object())}
            onClick={() => printCopy(body)}
          >
            {t("document.print")}
          </button>
          <button
            type="button"
            class="button"
            aria-pressed={() => String(showsTags())}
            onClick={() => showsTags.update((now) => !now)}
          >
            {t("viewer.tags")}
          </button>
        </span>
      </header>
      <div
        class="document-body"
        role="region"
        aria-label={() => t(kindNames[object()?.instance.kind ?? "unknown"])}
        tabindex="0"
        style={() => ({ "--document-scale": String(size()) })}
        ref={(element: HTMLElement) => body = element}
        onKeyDown={keepScrollKeys}
      >
        {() => {
          const shown = object();
          if (!shown) return null;
          if (showsTags()) return <TagTable api={context.app.api} pane={pane} />;
          return <Loaded {...props} object={shown} />;
        }}
      </div>
    </div>
  );
}

/** A PDF is printed by its own viewer, a video is not printed. */
function printsItself(object: DocumentObject | null): boolean {
  const instance = object?.instance;
  return instance?.kind === "video" || instance?.attributes.mimeType.toLowerCase() === "application/pdf";
}

/** Keys that scroll a text do so while it can be scrolled; Page Up and Page Down go on to other series as everywhere. */
function keepScrollKeys(event: KeyboardEvent): void {
  const element = event.currentTarget as HTMLElement;
  const canScroll = element.scrollHeight > element.clientHeight;
  if (canScroll && ["ArrowUp", "ArrowDown", "Home", "End", " "].includes(event.key)) event.stopPropagation();
}

function placeText({ place, instance }: DocumentObject): string {
  const { series } = place;
  const number = instance.instanceNumber === null ? "" : `#${instance.instanceNumber}`;
  return [`${series.modality} ${series.seriesNumber ?? ""} ${series.seriesDescription}`.trim(), number].join(
    "  ",
  ).trim();
}

/** Through the objects of a series. */
function Stepper(props: { context: ViewerContext; pane: Pane }): Child {
  const { context, pane } = props;
  const step = (by: number) => {
    context.workspace.activate(pane);
    context.workspace.step(pane, by);
  };
  return () =>
    pane.steps() < 2 ? null : (
      <span class="document-steps">
        <button
          type="button"
          class="icon-button"
          aria-label={t("document.previous")}
          onClick={() => step(-1)}
        >
          <Icon name="up" />
        </button>
        <span>{() => `${pane.index() + 1} / ${pane.steps()}`}</span>
        <button type="button" class="icon-button" aria-label={t("document.next")} onClick={() => step(1)}>
          <Icon name="down" />
        </button>
      </span>
    );
}

function Loaded(props: { context: ViewerContext; pane: Pane; object: DocumentObject }): Child {
  const found = loaded(props.context.app.api, props.object);
  return () => {
    const now = found();
    if (!now) return <p class="panel-note" role="status">{t("document.loading")}</p>;
    if ("error" in now) {
      return (
        <p class="panel-note" role="alert">
          <Trouble of={explain(now.error)} />
        </p>
      );
    }
    return (
      <>
        <Identity object={props.object} />
        {now.text.quarantined && (
          <p class="report-cut" role="alert">
            <Icon name="warning" />
            {t("document.quarantined")}
          </p>
        )}
        <Content {...props} about={now.text} />
      </>
    );
  };
}

/** Whose it is, on every document, on the screen and on paper. */
function Identity(props: { object: DocumentObject }) {
  const { study } = props.object.place.study;
  const name = personName(study.patientName);
  const facts = [
    [name.primary || t("study.noName"), name.secondary].filter((each) => each !== "").join(" "),
    study.patientID,
    study.patientSex,
    date(study.patientBirthDate),
    `${date(study.studyDate)} ${time(study.studyTime)}`.trim(),
    study.studyDescription,
  ].filter((each) => each !== "");
  return <p class="document-identity">{facts.map((each) => <span>{each}</span>)}</p>;
}

const reportKinds = new Set(["structuredReport", "keyObjects"]);

function Content(
  props: { context: ViewerContext; pane: Pane; object: DocumentObject; about: ObjectText },
): Child {
  const { object, about } = props;
  const { kind } = object.instance;
  if (about.content?.kind === "video") {
    return <VideoView object={object} about={about} content={about.content} />;
  }
  if (about.content) return <AttachmentView object={object} about={about} content={about.content} />;
  if (kind === "waveform" || about.dataSet["54000100"]) return <WaveformView {...props} />;
  if (reportKinds.has(kind) || about.dataSet["0040A730"]) {
    return <ReportView {...props} data={about.dataSet} />;
  }
  return <SummaryView {...props} />;
}
