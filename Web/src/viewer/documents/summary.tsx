/** What an object without a picture is, in a few lines, and what it speaks of. */
import type { DataSet } from "../../core/dicom-json.ts";
import { bytes, date, number as formatted, time } from "../../core/format.ts";
import { t } from "../../core/i18n.ts";
import type { Child } from "../../ui/jsx-runtime.ts";
import type { Pane } from "../pane.ts";
import { TagTable } from "../tag-table.tsx";
import type { ViewerContext } from "../viewer-context.ts";
import { code, items, meaningOf, number, numbers, person, references, text, texts } from "./data-set.ts";
import { type Fact, Facts } from "./facts.tsx";
import type { DocumentObject, ObjectText } from "./object-source.ts";
import { findObject, ReferenceLink } from "./references.tsx";

const maximumReferences = 2000;
const shownReferences = 50;
const shownRows = 200;

export function SummaryView(
  props: { context: ViewerContext; pane: Pane; object: DocumentObject; about: ObjectText },
) {
  const { context, pane, object, about } = props;
  const data = about.dataSet;
  return (
    <article class="report">
      <h1>{about.sopClassName ?? t("summary.privateClass")}</h1>
      {about.sopClassName === null && <p class="report-cut">{t("summary.privateClass.hint")}</p>}
      <Facts facts={generalFacts(object, about)} />
      {details(data)}
      <References {...props} data={data} />
      <TagTable api={context.app.api} pane={pane} />
    </article>
  );
}

function generalFacts({ instance }: DocumentObject, about: ObjectText): Fact[] {
  const data = about.dataSet;
  const when = (day: string, clock: string) =>
    `${date(text(data, day))} ${time(text(data, clock), true)}`.trim();
  const description = [
    "00081030",
    "0008103E",
    "00700081",
    "300A0002",
    "300A0004",
    "30060002",
    "30060006",
    "00181030",
  ]
    .map((tag) => text(data, tag)).filter((each) => each !== "");
  return [
    [t("summary.sopClass"), instance.sopClassUID],
    [t("summary.modality"), text(data, "00080060")],
    [t("column.description"), [...new Set(description)].join(" · ")],
    [
      t("summary.created"),
      when("00080023", "00080033") || when("300A0006", "300A0007") || when("30060008", "30060009") ||
      when("00080012", "00080013") || when("00080021", "00080031"),
    ],
    [t("summary.creator"), person(data, "00700084") || person(data, "00081070")],
    [
      t("document.device"),
      ["00080070", "00081090", "00081010", "00181020"].map((tag) => texts(data, tag).join(" ")).filter((
        each,
      ) => each !== "").join(" · "),
    ],
    [t("document.institution"), text(data, "00080080")],
    [t("summary.number"), instance.instanceNumber === null ? "" : String(instance.instanceNumber)],
    [t("attachment.size"), bytes(about.bytes)],
    [t("summary.syntax"), about.transferSyntaxName],
  ];
}

/** Tables of what is worth reading in the kinds that have no view of their own. */
function details(data: DataSet): Child {
  return [
    table(t("summary.regions"), [t("summary.number"), t("summary.name"), t("summary.type")], regions(data)),
    table(
      t("summary.beams"),
      [t("summary.number"), t("summary.name"), t("summary.type"), t("summary.energy"), t("summary.meterset")],
      beams(data),
    ),
    table(
      t("summary.fractions"),
      [t("summary.number"), t("summary.planned"), t("summary.beams")],
      fractions(data),
    ),
    table(t("summary.doses"), [t("column.description"), t("summary.type"), "Gy"], doses(data)),
    table(
      t("summary.matrices"),
      [t("summary.frameOfReference"), t("summary.type"), t("summary.matrix")],
      matrices(data),
    ),
    table(t("summary.states"), [t("summary.name"), t("column.description")], states(data)),
  ];
}

function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): Child {
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <table class="document-table">
        <thead>
          <tr>{heads.map((each) => <th scope="col">{each}</th>)}</tr>
        </thead>
        <tbody>
          {rows.slice(0, shownRows).map((row) => <tr>{row.map((each) => <td>{each}</td>)}</tr>)}
        </tbody>
      </table>
    </section>
  );
}

