/**
 * The mark: one thing a reader drew, as Documentation/marks.md defines it. Positions are image coordinates [column, row] with
 * (0, 0) at the centre of the first pixel; nothing here knows of screens.
 */
import type { Code } from "./codes.ts";

export type Coordinate = readonly [column: number, row: number];
export type PatientPoint = readonly [x: number, y: number, z: number];

export const kinds = [
  "length",
  "polyline",
  "curve",
  "angle",
  "cobb",
  "ratio",
  "ellipse",
  "circle",
  "rectangle",
  "polygon",
  "freehand",
  "probe",
  "text",
  "arrow",
  "calibration",
  "volume",
  "graphic",
] as const;
export type Kind = typeof kinds[number];

export interface Value {
  quantity: Code;
  derivation: Code | null;
  value: number;
  /** UCUM. */
  unit: string;
  /** Expanded, U = k·u; `null` when there is none to state. */
  uncertainty: number | null;
  k: number;
}

export type CalibrationSource =
  | "pixelSpacing"
  | "calibrated"
  | "magnified"
  | "detector"
  | "nominalScanned"
  | "ultrasoundRegion"
  | "user"
  | "none";

/** Why there are no millimetres. */
export type NoMillimetres =
  | "noSpacing"
  | "outsideRegion"
  | "severalRegions"
  | "regionUnit"
  | "notFullResolution";

export interface Calibration {
  source: CalibrationSource;
  /** Millimetres between rows and between columns; `null` when unknown. */
  rowSpacing: number | null;
  columnSpacing: number | null;
  /** Relative standard uncertainty of the spacing, as far as it is known here. */
  spacingUncertainty: number;
  reason?: NoMillimetres;
  magnification?: number;
  /** 1-based item of the Sequence of Ultrasound Regions. */
  region?: number;
  /** The calibration mark. */
  mark?: string;
}

export interface Author {
  name: string;
  displayName: string;
}

export interface Origin {
  sopInstanceUID: string;
  seriesInstanceUID: string;
  kind: "SR" | "GSPS";
  created: string;
}

export interface Mark {
  uid: string;
  kind: Kind;
  number: number;
  seriesInstanceUID: string;
  sopClassUID: string;
  sopInstanceUID: string;
  /** 1-based. */
  frameNumber: number;
  frameOfReferenceUID: string | null;
  points: readonly Coordinate[];
  patientPoints: readonly PatientPoint[] | null;
  /** Where the value stands; `null` for the automatic place. */
  label: Coordinate | null;
  text: string;
  values: readonly Value[];
  calibration: Calibration;
  /** Standard uncertainty of each anchor in pixels, along columns and rows. */
  anchorUncertainty: readonly Coordinate[];
  members: readonly string[];
  hidden: boolean;
  author: Author;
  created: string;
  modified: string;
  tool: { name: string; version: string };
  origin?: Origin;
  /** How a `graphic` is to be drawn. */
  graphicType?: string;
}

/** A mark taken away, so that another window does not bring it back. */
export interface Deletion {
  uid: string;
  modified: string;
}

/** What addresses a frame. */
export interface FrameAddress {
  sopInstanceUID: string;
  frameNumber: number;
}

export const gridPerPixel = 1024;

/** To the grid of 1/1024 pixel: such coordinates survive an FL unchanged. */
export function onGrid(value: number): number {
  // `+ 0` makes -0, which JSON would lose, a plain zero.
  return Math.round(value * gridPerPixel) / gridPerPixel + 0;
}

export function gridPoint(column: number, row: number): Coordinate {
  return [onGrid(column), onGrid(row)];
}

export function isOn(mark: FrameAddress, frame: FrameAddress): boolean {
  return mark.sopInstanceUID === frame.sopInstanceUID && mark.frameNumber === frame.frameNumber;
}

/** A UID from 128 random bits (PS3.5 B.2). */
export function newUID(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let number = 0n;
  for (const byte of bytes) number = (number << 8n) | BigInt(byte);
  return `2.25.${number}`;
}

/** Points a mark of the kind has: at least and at most. */
export const pointCount: Readonly<Record<Kind, readonly [least: number, most: number]>> = {
  length: [2, 2],
  polyline: [2, 1000],
  curve: [2, 1000],
  angle: [3, 3],
  cobb: [4, 4],
  ratio: [4, 4],
  ellipse: [4, 4],
  circle: [2, 2],
  rectangle: [2, 2],
  polygon: [3, 1000],
  freehand: [3, 20_000],
  probe: [1, 1],
  text: [1, 1],
  arrow: [2, 2],
  calibration: [2, 2],
  volume: [0, 0],
  graphic: [0, 20_000],
};

/** Kinds that enclose pixels. */
export const regionKinds: ReadonlySet<Kind> = new Set([
  "ellipse",
  "circle",
  "rectangle",
  "polygon",
  "freehand",
]);

/**
 * A mark from data of outside; `null` for what cannot be drawn. What other makers' objects do not tell is filled in, what
 * contradicts the definition is left out rather than trusted.
 */
export function readMark(data: unknown): Mark | null {
  if (typeof data !== "object" || data === null) return null;
  const mark = { ...absent, ...withoutNull(data) } as unknown as Mark;
  if (!kinds.includes(mark.kind)) return null;
  const [least, most] = pointCount[mark.kind];
  const isRight = isUID(mark.uid) && isUID(mark.sopInstanceUID) &&
    typeof mark.seriesInstanceUID === "string" &&
    Number.isInteger(mark.frameNumber) && Number.isInteger(mark.number) &&
    Array.isArray(mark.points) && mark.points.length >= least && mark.points.length <= most &&
    mark.points.every(isCoordinate) && (mark.label === null || isCoordinate(mark.label)) &&
    typeof mark.text === "string" && Array.isArray(mark.values) && mark.values.every(isValue) &&
    Array.isArray(mark.members) && Array.isArray(mark.anchorUncertainty) &&
    mark.anchorUncertainty.every(isCoordinate) && typeof mark.calibration?.source === "string" &&
    typeof mark.author?.name === "string" && typeof mark.created === "string" &&
    typeof mark.modified === "string";
  return isRight ? mark : null;
}

const absent = {
  number: 0,
  seriesInstanceUID: "",
  sopClassUID: "",
  frameNumber: 1,
  frameOfReferenceUID: null,
  patientPoints: null,
  label: null,
  text: "",
  values: [],
  calibration: { source: "none", rowSpacing: null, columnSpacing: null, spacingUncertainty: 0 },
  anchorUncertainty: [],
  members: [],
  hidden: false,
  author: { name: "", displayName: "" },
  created: "",
  modified: "",
  tool: { name: "", version: "" },
} as const;

function withoutNull(data: object): object {
  return Object.fromEntries(
    Object.entries(data).filter(([, value]) => value !== null && value !== undefined),
  );
}

function isUID(data: unknown): data is string {
  return typeof data === "string" && data.length <= 64 && /^[0-9.]+$/.test(data);
}

function isCoordinate(data: unknown): data is Coordinate {
  return Array.isArray(data) && data.length === 2 && data.every((each) => Number.isFinite(each));
}

function isValue(data: unknown): data is Value {
  if (typeof data !== "object" || data === null) return false;
  const value = data as Partial<Value>;
  return Number.isFinite(value.value) && typeof value.unit === "string" &&
    typeof value.quantity?.value === "string" &&
    (value.uncertainty === null || Number.isFinite(value.uncertainty));
}
