/** The series of the study as thumbnails. */
import type { Series } from "../core/api.ts";
import { seriesPath } from "../core/api.ts";
import { plural, t } from "../core/i18n.ts";
import { Icon } from "../ui/icons.tsx";
import { For } from "../ui/jsx-runtime.ts";
import { effect, signal } from "../ui/signal.ts";
import type { ViewerSession } from "./session.ts";

export function SeriesStrip(props: { session: ViewerSession }) {
  const { session } = props;
  return (
    <nav class="series-strip" aria-label={t("viewer.seriesList")}>
      <ul>
        <For each={() => session.detail()?.series ?? []} by={(series: Series) => series.seriesInstanceUID}>
          {(series) => <SeriesEntry session={session} series={series.peek()} />}
        </For>
      </ul>
    </nav>
  );
}

function SeriesEntry(props: { session: ViewerSession; series: Series }) {
  const { session, series } = props;
  const study = session.detail.peek()?.study.studyInstanceUID ?? "";
  const current = () => session.seriesUID() === series.seriesInstanceUID;
  const broken = signal(false);
  let button: HTMLButtonElement;
  const image = document.createElement("img");
  image.alt = "";
  image.decoding = "async";
  image.loading = "lazy";
  image.draggable = false;
  image.onerror = () => broken.set(true);
  image.src = `${seriesPath(study, series.seriesInstanceUID)}/thumbnail`;
  effect(() => {
    if (current()) queueMicrotask(() => button.scrollIntoView({ block: "nearest" }));
  });
  const title = () => series.seriesDescription === "" ? t("viewer.noDescription") : series.seriesDescription;
  return (
    <li>
      <button
        type="button"
        class="series-entry"
        aria-current={() => (current() ? "true" : null)}
        title={title()}
        ref={(element: HTMLButtonElement) => button = element}
        onClick={() => void session.openSeries(series.seriesInstanceUID)}
      >
        <span class="series-picture">
          {() => broken() ? <Icon name="document" /> : image}
          <span class="series-modality">{series.modality}</span>
          <span class="series-count">{plural("viewer.seriesImages", imageCount(series))}</span>
        </span>
        <span class="series-title">
          {series.seriesNumber !== null && <b>{`${series.seriesNumber} `}</b>}
          {title()}
        </span>
      </button>
    </li>
  );
}

/** Frames where the objects say how many they have, else objects. */
function imageCount(series: Series): number {
  const frames = series.instances.reduce((sum, each) => sum + Math.max(1, each.numberOfFrames ?? 1), 0);
  return Math.max(frames, series.numberOfInstances);
}
