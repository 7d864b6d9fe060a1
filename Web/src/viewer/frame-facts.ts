/** What is known of a frame beyond its pixels: size, spacing and where that comes from, frame of reference. */
import { attribute, type DataSet, type Frame, numbers, text } from "../imaging/metadata.ts";
import type { Spacing, ViewportFrame } from "./viewport-api.ts";

/** Shadows of the patient: lengths are those on the detector unless corrected. */
const projections = new Set(["CR", "DX", "MG", "IO", "PX", "RG", "RF", "XA"]);

function firstItem(data: DataSet, tag: string): DataSet | null {
  const item = attribute(data, tag);
  return typeof item === "object" && item !== null ? (item as DataSet) : null;
}

/** A functional group of one frame, else the shared one, else the object itself. */
function group(data: DataSet, frameNumber: number, tag: string): DataSet {
  const own = data["52009230"]?.Value?.[frameNumber - 1] as DataSet | undefined;
  const shared = firstItem(data, "52009229");
  return (own && firstItem(own, tag)) ?? (shared && firstItem(shared, tag)) ?? data;
}

function pair(data: DataSet, tag: string): [row: number, column: number] | null {
  const [row = 0, column = 0] = numbers(data, tag);
  return row > 0 && column > 0 ? [row, column] : null;
}

export function spacingOf(data: DataSet, frameNumber: number): Spacing {
  const measures = group(data, frameNumber, "00289110");
  const modality = text(data, "00080060");
  const pixel = pair(measures, "00280030");
  const imager = pair(data, "00181164");
  const made = (values: [number, number], source: Spacing["source"]): Spacing => ({
    rowMM: values[0],
    columnMM: values[1],
    source,
  });
  if (projections.has(modality)) return projectionSpacing(data, pixel, imager, made);
  if (pixel) return made(pixel, text(measures, "00280A02") === "FIDUCIAL" ? "calibrated" : "pixelSpacing");
  if (imager) return made(imager, "imagerSpacing");
  const nominal = pair(data, "00182010");
  if (nominal) return made(nominal, "nominalScanned");
  return ultrasoundSpacing(data) ?? { rowMM: null, columnMM: null, source: "none" };
}

/** PS3.3 10.7.1.3: Pixel Spacing that differs from Imager Pixel Spacing has been corrected or calibrated. */
function projectionSpacing(
  data: DataSet,
  pixel: [number, number] | null,
  imager: [number, number] | null,
  made: (values: [number, number], source: Spacing["source"]) => Spacing,
): Spacing {
  const same = pixel && imager && pixel.every((each, index) => Math.abs(each - (imager[index] ?? 0)) < 1e-6);
  if (pixel && !same) {
    const type = text(data, "00280A02");
    if (type === "GEOMETRY") return made(pixel, "magnificationCorrected");
    return made(pixel, type === "FIDUCIAL" ? "calibrated" : "pixelSpacing");
  }
  const detector = imager ?? pixel;
  if (!detector) {
    const nominal = pair(data, "00182010");
    return nominal ? made(nominal, "nominalScanned") : { rowMM: null, columnMM: null, source: "none" };
  }
  const magnification = numbers(data, "00181114")[0] ?? 0;
  if (magnification > 1) {
    return made([detector[0] / magnification, detector[1] / magnification], "magnificationCorrected");
  }
  return made(detector, "imagerSpacing");
}

const centimetres = 3;

/** A single region whose axes are lengths serves the whole picture; with several regions each place has its own. */
function ultrasoundSpacing(data: DataSet): Spacing | null {
  const regions = data["00186011"]?.Value ?? [];
  const region = firstItem(data, "00186011");
  if (regions.length !== 1 || !region) return null;
  const [unitsX, unitsY] = [numbers(region, "00186024")[0], numbers(region, "00186026")[0]];
  const [x = 0, y = 0] = [numbers(region, "0018602C")[0], numbers(region, "0018602E")[0]];
  if (unitsX !== centimetres || unitsY !== centimetres || x === 0 || y === 0) return null;
  return { rowMM: Math.abs(y) * 10, columnMM: Math.abs(x) * 10, source: "ultrasoundRegion" };
}

export function viewportFrame(
  place: { study: string; series: string; modality: string; index: number },
  frame: Frame,
  data: DataSet,
): ViewportFrame {
  return {
    studyInstanceUID: place.study,
    seriesInstanceUID: place.series,
    sopInstanceUID: frame.sopInstanceUID,
    sopClassUID: text(data, "00080016"),
    modality: place.modality,
    frameNumber: frame.frameNumber,
    numberOfFrames: numbers(data, "00280008")[0] ?? 1,
    index: place.index,
    columns: frame.source.format.columns,
    rows: frame.source.format.rows,
    spacing: spacingOf(data, frame.frameNumber),
    orientation: frame.orientation,
    position: frame.position,
    frameOfReferenceUID: text(data, "00200052") || null,
    dataSet: data,
  };
}
