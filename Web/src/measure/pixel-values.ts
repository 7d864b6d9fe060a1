/** What the pixel values of a frame mean, and statistics over them. */
import type { SUVInput } from "../imaging/kernels.ts";
import type { FrameInfo, PETValues, Rectangle } from "../imaging/pictures.ts";
import type { ViewportFrame } from "../viewer/viewport-api.ts";
import { type Code, derivations, quantities } from "./codes.ts";
import type { Coordinate, Kind, Value } from "./mark.ts";
import type { MeasureMath, ModalityValues } from "./math.ts";
import type { Region, Statistics } from "../imaging/kernels.ts";
import { circleAxes, ellipseAxes, pair } from "./shape.ts";

export interface PixelMeaning {
  quantity: Code;
  /** UCUM. */
  unit: string;
  values: ModalityValues;
}

/** `null` when the samples have no single value per pixel that the kernels can read. */
export function pixelMeaning(frame: ViewportFrame, math: MeasureMath): PixelMeaning | null {
  const { info, series } = frame;
  const { stack, display } = info;
  if (
    stack.samplesPerPixel !== 1 || stack.float || stack.palette !== null || display.modalityTable !== null
  ) return null;
  const values = { slope: display.slope, intercept: display.intercept, padding: display.padding };
  if (isHounsfield(info, series.modality)) {
    return { quantity: quantities.attenuation, unit: "[hnsf'U]", values };
  }
  const { pet } = info.instance.attributes;
  if (pet) return petMeaning(pet, values, math);
  return { quantity: quantities.pixelValue, unit: "1", values };
}

function isHounsfield(info: FrameInfo, modality: string): boolean {
  const { rescaleType } = info.display;
  if (rescaleType === "HU") return true;
  return modality === "CT" && rescaleType === "" && !info.instance.attributes.imageType.includes("LOCALIZER");
}

function petMeaning(pet: PETValues, values: ModalityValues, math: MeasureMath): PixelMeaning {
  if (pet.units === "GML") return { quantity: quantities.suv, unit: "g/ml{SUVbw}", values };
  if (pet.units !== "BQML") return { quantity: quantities.pixelValue, unit: "1", values };
  const input = suvInput(pet);
  const factor = input === null ? null : math.suvFactor(input);
  if (factor === null) return { quantity: quantities.pixelValue, unit: "Bq/ml", values };
  const { slope, intercept, padding } = values;
  const scaled = { slope: slope * factor, intercept: intercept * factor, padding };
  return { quantity: quantities.suv, unit: "g/ml{SUVbw}", values: scaled };
}

/** SUV only from images corrected for attenuation and decay, with everything told; `null` otherwise. */
function suvInput(pet: PETValues): SUVInput | null {
  const { weightKg, doseBq, halfLifeSeconds, decayCorrection, correctedImage } = pet;
  if (weightKg === null || doseBq === null || halfLifeSeconds === null) return null;
  if (!correctedImage.includes("ATTN") || !correctedImage.includes("DECY")) return null;
  if (decayCorrection !== "START" && decayCorrection !== "ADMIN") return null;
  const start = seconds(pet.seriesDateTime);
  const acquired = seconds(pet.acquisitionDateTime);
  const injected = injectionSeconds(pet.doseStart, pet.seriesDateTime);
  // A series made later than its pictures carries a time that decay is not corrected to.
  const reference = start === null || (acquired !== null && start > acquired) ? acquired : start;
  const decayCorrectedToInjection = decayCorrection === "ADMIN";
  if (!decayCorrectedToInjection && (reference === null || injected === null || reference < injected)) {
    return null;
  }
  const secondsSinceInjection = decayCorrectedToInjection ? 0 : (reference ?? 0) - (injected ?? 0);
  return {
    weightKilograms: weightKg,
    doseBecquerels: doseBq,
    halfLifeSeconds,
    secondsSinceInjection,
    decayCorrectedToInjection,
  };
}

/** A time alone is of the day of the series. */
function injectionSeconds(dose: string, series: string): number | null {
  return /^\d{2}:?\d{2}(:?\d{2}(\.\d+)?)?$/.test(dose) && !/^\d{8}/.test(dose)
    ? seconds(`${series.slice(0, series.includes("-") ? 10 : 8)}${dose}`)
    : seconds(dose);
}

