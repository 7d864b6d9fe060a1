/** DICOM JSON metadata (PS3.18 F) to the frames of a series, in the order they are looked at. */
import type { PixelFormat } from "./frame.ts";
import type { FrameSource } from "./protocol.ts";
import type { VOIFunction, Window } from "./voi.ts";

export interface Attribute {
  vr: string;
  Value?: unknown[];
  BulkDataURI?: string;
  InlineBinary?: string;
}

export type DataSet = Readonly<Record<string, Attribute>>;

export interface Frame {
  sopInstanceUID: string;
  /** 1-based, as in DICOM. */
  frameNumber: number;
  instanceNumber: number | null;
  source: FrameSource;
  window: Window | null;
  function: VOIFunction;
  /** Row and column direction cosines in patient space; `null` when unknown. */
  orientation: readonly number[] | null;
  position: readonly number[] | null;
  /** Row spacing divided by column spacing: how much taller than wide a pixel is. */
  pixelAspect: number;
  /** Milliseconds per frame of a cine run; `null` when the object does not say. */
  frameTime: number | null;
  patientOrientation: readonly string[];
}

export function attribute(data: DataSet, tag: string): unknown {
  return data[tag]?.Value?.[0];
}

export function numbers(data: DataSet, tag: string): number[] {
  const values = (data[tag]?.Value ?? []).map(Number);
  return values.some(Number.isNaN) ? [] : values;
}

function number(data: DataSet, tag: string): number | null {
  return numbers(data, tag)[0] ?? null;
}

