/** A structured report as a document one can read: headings for containers, a line for each value. */
import type { DataSet } from "../../core/dicom-json.ts";
import { date, time } from "../../core/format.ts";
import { t } from "../../core/i18n.ts";
import { Icon } from "../../ui/icons.tsx";
import type { Child } from "../../ui/jsx-runtime.ts";
import type { Pane } from "../pane.ts";
import type { ViewerContext } from "../viewer-context.ts";
import { codes, codeTitle, items, meaningOf, person, text } from "./data-set.ts";
import { type Fact, Facts } from "./facts.tsx";
import { ReferenceLink } from "./references.tsx";
import { dateTime, parseReport, reportLimits, type ReportNode } from "./report-tree.ts";

interface Surroundings {
  context: ViewerContext;
  pane: Pane;
}

/** How an item belongs to the one above it, where that is not simply being part of it. */
const relationshipKeys: Readonly<Record<string, string>> = {
  "HAS OBS CONTEXT": "report.observationContext",
  "HAS ACQ CONTEXT": "report.acquisitionContext",
  "HAS CONCEPT MOD": "report.modifier",
  "INFERRED FROM": "report.inferredFrom",
  "SELECTED FROM": "report.selectedFrom",
};

export function ReportView(props: Surroundings & { data: DataSet }) {
  const { data } = props;
  const report = parseReport(data);
  const isVerified = text(data, "0040A493") === "VERIFIED";
  const isPartial = text(data, "0040A491") === "PARTIAL";
  const isPreliminary = text(data, "0040A496") === "PRELIMINARY";
  const isReport = text(data, "0040A491") !== "" || text(data, "0040A493") !== "";
  return (
    <article class="report">
      <h1 title={report.root.name ? codeTitle(report.root.name) : null}>
        {meaningOf(report.root.name) || t("kind.structuredReport")}
      </h1>
      {isReport && (
        <p class="report-flags">
          <Flag good={isVerified}>{isVerified ? t("report.verified") : t("report.unverified")}</Flag>
          <Flag good={!isPartial}>{isPartial ? t("report.partial") : t("report.complete")}</Flag>
          {isPreliminary && <Flag good={false}>{t("report.preliminary")}</Flag>}
        </p>
      )}
      <Facts facts={headFacts(data)} />
      {report.isCut && (
        <p class="report-cut" role="alert">
          <Icon name="warning" />
          {t("report.cut", { n: reportLimits.items })}
        </p>
      )}
      {children(props, report.root, 2)}
    </article>
  );
}

function Flag(props: { good: boolean; children?: Child }) {
  return <span class={props.good ? "flag flag-good" : "flag flag-warning"}>{props.children}</span>;
}

function headFacts(data: DataSet): Fact[] {
  const verified = items(data, "0040A073").map((each) =>
    [person(each, "0040A075"), text(each, "0040A027"), dateTime(text(each, "0040A030"))]
      .filter((part) => part !== "").join(", ")
  );
  const authors = items(data, "0040A078").map((each) =>
    person(each, "0040A123") || text(each, "00081010") || text(each, "00080070")
  );
  return [
    [t("report.content"), `${date(text(data, "00080023"))} ${time(text(data, "00080033"), true)}`.trim()],
    [t("report.author"), authors.filter((each) => each !== "").join("; ")],
    [t("report.verifiedBy"), verified.join("; ")],
    [t("report.completion"), text(data, "0040A492")],
    [t("report.procedure"), codes(data, "0040A372").map(meaningOf).join("; ")],
    [t("document.institution"), text(data, "00080080")],
    [t("document.device"), `${text(data, "00080070")} ${text(data, "00081090")}`.trim()],
  ];
}

function children(around: Surroundings, node: ReportNode, level: number): Child {
  if (node.children.length === 0) return null;
  return <ul class="report-items">{node.children.map((each) => item(around, each, level))}</ul>;
}

function item(around: Surroundings, node: ReportNode, level: number): Node {
  const relation = relationshipKeys[node.relationship];
  const isSection = node.valueType === "CONTAINER";
  const name = node.name && (
    <span class="report-name" title={codeTitle(node.name)}>{meaningOf(node.name)}</span>
  );
  return (
    <li class={isSection ? "report-section" : "report-item"} data-position={node.position} tabindex="-1">
      {isSection && name && heading(Math.min(level, 6), name, relation)}
      {!isSection && (
        <p class="report-line">
          {relation !== undefined && <span class="report-relation">{t(relation)}</span>}
          {name}
          {value(around, node)}
        </p>
      )}
      {children(around, node, isSection ? level + 1 : level)}
    </li>
  );
}

function heading(level: number, name: Node, relation: string | undefined): Child {
  const content = [relation !== undefined && <span class="report-relation">{t(relation)}</span>, name];
  if (level <= 2) return <h2>{content}</h2>;
  if (level === 3) return <h3>{content}</h3>;
  return level === 4 ? <h4>{content}</h4> : <h5>{content}</h5>;
}

function value(around: Surroundings, node: ReportNode): Child {
  const { valueType } = node;
  const known = valueTypes.has(valueType) || node.target !== null;
  return (
    <span class="report-value" data-type={valueType}>
      {node.value !== "" && <span title={node.code ? codeTitle(node.code) : null}>{node.value}</span>}
      {node.value === "" && valueType === "NUM" && <span>{t("report.noValue")}</span>}
      {node.qualifiers.map((each) => (
        <span class="report-qualifier" title={codeTitle(each)}>{meaningOf(each)}</span>
      ))}
      {node.reference && <ReferenceLink {...around} reference={node.reference} />}
      {node.target !== null && <ItemLink position={node.target} />}
      {!known && valueType !== "" && (
        <span class="document-elsewhere">{t("report.unknownType", { type: valueType })}</span>
      )}
    </span>
  );
}

const valueTypes = new Set([
  "TEXT",
  "PNAME",
  "UIDREF",
  "DATE",
  "TIME",
  "DATETIME",
  "CODE",
  "NUM",
  "IMAGE",
  "COMPOSITE",
  "WAVEFORM",
  "SCOORD",
  "SCOORD3D",
  "TCOORD",
]);

/** To another line of the same report. */
function ItemLink(props: { position: string }) {
  return (
    <button
      type="button"
      class="document-link"
      onClick={(event) => {
        const report = (event.currentTarget as Element | null)?.closest(".report");
        const target = [...report?.querySelectorAll<HTMLElement>("[data-position]") ?? []].find((each) =>
          each.dataset.position === props.position
        );
        target?.scrollIntoView({ block: "center" });
        target?.focus({ preventScroll: true });
      }}
    >
      {t("report.see", { position: props.position })}
    </button>
  );
}