/** DT, or the same with ISO 8601 punctuation, to seconds on a clock without zones. */
function seconds(value: string): number | null {
  const match = /^(\d{4})-?(\d{2})-?(\d{2})[T ]?(\d{2}):?(\d{2}):?(\d{2})?(\.\d+)?/.exec(value);
  if (!match) return null;
  const [, year, month, day, hour, minute, second = "0", fraction = "0"] = match;
  const whole = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return whole / 1000 + Number(fraction);
}

/** From marks' coordinates, which count from the centre of the first pixel, to the kernels', which count from its corner. */
export const toCorner = 0.5;

/** The pixels a mark encloses, in the kernels' coordinates; `null` for kinds that enclose none. */
export function regionOf(kind: Kind, points: readonly Coordinate[], aspect: number): Region | null {
  switch (kind) {
    case "rectangle": {
      const [a, b] = pair(points, 0);
      return {
        shape: "rectangle",
        left: Math.min(a[0], b[0]) + toCorner,
        top: Math.min(a[1], b[1]) + toCorner,
        right: Math.max(a[0], b[0]) + toCorner,
        bottom: Math.max(a[1], b[1]) + toCorner,
      };
    }
    case "circle":
    case "ellipse": {
      const { center, first, second } = ellipseAxes(kind === "circle" ? circleAxes(points, aspect) : points);
      return {
        shape: "ellipse",
        center: [center[0] + toCorner, center[1] + toCorner],
        axes: [...first, ...second],
      };
    }
    case "polygon":
    case "freehand":
      return { shape: "polygon", points: kernelPoints(points) };
    case "probe": {
      // The pixel around the point, by its centre.
      const [column, row] = (points[0] ?? [0, 0]).map((each) => Math.floor(each + toCorner)) as [
        number,
        number,
      ];
      return { shape: "rectangle", left: column, top: row, right: column + 1, bottom: row + 1 };
    }
    default:
      return null;
  }
}

/** x, y, x, y … from the corner of the first pixel. */
export function kernelPoints(points: readonly Coordinate[]): Float64Array {
  return Float64Array.from(points.flatMap(([column, row]) => [column + toCorner, row + toCorner]));
}

/** The whole pixels a region touches inside the image; `null` when it lies outside. */
export function boxOf(region: Region, columns: number, rows: number): Rectangle | null {
  const [left, top, right, bottom] = extent(region);
  const x = Math.max(Math.floor(left), 0);
  const y = Math.max(Math.floor(top), 0);
  const width = Math.min(Math.ceil(right), columns) - x;
  const height = Math.min(Math.ceil(bottom), rows) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

function extent(region: Region): [number, number, number, number] {
  if (region.shape === "rectangle") return [region.left, region.top, region.right, region.bottom];
  if (region.shape === "ellipse") {
    const [ax, ay, bx, by] = region.axes;
    const [wide, tall] = [Math.hypot(ax, bx), Math.hypot(ay, by)];
    const [x, y] = region.center;
    return [x - wide, y - tall, x + wide, y + tall];
  }
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < region.points.length; i += 2) {
    const [x, y] = [region.points[i] as number, region.points[i + 1] as number];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  return [left, top, right, bottom];
}

const coverage = 2;

/** Statistics as values of a mark. A probe has one pixel and so one value. */
export function statisticValues(kind: Kind, statistics: Statistics, meaning: PixelMeaning): Value[] {
  const { quantity, unit } = meaning;
  const make = (derivation: Code | null, value: number, uncertainty: number | null = null): Value => ({
    quantity,
    derivation,
    value,
    unit,
    uncertainty,
    k: coverage,
  });
  if (kind === "probe") return [make(null, statistics.mean)];
  const { count, mean, meanUncertainty, deviation, minimum, maximum } = statistics;
  const ofMean = count > 1 ? coverage * meanUncertainty : null;
  return [
    make(derivations.mean, mean, ofMean),
    make(derivations.standardDeviation, deviation),
    make(derivations.minimum, minimum),
    make(derivations.maximum, maximum),
    {
      quantity: quantities.pixelCount,
      derivation: null,
      value: count,
      unit: "{pixels}",
      uncertainty: null,
      k: coverage,
    },
  ];
}
