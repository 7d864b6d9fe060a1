/** The study list's columns. */
import type { Study } from "../../core/api.ts";
import { date, number, personName, time } from "../../core/format.ts";
import { t } from "../../core/i18n.ts";
import { viewerHash } from "../../core/router.ts";
import { Icon } from "../../ui/icons.tsx";
import type { ReadSignal } from "../../ui/signal.ts";
import type { Column } from "../../ui/virtual-table.tsx";

const sexes: Readonly<Record<string, string>> = { M: "sex.male", F: "sex.female", O: "sex.unspecified" };

export function sexName(code: string): string {
  const key = sexes[code];
  return key === undefined ? code : t(key);
}

export function studyColumns(): Column<Study>[] {
  return [
    { id: "name", title: t("column.name"), sortKey: "patientName", cell: nameCell },
    { id: "id", title: t("column.id"), sortKey: "patientID", cell: (row) => () => row().patientID },
    { id: "sex", title: t("column.sex"), cell: (row) => () => sexName(row().patientSex) },
    {
      id: "birth",
      title: t("column.birth"),
      sortKey: "patientBirthDate",
      cell: (row) => () => date(row().patientBirthDate),
    },
    {
      id: "date",
      title: t("column.date"),
      sortKey: "studyDate",
      cell: (row) => () => `${date(row().studyDate)} ${time(row().studyTime)}`.trim(),
    },
    { id: "modality", title: t("column.modality"), cell: modalityCell },
    {
      id: "description",
      title: t("column.description"),
      cell: (row) => <span title={() => row().studyDescription}>{() => row().studyDescription}</span>,
    },
    {
      id: "accession",
      title: t("column.accession"),
      sortKey: "accessionNumber",
      cell: (row) => () => row().accessionNumber,
    },
    {
      id: "series",
      title: t("column.series"),
      numeric: true,
      cell: (row) => () => number(row().numberOfSeries),
    },
    {
      id: "images",
      title: t("column.images"),
      numeric: true,
      sortKey: "numberOfInstances",
      cell: (row) => () => number(row().numberOfInstances),
    },
  ];
}

function nameCell(row: ReadSignal<Study>) {
  const name = () => {
    const shown = personName(row().patientName);
    return shown.primary === "" ? t("study.noName") : shown.primary;
  };
  return (
    <span class="name-cell">
      <a class="study-link" tabindex="-1" href={viewerHash(row.peek().studyInstanceUID)}>{name}</a>
      <span class="name-secondary">{() => personName(row().patientName).secondary}</span>
      {() =>
        row().quarantined > 0 && (
          <span class="badge badge-warning" title={t("study.quarantined.hint")}>
            <Icon name="warning" />
            {t("study.quarantined", { n: row().quarantined })}
          </span>
        )}
    </span>
  );
}

function modalityCell(row: ReadSignal<Study>) {
  return () => row().modalities.map((each) => <span class="modality">{each}</span>);
}
