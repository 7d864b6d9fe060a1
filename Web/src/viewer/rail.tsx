/** The left rail: the open studies with their series, and the patient's other studies along time. */
import { seriesPath, type Study } from "../core/api.ts";
import { date } from "../core/format.ts";
import { plural, t } from "../core/i18n.ts";
import type { SeriesManifest } from "../imaging/pictures.ts";
import { Icon } from "../ui/icons.tsx";
import { For } from "../ui/jsx-runtime.ts";
import { computed, effect, type ReadSignal, signal } from "../ui/signal.ts";
import { kindIcons, kindNames } from "./documents/kinds.ts";
import { dragSeries, hangSeries } from "./drag-series.ts";
import { daysBetween, type Priors, relevance } from "./priors.ts";
import type { ViewerContext } from "./viewer-context.ts";
import type { OpenStudy } from "./open-studies.ts";

export interface RailActions {
  openPrior: (study: Study) => void;
  compare: (study: Study) => void;
  closeStudy: (uid: string) => void;
}

export function Rail(props: { context: ViewerContext; priors: Priors; actions: RailActions }) {
  const { context, priors, actions } = props;
  const { workspace } = context;
  const others = computed(() =>
    priors.studies().filter((each) => workspace.study(each.studyInstanceUID) === undefined)
  );
  return (
    <nav class="series-strip" aria-label={t("viewer.seriesList")}>
      <For each={workspace.studies} by={(each: OpenStudy) => each.manifest.study.studyInstanceUID}>
        {(each) => <StudySection context={context} study={each} actions={actions} />}
      </For>
      <section class="rail-priors" hidden={() => others().length === 0} aria-label={t("rail.others")}>
        <h2>{t("rail.others")}</h2>
        <ul>
          <For each={others} by={(each: Study) => each.studyInstanceUID}>
            {(each) => <PriorEntry context={context} study={each.peek()} actions={actions} />}
          </For>
        </ul>
      </section>
      {() => priors.failed() && <p class="panel-note" role="alert">{t("rail.failed")}</p>}
    </nav>
  );
}

function StudySection(
  props: { context: ViewerContext; study: ReadSignal<OpenStudy>; actions: RailActions },
) {
  const { context, study, actions } = props;
  const { workspace } = context;
  const about = () => study().manifest.study;
  const title = () => `${date(about().studyDate)} ${about().studyDescription}`.trim();
  return (
    <section class={() => `rail-study exam-${study().color}`} aria-label={title}>
      <header class="rail-head" hidden={() => workspace.studies().length < 2}>
        <span class="exam-letter">{() => study().letter}</span>
        <span class="rail-title" title={title}>{title}</span>
        <button
          type="button"
          class="icon-button"
          aria-label={() => t("rail.close", { name: title() })}
          hidden={() => study().prior === 0}
          onClick={() => actions.closeStudy(about().studyInstanceUID)}
        >
          <Icon name="close" />
        </button>
      </header>
      <ul>
        <For each={() => study().manifest.series} by={(each: SeriesManifest) => each.seriesInstanceUID}>
          {(series) => <SeriesEntry context={context} study={study.peek()} series={series.peek()} />}
        </For>
      </ul>
    </section>
  );
}

