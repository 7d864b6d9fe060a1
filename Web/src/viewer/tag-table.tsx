/** The attributes of an object, to look things up, and in place of a picture where there is none. */
import type { API } from "../core/api.ts";
import { t } from "../core/i18n.ts";
import { batch, computed, effect, onCleanup, signal } from "../ui/signal.ts";
import { Icon } from "../ui/icons.tsx";
import { when } from "../ui/jsx-runtime.ts";
import { VirtualTable } from "../ui/virtual-table.tsx";
import type { DataSet } from "../core/dicom-json.ts";
import type { Pane } from "./pane.ts";
import { type TagRow, tagRows } from "./tag-rows.ts";

export function TagTable(props: { api: API; pane: Pane; onClose?: () => void }) {
  const { api, pane } = props;
  const filter = signal("");
  const selected = signal<string | null>(null);
  const data = signal<DataSet | null>(null);
  const failed = signal(false);
  const object = computed(() => {
    const place = pane.place();
    const shown = pane.reformat() ? null : pane.frame()?.instance ?? pane.document();
    const instance = shown ?? place?.series.instances[0];
    if (!place || !instance) return null;
    const { seriesInstanceUID } = place.series;
    return [place.study.study.studyInstanceUID, seriesInstanceUID, instance.sopInstanceUID].join("/");
  });
  effect(() => {
    const [study, series, instance] = object()?.split("/") ?? [];
    const request = new AbortController();
    onCleanup(() => request.abort());
    if (study === undefined || series === undefined || instance === undefined) return;
    attributesOf(api, study, series, instance, request.signal).then((found) => {
      if (request.signal.aborted) return;
      batch(() => {
        data.set(found);
        failed.set(false);
      });
    }, () => {
      if (!request.signal.aborted) failed.set(true);
    });
  });
  const rows = computed(() => {
    const shown = data();
    return shown ? tagRows(shown) : [];
  });
  const matching = computed(() => {
    const wanted = filter().trim().toLowerCase();
    if (wanted === "") return rows();
    return rows().filter((row) => `${row.tag} ${row.keyword} ${row.value}`.toLowerCase().includes(wanted));
  });
  return (
    <section class="tag-panel" aria-label={t("viewer.tags")}>
      <header>
        <h2>{t("viewer.tags")}</h2>
        <input
          type="search"
          aria-label={t("viewer.tags.filter")}
          placeholder={t("viewer.tags.filter")}
          maxlength="100"
          onInput={(event) => filter.set((event.target as HTMLInputElement).value)}
          onKeyDown={(event) => {
            // Back to the picture: the viewer's keys are its own again.
            if (event.key === "Escape") (event.target as HTMLInputElement).blur();
          }}
        />
        {props.onClose && (
          <button
            type="button"
            class="icon-button"
            aria-label={t("action.close")}
            onClick={() => props.onClose?.()}
          >
            <Icon name="close" />
          </button>
        )}
      </header>
      {when(failed, () => <p class="panel-note" role="alert">{t("viewer.tags.failed")}</p>)}
      <VirtualTable<TagRow>
        label={t("viewer.tags")}
        class="tag-table"
        columns={[
          {
            id: "tag",
            title: t("viewer.tags.tag"),
            cell: (row) => () => `${"  ".repeat(row().depth)}${row().tag}`,
          },
          { id: "keyword", title: t("viewer.tags.keyword"), cell: (row) => () => row().keyword },
          { id: "vr", title: t("viewer.tags.vr"), cell: (row) => () => row().vr },
          {
            id: "value",
            title: t("viewer.tags.value"),
            cell: (row) => <span title={() => row().value}>{() => row().value}</span>,
          },
        ]}
        rows={matching}
        keyOf={(row) => row.id}
        selected={selected}
        onSelect={selected.set}
      />
    </section>
  );
}

async function attributesOf(
  api: API,
  study: string,
  series: string,
  instance: string,
  signal: AbortSignal,
): Promise<DataSet | null> {
  const all = (await api.instanceMetadata(study, series, instance, signal)) as DataSet[];
  return all[0] ?? null;
}
