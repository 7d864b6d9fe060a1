/** How a value comes about: formula, inputs, parts of the uncertainty (requirement 4.2.9, Annex A). */
import { number } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import type { MeasuredVolume } from "../imaging/kernels.ts";
import { openDialog } from "../ui/dialog.tsx";
import { type Signal, signal } from "../ui/signal.ts";
import { type Code, quantities, quantityName } from "./codes.ts";
import { coverageFactor, explain, type Explained } from "./evaluate.ts";
import { formulaOf, statisticsFormula, volumeFormula } from "./formulas.ts";
import { calibrationText, markName, namedValue, unitText, valueName, valueText } from "./labels.ts";
import type { Kind, Mark, Value } from "./mark.ts";
import type { MeasureMath } from "./math.ts";
import { isGeometric } from "./valuation.ts";

/** What the reader tries instead of the inputs of the mark; `null` leaves that of the mark. */
interface Trial {
  /** Standard uncertainty of an anchor, pixels. */
  anchor: number | null;
  /** Relative standard uncertainty of the spacing, percent. */
  spacing: number | null;
  coverage: number | null;
}

const untouched: Trial = { anchor: null, spacing: null, coverage: null };

export interface Explanation {
  mark: Mark;
  aspect: number;
  math: MeasureMath;
  /** Of a volume whose contours are all there: computed with a coverage factor. */
  volume: ((coverage: number) => MeasuredVolume) | null;
}

/** Formula, inputs and parts; the inputs can be changed to see what comes of them, which leaves the mark as it is. */
export function openExplanation(explanation: Explanation): void {
  const { mark } = explanation;
  const trial = signal<Trial>(untouched);
  openDialog({
    title: markName(mark),
    className: "dialog-explain",
    body: () => (
      <>
        <Inputs mark={mark} trial={trial} />
        {() => parts(explanation, trial()).map((each) => <Part kind={mark.kind} explained={each} />)}
        {() => <VolumePart explanation={explanation} coverage={trial().coverage ?? coverageFactor} />}
        {() => <Rest mark={mark} coverage={trial().coverage} />}
      </>
    ),
  });
}

function parts({ mark, aspect, math }: Explanation, trial: Trial): Explained[] {
  const { kind, points } = mark;
  if (!hasModel(mark)) return [];
  const { anchor, spacing, coverage } = trial;
  const { spacingUncertainty } = mark.calibration;
  return explain({
    kind,
    points,
    aspect,
    calibration: {
      ...mark.calibration,
      spacingUncertainty: spacing === null ? spacingUncertainty : spacing / 100,
    },
    anchorUncertainty: anchor === null ? mark.anchorUncertainty : points.map(() => [anchor, anchor] as const),
    coverage: coverage ?? coverageFactor,
  }, math);
}

/** Whether the values are functions of the points. */
function hasModel({ kind, values }: Mark): boolean {
  return values.some(isGeometric) && kind !== "calibration" && kind !== "volume" && kind !== "graphic";
}

function Inputs(props: { mark: Mark; trial: Signal<Trial> }) {
  const { mark, trial } = props;
  const { calibration, anchorUncertainty } = mark;
  const { rowSpacing, columnSpacing, spacingUncertainty } = calibration;
  const anchor = anchorUncertainty.length > 0 ? Math.max(...anchorUncertainty.flat()) : null;
  const hasSpacing = rowSpacing !== null && columnSpacing !== null;
  const model = hasModel(mark);
  const field = (name: keyof Trial, usual: number, unit: string) => (
    <dd>
      <Field name={name} usual={usual} unit={unit} trial={trial} />
    </dd>
  );
  return (
    <>
      <dl class="explain-inputs">
        <dt>{t("measure.explain.calibration")}</dt>
        <dd>{calibrationText(calibration)}</dd>
        {hasSpacing && (
          <>
            <dt>{t("measure.explain.spacing")}</dt>
            <dd>{`s_r = ${number(rowSpacing, 6)} mm, s_c = ${number(columnSpacing, 6)} mm`}</dd>
          </>
        )}
        {hasSpacing && model && (
          <>
            <dt>{spacingLabel(spacingUncertainty)}</dt>
            {field("spacing", spacingUncertainty * 100, "%")}
          </>
        )}
        {anchor !== null && model && (
          <>
            <dt>{t("measure.explain.anchor")}</dt>
            {field("anchor", anchor, "px")}
          </>
        )}
        <dt>{t("measure.explain.coverage")}</dt>
        {field("coverage", coverageFactor, "")}
      </dl>
      <p class="explain-note">{t("measure.explain.trial")}</p>
    </>
  );
}

function spacingLabel(uncertainty: number): string {
  const label = t("measure.explain.spacingUncertainty");
  return uncertainty > 0 ? label : `${label} (${t("measure.explain.notStated")})`;
}