export function text(data: DataSet, tag: string): string {
  const value = attribute(data, tag);
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function items(data: DataSet, tag: string): DataSet[] {
  return (data[tag]?.Value ?? []).filter((each): each is DataSet =>
    typeof each === "object" && each !== null
  );
}

/** Whether the object has pixels that can be shown as a picture. */
export function isImage(data: DataSet): boolean {
  return (number(data, "00280010") ?? 0) > 0 && (number(data, "00280011") ?? 0) > 0;
}

/**
 * Frames of all images in the series, ordered for looking through.
 *
 * `transferSyntax` tells how an instance is stored; the metadata themselves do not.
 */
export function framesOf(
  path: string,
  instances: readonly DataSet[],
  transferSyntax: (sopInstanceUID: string) => string,
): Frame[] {
  const images = instances.filter(isImage);
  return orderFrames(
    images.flatMap((data) => framesOfInstance(path, data, transferSyntax(text(data, "00080018")))),
  );
}

/** At most this many frames are taken from one object, whatever it declares. */
const frameMaximum = 100_000;

function framesOfInstance(path: string, data: DataSet, syntax: string): Frame[] {
  const uid = text(data, "00080018");
  const count = Math.min(Math.max(number(data, "00280008") ?? 1, 1), frameMaximum);
  const shared = items(data, "52009229")[0] ?? {};
  const perFrame = items(data, "52009230");
  const base = `${path}/instances/${uid}`;
  return Array.from({ length: count }, (_, index) => {
    const own = perFrame[index] ?? {};
    const group = (tag: string): DataSet => items(own, tag)[0] ?? items(shared, tag)[0] ?? data;
    return {
      sopInstanceUID: uid,
      frameNumber: index + 1,
      instanceNumber: number(data, "00200013"),
      source: sourceOf(
        `${base}/frames/${index + 1}`,
        count === 1 ? base : null,
        pixelFormat(data, group("00289145"), syntax),
        data,
      ),
      window: windowOf(group("00289132")),
      function: voiFunction(text(group("00289132"), "00281056")),
      orientation: fixed(numbers(group("00209116"), "00200037"), 6),
      position: fixed(numbers(group("00209113"), "00200032"), 3),
      pixelAspect: aspectOf(group("00289110"), data),
      frameTime: frameTimeOf(data),
      patientOrientation: (data["00200020"]?.Value ?? []).filter((each): each is string =>
        typeof each === "string"
      ),
    };
  });
}

function fixed(values: number[], length: number): number[] | null {
  return values.length === length ? values : null;
}

function sourceOf(url: string, instanceURL: string | null, format: PixelFormat, data: DataSet): FrameSource {
  // Palettes, Modality LUT sequences and packed bits are left to the server.
  const preferRendered = format.photometric === "PALETTE COLOR" || "00283000" in data ||
    format.bitsAllocated === 1;
  return { url, renderedURL: `${instanceURL ?? url}/rendered`, format, preferRendered };
}

function pixelFormat(data: DataSet, transformation: DataSet, syntax: string): PixelFormat {
  const bitsAllocated = number(data, "00280100") ?? 8;
  const bitsStored = number(data, "00280101") ?? bitsAllocated;
  const signed = number(data, "00280103") === 1;
  const format = {
    rows: number(data, "00280010") ?? 0,
    columns: number(data, "00280011") ?? 0,
    samplesPerPixel: number(data, "00280002") ?? 1,
    photometric: text(data, "00280004"),
    bitsAllocated,
    bitsStored,
    highBit: number(data, "00280102") ?? bitsStored - 1,
    signed,
    planar: number(data, "00280006") === 1,
    slope: number(transformation, "00281053") ?? 1,
    intercept: number(transformation, "00281052") ?? 0,
    padding: number(data, "00280120"),
  };
  return isCompressed(syntax)
    ? { ...format, photometric: decodedPhotometric(format.photometric), planar: false }
    : format;
}

/** The JPEG family; decoding its colour gives interleaved RGB. */
function isCompressed(syntax: string): boolean {
  return syntax.startsWith("1.2.840.10008.1.2.4");
}

function decodedPhotometric(stored: string): string {
  return stored.startsWith("YBR_") ? "RGB" : stored;
}

function windowOf(data: DataSet): Window | null {
  const [center, width] = [number(data, "00281050"), number(data, "00281051")];
  return center === null || width === null || width <= 0 ? null : { center, width };
}

function voiFunction(name: string): VOIFunction {
  return name === "SIGMOID" || name === "LINEAR_EXACT" ? name : "LINEAR";
}

function aspectOf(measures: DataSet, data: DataSet): number {
  for (const tag of ["00280030", "00181164", "00280034"]) {
    const [vertical, horizontal] = numbers(tag === "00280030" ? measures : data, tag);
    if (vertical && horizontal && vertical > 0 && horizontal > 0) return vertical / horizontal;
  }
  return 1;
}

function frameTimeOf(data: DataSet): number | null {
  const time = number(data, "00181063");
  if (time !== null && time > 0) return time;
  const rate = number(data, "00082144") ?? number(data, "00180040");
  return rate !== null && rate > 0 ? 1000 / rate : null;
}

/** How far two direction cosines may differ and still be one stack. */
const orientationTolerance = 1e-3;

/**
 * By position along the normal when the frames are one parallel stack of different places; otherwise (several time
 * points, localizers, no geometry) by Instance Number and frame. Order of arrival never counts.
 */
export function orderFrames(frames: Frame[]): Frame[] {
  const byNumber = (a: Frame, b: Frame) =>
    (a.instanceNumber ?? 0) - (b.instanceNumber ?? 0) || a.sopInstanceUID.localeCompare(b.sopInstanceUID) ||
    a.frameNumber - b.frameNumber;
  const numbered = [...frames].sort(byNumber);
  const places = numbered.map((frame) => distanceAlongNormal(frame, numbered[0]?.orientation ?? null));
  const known = places.filter((each): each is number => each !== null);
  const distinct = new Set(known.map((each) => each.toFixed(2)));
  if (known.length !== numbered.length || distinct.size !== numbered.length) return numbered;
  const place = new Map(numbered.map((frame, index) => [frame, places[index] ?? 0]));
  // Feet-to-head as acquired or head-to-feet: keep the direction the numbers run in.
  const direction = (known.at(-1) ?? 0) >= (known[0] ?? 0) ? 1 : -1;
  return numbered.sort((a, b) => direction * ((place.get(a) ?? 0) - (place.get(b) ?? 0)));
}

function distanceAlongNormal(frame: Frame, reference: readonly number[] | null): number | null {
  const { orientation, position } = frame;
  if (!orientation || !position || !reference) return null;
  if (orientation.some((each, index) => Math.abs(each - (reference[index] ?? 0)) > orientationTolerance)) {
    return null;
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = orientation;
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d];
  return normal.reduce((sum, each, index) => sum + each * (position[index] ?? 0), 0);
}
