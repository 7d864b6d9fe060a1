/** How a value comes about: formula, inputs, parts of the uncertainty (requirement 4.2.9, Annex A). */
import { number } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { openDialog } from "../ui/dialog.tsx";
import type { QuantityName } from "./codes.ts";
import { quantityName } from "./codes.ts";
import { coverageFactor, explain, type Explained } from "./evaluate.ts";
import { calibrationText, markName, namedValue, unitText, valueName, valueText } from "./labels.ts";
import type { Kind, Mark } from "./mark.ts";
import type { MeasureMath } from "./math.ts";
import { isGeometric } from "./valuation.ts";

interface Formula {
  value: string;
  /** Standard uncertainty from anchoring; u is that of one anchor along one axis, in mm. */
  anchoring: string;
}

const path: Formula = {
  value: "L = Σ √((Δc·s_c)² + (Δr·s_r)²)",
  anchoring: "u_a² = u² · Σ |e_{i−1} − e_i|²,  e: unit vectors of the lines, e_0 = e_n = 0",
};
const polygonArea: Formula = {
  value: "A = ½ |Σ (x_i·y_{i+1} − x_{i+1}·y_i)|",
  anchoring: "u_a² = (u²/4) · Σ |P_{i+1} − P_{i−1}|²",
};

const formulas: Readonly<Partial<Record<QuantityName, Formula>>> = {
  length: { value: "L = √((Δc·s_c)² + (Δr·s_r)²)", anchoring: "u_a = √2 · u" },
  pathLength: path,
  perimeter: path,
  radius: { value: "r = √((Δc·s_c)² + (Δr·s_r)²)", anchoring: "u_a = √2 · u" },
  angle: {
    value: "θ = arccos(BA·BC / (|BA|·|BC|))",
    anchoring: "u_a² = u² · (1/|BA|² + 1/|BC|² + |AC|²/(|BA|²·|BC|²))",
  },
  cobbAngle: {
    value: "θ = arccos(L₁·L₂ / (|L₁|·|L₂|))",
    anchoring: "u_a² = 2u² · (1/|L₁|² + 1/|L₂|²)",
  },
  ratio: { value: "R = L₁ / L₂", anchoring: "u_a = R · √(2u²/L₁² + 2u²/L₂²)" },
};

const areas: Readonly<Partial<Record<Kind, Formula>>> = {
  rectangle: { value: "A = |Δc·s_c| · |Δr·s_r|", anchoring: "u_a² = 2u² · (w² + h²)" },
  ellipse: {
    value: "A = π · |a × b|",
    anchoring: "u_a = π · √((|a|² + |b|²)/2) · u,  a, b: half axes from their two ends",
  },
  circle: { value: "A = π · r²", anchoring: "u_a = 2π · r · u_a(r)" },
  polygon: polygonArea,
  freehand: polygonArea,
};

const statisticsFormula = "m = Σv/n,  σ² = Σ(v − m)²/(n − 1),  U(m) = k·σ/√n";
const volumeFormula = "V = Σ A_i·h_i,  u² = Σ (h_i·u(A_i))² + Σ_ends (A·h)²/12";

function formulaOf(kind: Kind, name: QuantityName): Formula | null {
  return name === "area" ? areas[kind] ?? null : formulas[name] ?? null;
}

export function openExplanation(mark: Mark, aspect: number, math: MeasureMath): void {
  const { kind, points, calibration, anchorUncertainty } = mark;
  const geometry =
    mark.values.some(isGeometric) && kind !== "calibration" && kind !== "volume" && kind !== "graphic"
      ? explain({ kind, points, calibration, anchorUncertainty, aspect }, math)
      : [];
  openDialog({
    title: markName(mark),
    className: "dialog-explain",
    body: () => (
      <>
        <Inputs mark={mark} />
        {geometry.map((each) => <Part kind={kind} explained={each} />)}
        <Rest mark={mark} />
      </>
    ),
  });
}

function Inputs(props: { mark: Mark }) {
  const { calibration, anchorUncertainty } = props.mark;
  const anchors = anchorUncertainty.map((each) => Math.max(...each));
  const { rowSpacing, columnSpacing, spacingUncertainty } = calibration;
  return (
    <dl class="explain-inputs">
      <dt>{t("measure.explain.calibration")}</dt>
      <dd>{calibrationText(calibration)}</dd>
      {rowSpacing !== null && columnSpacing !== null && (
        <>
          <dt>{t("measure.explain.spacing")}</dt>
          <dd>{`s_r = ${number(rowSpacing, 6)} mm, s_c = ${number(columnSpacing, 6)} mm`}</dd>
          <dt>{t("measure.explain.spacingUncertainty")}</dt>
          <dd>
            {spacingUncertainty > 0
              ? `${number(spacingUncertainty * 100, 2)} %`
              : t("measure.explain.notStated")}
          </dd>
        </>
      )}
      {anchors.length > 0 && (
        <>
          <dt>{t("measure.explain.anchor")}</dt>
          <dd>{`u = p/√12 = ${number(Math.max(...anchors), 4)} px`}</dd>
        </>
      )}
    </dl>
  );
}

function Part(props: { kind: Kind; explained: Explained }) {
  const { explained, kind } = props;
  const { measured, name } = explained;
  const formula = formulaOf(kind, name);
  const unit = unitText(explained.unit);
  const row = (label: string, value: number, symbol: string) => (
    <tr>
      <th scope="row">{label}</th>
      <td>{symbol}</td>
      <td class="number">{`${number(value, 4)} ${unit}`}</td>
    </tr>
  );
  const value = {
    quantity: explained.quantity,
    derivation: null,
    value: measured.value,
    unit: explained.unit,
    uncertainty: measured.expanded,
    k: coverageFactor,
  };
  return (
    <section class="explain-part">
      <h3>{namedValue(value)}</h3>
      {formula && <p class="formula">{formula.value}</p>}
      <table class="explain-table">
        <tbody>
          {row(t("measure.explain.anchoring"), measured.anchoring, "u_a")}
          {row(t("measure.explain.rounding"), measured.rounding, "u_r = r/√12")}
          {row(t("measure.explain.spacingPart"), measured.spacing, "u_s")}
          {row(t("measure.explain.combined"), measured.combined, "u_c = √(u_a² + u_r² + u_s²)")}
          {row(t("measure.explain.expanded"), measured.expanded, `U = k·u_c, k = ${coverageFactor}`)}
        </tbody>
      </table>
      {formula && <p class="formula">{formula.anchoring}</p>}
    </section>
  );
}

/** Values without a geometric model: statistics of pixels, a known length, what others have measured. */
function Rest(props: { mark: Mark }) {
  const { mark } = props;
  const others = mark.values.filter((each) =>
    !isGeometric(each) || mark.kind === "volume" || mark.kind === "calibration"
  );
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