function regions(data: DataSet): string[][] {
  const observations = new Map(items(data, "30060080").map((each) => [text(each, "30060084"), each]));
  return items(data, "30060020").map((each) => [
    text(each, "30060022"),
    text(each, "30060026"),
    text(observations.get(text(each, "30060022")), "300600A4"),
  ]);
}

function beams(data: DataSet): string[][] {
  const metersets = new Map<string, number>();
  for (const group of items(data, "300A0070")) {
    for (const beam of items(group, "300C0004")) {
      const value = number(beam, "300A0086");
      if (value !== null) metersets.set(text(beam, "300C0006"), value);
    }
  }
  return [...items(data, "300A00B0"), ...items(data, "300A03A2")].map((beam) => {
    const point = items(beam, "300A0111")[0] ?? items(beam, "300A03A8")[0];
    const energy = number(point, "300A0114");
    const meterset = metersets.get(text(beam, "300A00C0"));
    return [
      text(beam, "300A00C0"),
      text(beam, "300A00C2"),
      [text(beam, "300A00C4"), text(beam, "300A00C6")].filter((each) => each !== "").join(", "),
      energy === null ? "" : `${formatted(energy, 2)} MV`,
      meterset === undefined ? "" : `${formatted(meterset, 2)} ${text(beam, "300A00B3")}`.trim(),
    ];
  });
}

function fractions(data: DataSet): string[][] {
  return items(data, "300A0070").map((each) => [
    text(each, "300A0071"),
    text(each, "300A0078"),
    items(each, "300C0004").map((beam) => text(beam, "300C0006")).join(", "),
  ]);
}

function doses(data: DataSet): string[][] {
  return items(data, "300A0010").map((each) => [
    text(each, "300A0016") || text(each, "300A0014"),
    text(each, "300A0020"),
    numbers(each, "300A0026").map((value) => formatted(value, 3)).join(),
  ]);
}

/** Of registrations: how coordinates of each frame of reference become those of the registered one. */
function matrices(data: DataSet): string[][] {
  const plain = items(data, "00700308").flatMap((registration) =>
    items(registration, "00700309").flatMap((each) =>
      items(each, "0070030A").map((matrix) => [registration, matrix] as const)
    )
  );
  const deformable = items(data, "00640002").flatMap((registration) =>
    [...items(registration, "0064000F"), ...items(registration, "00640010")].map((matrix) =>
      [registration, matrix] as const
    )
  );
  return [...plain, ...deformable].map(([registration, matrix]) => {
    const values = numbers(matrix, "300600C6").map((each) => formatted(each, 4));
    const rows = [0, 4, 8, 12].map((start) => values.slice(start, start + 4).join("  "));
    return [
      text(registration, "00200052") || text(registration, "00640003"),
      text(matrix, "0070030C"),
      rows.join("\n"),
    ];
  });
}

function states(data: DataSet): string[][] {
  const label = text(data, "00700080");
  return label === "" ? [] : [[label, text(data, "00700081") || meaningOf(code(data, "0040A043"))]];
}

function References(props: { context: ViewerContext; pane: Pane; data: DataSet }): Child {
  const { context, pane, data } = props;
  const all = references(data, maximumReferences);
  const open = all.filter((each) => findObject(context, each.sopInstanceUID) !== null);
  if (all.length === 0) return null;
  return (
    <section>
      <h2>{t("summary.references")}</h2>
      <ul class="report-items">
        {open.slice(0, shownReferences).map((reference) => (
          <li class="report-item">
            <p class="report-line">
              <ReferenceLink context={context} pane={pane} reference={reference} />
            </p>
          </li>
        ))}
      </ul>
      {open.length > shownReferences && (
        <p>{t("summary.moreReferences", { n: open.length - shownReferences })}</p>
      )}
      {open.length < all.length && <p>{t("summary.otherReferences", { n: all.length - open.length })}</p>}
    </section>
  );
}
