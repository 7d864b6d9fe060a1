/** The function behind each value and the part of its uncertainty from anchoring, as Documentation/measurement-uncertainty.md has them. */
import { type QuantityName, quantityName } from "./codes.ts";
import type { Kind, Value } from "./mark.ts";

export interface Formula {
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
  perimeter: { ...path, anchoring: "u_a² = u² · Σ |e_{i−1} − e_i|²,  e: unit vectors of the lines around" },
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

export const statisticsFormula = "m = Σv/n,  σ² = Σ(v − m)²/(n − 1),  U(m) = k·σ/√n";
export const volumeFormula = "V = Σ A_i·h_i,  u² = Σ (h_i·u(A_i))² + Σ_ends (A·h)²/12 + u_r²";
const uptakeFormula = "SUV = C · m / (D · 2^(−t/T))";

export function formulaOf(kind: Kind, name: QuantityName): Formula | null {
  return name === "area" ? areas[kind] ?? null : formulas[name] ?? null;
}

/** What stands behind a value, in a line or two; empty where nothing is computed. */
export function formulaLine(kind: Kind, value: Value): string {
  const name = quantityName(value.quantity);
  if (name === null || kind === "calibration" || kind === "graphic") return "";
  const lines = [
    name === "volume" ? volumeFormula : formulaOf(kind, name)?.value,
    name === "suv" ? uptakeFormula : undefined,
    value.derivation === null ? undefined : statisticsFormula,
  ];
  return lines.filter((each) => each !== undefined).join("\n");
}
