/** Values, calibration and authors as text. */
import { number } from "../core/format.ts";
import { locale, t } from "../core/i18n.ts";
import { type DerivationName, derivationName, type QuantityName, quantityName } from "./codes.ts";
import { displayStep } from "./evaluate.ts";
import { formulaLine } from "./formulas.ts";
import { look } from "./look.ts";
import type { Calibration, Kind, Mark, NoMillimetres, Value } from "./mark.ts";

export const kindNames: Readonly<Record<Kind, string>> = {
  length: "measure.length",
  polyline: "measure.polyline",
  curve: "measure.curve",
  angle: "measure.angle",
  cobb: "measure.cobb",
  ratio: "measure.ratio",
  ellipse: "measure.ellipse",
  circle: "measure.circle",
  rectangle: "measure.rectangle",
  polygon: "measure.polygon",
  freehand: "measure.freehand",
  probe: "measure.probe",
  text: "measure.text",
  arrow: "measure.arrow",
  calibration: "measure.calibration",
  volume: "measure.volume",
  graphic: "measure.graphic",
};

const quantityNames: Readonly<Record<QuantityName, string>> = {
  length: "measure.quantity.length",
  pathLength: "measure.quantity.pathLength",
  radius: "measure.quantity.radius",
  perimeter: "measure.quantity.perimeter",
  angle: "measure.quantity.angle",
  cobbAngle: "measure.quantity.cobbAngle",
  ratio: "measure.quantity.ratio",
  area: "measure.quantity.area",
  volume: "measure.quantity.volume",
  attenuation: "measure.quantity.attenuation",
  suv: "measure.quantity.suv",
  pixelValue: "measure.quantity.pixelValue",
  pixelCount: "measure.quantity.pixelCount",
};

const derivationNames: Readonly<Record<DerivationName, string>> = {
  mean: "measure.derivation.mean",
  standardDeviation: "measure.derivation.standardDeviation",
  minimum: "measure.derivation.minimum",
  maximum: "measure.derivation.maximum",
};

/** "Mean", or the quantity where nothing was derived; a code from elsewhere by its own meaning. */
export function valueName(value: Value): string {
  const derivation = derivationName(value.derivation);
  if (derivation !== null) return t(derivationNames[derivation]);
  if (value.derivation !== null) return value.derivation.meaning;
  const quantity = quantityName(value.quantity);
  return quantity === null ? value.quantity.meaning : t(quantityNames[quantity]);
}

const units: Readonly<Record<string, string>> = {
  "mm": "mm",
  "mm2": "mm²",
  "mm3": "mm³",
  "deg": "°",
  "1": "",
  "{ratio}": "",
  "[hnsf'U]": "HU",
  "g/ml{SUVbw}": "SUV",
  "{pixels}": "px",
  "{pixels}2": "px²",
};

export function unitText(unit: string): string {
  return units[unit] ?? unit;
}

function usualStep(value: Value): number {
  return displayStep(quantityName(value.quantity) ?? "pixelValue", value.value);
}

/** Digits more than usual that the reader has chosen. */
const extraDigits = { supported: 0, fewer: -1, more: 1, most: 2 } as const;

/**
 * The step of the number shown. Without a choice of more digits the uncertainty has two significant digits at most, so that
 * no digit stands there that it does not support. Counts stay whole.
 */
export function shownStep(value: Value): number {
  const usual = usualStep(value);
  if (quantityName(value.quantity) === "pixelCount") return usual;
  const extra = extraDigits[look().digits];
  const chosen = usual * 10 ** -extra;
  if (extra > 0 || value.uncertainty === null || !(value.uncertainty > 0)) return chosen;
  return Math.max(chosen, 10 ** (Math.floor(Math.log10(value.uncertainty)) - 1));
}

/** Expanded uncertainty with the rounding of the number shown in place of the usual one. */
function shownUncertainty(value: Value, uncertainty: number, step: number): number {
  const usual = usualStep(value);
  if (step === usual || value.derivation !== null) return uncertainty;
  const variance = (uncertainty / value.k) ** 2 + (step ** 2 - usual ** 2) / 12;
  return value.k * Math.sqrt(Math.max(variance, 0));
}

