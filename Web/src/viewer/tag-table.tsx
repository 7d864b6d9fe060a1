/** The attributes of an object, to look things up, and in place of a picture where there is none. */
import { t } from "../core/i18n.ts";
import { computed, signal } from "../ui/signal.ts";
import { VirtualTable } from "../ui/virtual-table.tsx";
import type { ViewerSession } from "./session.ts";
import { type TagRow, tagRows } from "./tag-rows.ts";

export function TagTable(props: { session: ViewerSession }) {
  const { session } = props;
  const filter = signal("");
  const selected = signal<string | null>(null);
  const rows = computed(() => {
    const uid = session.frame()?.sopInstanceUID;
    const all = session.dataSets();
    const data = all.find((each) => each["00080018"]?.Value?.[0] === uid) ?? all[0];
    return data ? tagRows(data) : [];
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
        />
      </header>
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