/** The kernels take no larger numbers, and no reader has any. */
const inputMaximum = 1000;

function Field(props: { name: keyof Trial; usual: number; unit: string; trial: Signal<Trial> }) {
  const { name, usual, unit, trial } = props;
  const change = (event: Event) => {
    const { valueAsNumber: value } = event.target as HTMLInputElement;
    const fits = value >= 0 && value <= inputMaximum;
    trial.update((all) => ({ ...all, [name]: fits ? value : null }));
  };
  return (
    <label>
      <input
        type="number"
        name={name}
        min="0"
        max={inputMaximum}
        step="any"
        value={String(Number(usual.toPrecision(4)))}
        onInput={change}
      />
      {` ${unit}`}
    </label>
  );
}

function Part(props: { kind: Kind; explained: Explained }) {
  const { explained, kind } = props;
  const { measured, name, unit, quantity } = explained;
  const formula = formulaOf(kind, name);
  return (
    <section class="explain-part">
      <h3>{namedValue(valueOf(quantity, unit, measured))}</h3>
      {formula && <p class="formula">{formula.value}</p>}
      <Parts
        unit={unit}
        measured={measured}
        rows={[
          ["measure.explain.anchoring", measured.anchoring, "u_a"],
          ["measure.explain.rounding", measured.rounding, "u_r = r/√12"],
          ["measure.explain.spacingPart", measured.spacing, "u_s"],
        ]}
        sum="u_c = √(u_a² + u_r² + u_s²)"
      />
      {formula && <p class="formula">{formula.anchoring}</p>}
    </section>
  );
}

function VolumePart(props: { explanation: Explanation; coverage: number }) {
  const measured = props.explanation.volume?.(props.coverage);
  if (!measured) return null;
  return (
    <section class="explain-part">
      <h3>{namedValue(valueOf(quantities.volume, "mm3", measured))}</h3>
      <p class="formula">{volumeFormula}</p>
      <Parts
        unit="mm3"
        measured={measured}
        rows={[
          ["measure.explain.areas", measured.areas, "√Σ(h_i·u(A_i))²"],
          ["measure.explain.ends", measured.ends, "√Σ_ends (A·h)²/12"],
          ["measure.explain.rounding", measured.rounding, "u_r = r/√12"],
        ]}
        sum="u_c"
      />
    </section>
  );
}

interface Sum {
  value: number;
  combined: number;
  expanded: number;
}

function valueOf(quantity: Code, unit: string, { value, combined, expanded }: Sum): Value {
  return {
    quantity,
    derivation: null,
    value,
    unit,
    uncertainty: expanded,
    k: combined > 0 ? expanded / combined : 0,
  };
}

type PartRow = readonly [label: string, value: number, symbol: string];

function Parts(props: { unit: string; measured: Sum; rows: readonly PartRow[]; sum: string }) {
  const { measured: { combined, expanded }, rows, sum } = props;
  const factor = combined > 0 ? number(expanded / combined, 3) : "0";
  const all: readonly PartRow[] = [
    ...rows,
    ["measure.explain.combined", combined, sum],
    ["measure.explain.expanded", expanded, `U = k·u_c, k = ${factor}`],
  ];
  return (
    <table class="explain-table">
      <tbody>
        {all.map(([label, value, symbol]) => (
          <tr>
            <th scope="row">{t(label)}</th>
            <td>{symbol}</td>
            <td class="number">{`${number(value, 4)} ${unitText(props.unit)}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Values without a geometric model: statistics of pixels, a known length, what others have measured. */
function Rest(props: { mark: Mark; coverage: number | null }) {
  const { mark, coverage } = props;
  const others = mark.values.filter((each) =>
    !isGeometric(each) || mark.kind === "volume" || mark.kind === "calibration"
  ).map((each) => withCoverage(each, coverage));
  if (others.length === 0) return null;
  const hasStatistics = others.some((each) => each.derivation !== null);
  const volume = others.some((each) => quantityName(each.quantity) === "volume");
  return (
    <section class="explain-part">
      <table class="explain-table">
        <tbody>
          {others.map((each) => (
            <tr>
              <th scope="row">{valueName(each)}</th>
              <td class="number">{valueText(each)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {hasStatistics && (
        <>
          <p>{t("measure.explain.membership")}</p>
          <p class="formula">{statisticsFormula}</p>
        </>
      )}
      {volume && <p class="formula">{volumeFormula}</p>}
    </section>
  );
}

/** The same combined uncertainty with another factor. */
function withCoverage(value: Value, coverage: number | null): Value {
  if (coverage === null || value.uncertainty === null || !(value.k > 0)) return value;
  return { ...value, uncertainty: (value.uncertainty / value.k) * coverage, k: coverage };
}