function SeriesEntry(props: { context: ViewerContext; study: OpenStudy; series: SeriesManifest }) {
  const { context, study, series } = props;
  const { workspace } = context;
  const uid = series.seriesInstanceUID;
  const studyUID = study.manifest.study.studyInstanceUID;
  const shows = (other: SeriesManifest | undefined) => other?.seriesInstanceUID === uid;
  const current = computed(() => shows(workspace.active().place()?.series));
  const visible = computed(() => workspace.visible().some((pane) => shows(pane.place()?.series)));
  const broken = signal(false);
  const hasPicture = series.frames.length > 0;
  let button: HTMLButtonElement;
  const image = document.createElement("img");
  image.alt = "";
  image.decoding = "async";
  image.loading = "lazy";
  image.draggable = false;
  image.onerror = () => broken.set(true);
  if (hasPicture) image.src = `${seriesPath(studyUID, uid)}/thumbnail`;
  effect(() => {
    // With the next refresh, when the page is laid out anyway.
    if (current()) requestAnimationFrame(() => button.scrollIntoView({ block: "nearest" }));
  });
  const title = series.seriesDescription ||
    (hasPicture ? t("viewer.noDescription") : t(kindNames[series.kind]));
  return (
    <li>
      <button
        type="button"
        class="series-entry"
        draggable="true"
        aria-current={() => (current() ? "true" : null)}
        data-visible={() => String(visible())}
        data-series={uid}
        title={title}
        ref={(element: HTMLButtonElement) => button = element}
        onDragStart={(event: DragEvent) => dragSeries(event, studyUID, uid)}
        onClick={() => void hangSeries(context, workspace.active.peek(), studyUID, uid)}
      >
        <span class="series-picture">
          {() => hasPicture && !broken() ? image : <Icon name={kindIcons[series.kind]} />}
          <span class="series-modality">{series.modality}</span>
          <span class="series-count">
            {hasPicture
              ? plural("viewer.seriesImages", Math.max(series.frames.length, series.instances.length))
              : series.instances.length > 1 && plural("viewer.seriesObjects", series.instances.length)}
          </span>
        </span>
        <span class="series-title">
          {series.seriesNumber !== null && <b>{`${series.seriesNumber} `}</b>}
          {title}
        </span>
      </button>
    </li>
  );
}

function PriorEntry(props: { context: ViewerContext; study: Study; actions: RailActions }) {
  const { context, study, actions } = props;
  const current = () => context.workspace.studies()[0]?.manifest.study;
  const distance = () => {
    const now = current();
    const days = now ? daysBetween(study.studyDate, now.studyDate) : null;
    return days === null ? "" : agoText(days);
  };
  const relevant = () => {
    const now = current();
    return now !== undefined && relevance(study, now) === 2;
  };
  const title = `${date(study.studyDate)} ${study.modalities.join(" ")} ${study.studyDescription}`;
  return (
    <li class="prior-entry">
      <button type="button" class="prior-open" title={title} onClick={() => actions.openPrior(study)}>
        <span class="prior-date">
          {date(study.studyDate)}
          {() => relevant() && <Icon name="star" />}
        </span>
        <span class="prior-ago">{distance}</span>
        <span>{study.modalities.map((each) => <span class="modality">{each}</span>)}</span>
        <span class="prior-text">{study.studyDescription}</span>
      </button>
      <button
        type="button"
        class="icon-button"
        title={t("command.comparePrior")}
        aria-label={t("rail.compare", { name: title })}
        onClick={() => actions.compare(study)}
      >
        <Icon name="compare" />
      </button>
    </li>
  );
}

const daysPerYear = 365.25;
const daysPerMonth = 30.44;

function agoText(days: number): string {
  const away = Math.abs(days);
  if (away < 1) return t("rail.sameDay");
  const amount = away >= daysPerYear
    ? plural("rail.years", Math.round(away / daysPerYear))
    : away >= 60
    ? plural("rail.months", Math.round(away / daysPerMonth))
    : plural("rail.days", Math.round(away));
  return days > 0 ? t("rail.before", { amount }) : t("rail.after", { amount });
}

/** The series of another study that shows the same: by modality, then shared words, then number of images. */
export function matchingSeries(
  wanted: SeriesManifest,
  candidates: readonly SeriesManifest[],
): SeriesManifest | null {
  const words = (text: string) => new Set(text.toLowerCase().match(/[\p{L}\d.]+/gu) ?? []);
  const here = words(wanted.seriesDescription);
  const rank = (each: SeriesManifest) => {
    const shared = [...words(each.seriesDescription)].filter((word) => here.has(word)).length;
    const planes = each.stacks[0]?.normal && wanted.stacks[0]?.normal
      ? Math.abs(
        each.stacks[0].normal.reduce(
          (sum, value, index) => sum + value * (wanted.stacks[0]?.normal?.[index] ?? 0),
          0,
        ),
      )
      : 0;
    const size = Math.min(each.frames.length, wanted.frames.length) /
      Math.max(each.frames.length, wanted.frames.length, 1);
    return shared * 4 + planes * 3 + size;
  };
  const same = candidates.filter((each) => each.modality === wanted.modality && each.frames.length > 0);
  let best: SeriesManifest | null = null;
  for (const each of same) if (best === null || rank(each) > rank(best)) best = each;
  return best;
}