/** "12.3 ± 0.2 mm (k=2)"; value and uncertainty end at the same digit. */
export function valueText(value: Value): string {
  const step = shownStep(value);
  const shown = fixed(value.value, step);
  const unit = unitText(value.unit);
  const space = unit === "" || unit === "°" ? "" : "\u00a0";
  if (value.uncertainty === null) return `${shown}${space}${unit}`;
  // An uncertainty is never shown as nothing.
  const uncertainty = fixed(Math.max(shownUncertainty(value, value.uncertainty, step), step), step);
  return `${shown}\u00a0±\u00a0${uncertainty}${space}${unit}\u00a0(k=${number(value.k, 3)})`;
}

function fixed(value: number, step: number): string {
  const digits = Math.max(0, Math.round(-Math.log10(step)));
  const format = new Intl.NumberFormat(locale(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  const whole = step > 1 ? Math.round(value / step) * step : value;
  return format.format(whole).replace("-", "\u2212");
}

/** The lines that stand beside a mark, without its number. */
export function labelLines(mark: Mark): string[] {
  const lines = mark.text === "" ? [] : mark.text.split("\n");
  if (mark.kind === "calibration") {
    return [
      ...lines,
      ...mark.values.map((each) => t("measure.known", { value: valueText(each) })),
    ];
  }
  const [first, ...rest] = mark.values;
  if (first) lines.push(first.derivation === null ? valueText(first) : namedValue(first));
  lines.push(...rest.filter(isShown).map(namedValue));
  const note = calibrationNote(mark);
  return note === "" ? lines : [...lines, note];
}

/** The count of pixels stands in the list only. */
function isShown(value: Value): boolean {
  return quantityName(value.quantity) !== "pixelCount" && quantityName(value.quantity) !== "perimeter";
}

export function namedValue(value: Value): string {
  return `${valueName(value)} ${valueText(value)}`;
}

/** The formulas of a mark's values, for the tip of what is pointed at; each once. */
export function markTip(mark: Mark): string {
  return [...new Set(mark.values.map((each) => formulaLine(mark.kind, each)))].filter((each) => each !== "")
    .join("\n");
}

function hasLength(mark: Mark): boolean {
  return mark.values.some((each) =>
    /^mm|^\{pixels\}/.test(each.unit) && quantityName(each.quantity) !== "pixelCount"
  );
}

/** Said beside the mark when the millimetres are not simply those of the picture's pixels. */
function calibrationNote(mark: Mark): string {
  if (!hasLength(mark) || mark.calibration.source === "pixelSpacing") return "";
  return calibrationText(mark.calibration);
}

const reasons: Readonly<Record<NoMillimetres, string>> = {
  noSpacing: "measure.none.noSpacing",
  outsideRegion: "measure.none.outsideRegion",
  severalRegions: "measure.none.severalRegions",
  regionUnit: "measure.none.regionUnit",
  notFullResolution: "measure.none.notFullResolution",
};

/** Where the millimetres come from, or why there are none. */
export function calibrationText(calibration: Calibration): string {
  switch (calibration.source) {
    case "pixelSpacing":
      return t("measure.source.pixelSpacing");
    case "calibrated":
      return t("measure.source.calibrated");
    case "magnified":
      return calibration.magnification === undefined
        ? t("measure.source.corrected")
        : t("measure.source.magnified", { factor: number(calibration.magnification, 3) });
    case "detector":
      return t("measure.source.detector");
    case "nominalScanned":
      return t("measure.source.nominalScanned");
    case "ultrasoundRegion":
      return t("measure.source.ultrasoundRegion", { n: calibration.region ?? 1 });
    case "user":
      return t("measure.source.user");
    case "none":
      return t(reasons[calibration.reason ?? "noSpacing"]);
  }
}

/** "3 Length": how list, screen readers and reports call a mark. */
export function markName(mark: Mark): string {
  return t("measure.name", { n: String(mark.number), kind: t(kindNames[mark.kind]) });
}
