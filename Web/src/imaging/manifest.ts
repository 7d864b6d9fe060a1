/** The manifest of a study (Documentation/viewing.md) from its JSON to objects that refer to each other. */
import { type Study, withTexts } from "../core/api.ts";
import type {
  DisplayValues,
  FrameInfo,
  InstanceAttributes,
  InstanceInfo,
  LookupTable,
  NamedWindow,
  SeriesKind,
  SeriesManifest,
  StackInfo,
  StudyManifest,
  VOIFunction,
} from "./pictures.ts";

/** A plain array, or one value when all entries are equal. */
type Column<Value> = Value | readonly Value[];

interface TableText {
  first: number;
  bits: number;
  data: string;
}

interface DisplayText {
  slope: number;
  intercept: number;
  rescaleType: string;
  modalityTable: number | null;
  windows: NamedWindow[];
  function: VOIFunction;
  voiTables: { table: number; explanation: string }[];
  padding: [number, number] | null;
  presentationShape: "IDENTITY" | "INVERSE";
}

type StackText = Omit<StackInfo, "index" | "palette"> & { palette: number[] | null };

export interface SeriesText {
  seriesInstanceUID: string;
  modality: string;
  seriesNumber: number | null;
  seriesDescription: string;
  seriesDate: string;
  seriesTime: string;
  bodyPart: string;
  laterality: string;
  protocolName: string;
  kind: SeriesKind;
  revision: string;
  instances: {
    count: number;
    sopInstanceUID: Column<string>;
    sopClassUID: Column<string>;
    kind: Column<SeriesKind>;
    instanceNumber: Column<number | null>;
    numberOfFrames: Column<number>;
    attributes: Column<number>;
    quarantined: Column<boolean>;
  };
  attributes: InstanceAttributes[];
  frames: {
    count: number;
    instance: Column<number>;
    number: Column<number>;
    display: Column<number>;
    time: Column<number | null>;
    position: (number | null)[] | null;
  };
  stacks: StackText[];
  displays: DisplayText[];
  tables: TableText[];
}

export interface StudyText {
  format: number;
  study: Study;
  series: SeriesText[];
}

export class ManifestError extends Error {}

const knownFormat = 1;

export function parseStudy(text: StudyText): StudyManifest {
  if (text.format !== knownFormat) throw new ManifestError(`manifest format ${text.format}`);
  return { study: withTexts(text.study), series: text.series.map(parseSeries) };
}

function at<Value>(column: Column<Value>, index: number): Value {
  return Array.isArray(column) ? column[index] as Value : column as Value;
}

export function parseSeries(text: SeriesText): SeriesManifest {
  const tables = text.tables.map(parseTable);
  const displays = text.displays.map((each) => parseDisplay(each, tables));
  const stacks = text.stacks.map((each, index) => parseStack(each, index, tables));
  const instances = parseInstances(text);
  return {
    seriesInstanceUID: text.seriesInstanceUID,
    modality: text.modality,
    seriesNumber: text.seriesNumber,
    seriesDescription: text.seriesDescription,
    seriesDate: text.seriesDate,
    seriesTime: text.seriesTime,
    bodyPart: text.bodyPart,
    laterality: text.laterality,
    protocolName: text.protocolName,
    kind: text.kind,
    revision: text.revision,
    instances,
    frames: parseFrames(text, instances, stacks, displays),
    stacks,
  };
}

function parseInstances(text: SeriesText): InstanceInfo[] {
  const { instances, attributes } = text;
  return Array.from({ length: instances.count }, (_, index) => ({
    index,
    sopInstanceUID: at(instances.sopInstanceUID, index),
    sopClassUID: at(instances.sopClassUID, index),
    kind: at(instances.kind, index),
    instanceNumber: at(instances.instanceNumber, index),
    numberOfFrames: at(instances.numberOfFrames, index),
    quarantined: at(instances.quarantined, index),
    attributes: known(attributes, at(instances.attributes, index)),
  }));
}

function parseFrames(
  text: SeriesText,
  instances: InstanceInfo[],
  stacks: StackInfo[],
  displays: DisplayValues[],
): FrameInfo[] {
  const { frames } = text;
  const all: FrameInfo[] = [];
  for (const stack of stacks) {
    for (let index = stack.first; index < stack.first + stack.count; index++) {
      all.push({
        index,
        instance: known(instances, at(frames.instance, index)),
        frameNumber: at(frames.number, index),
        stack,
        display: known(displays, at(frames.display, index)),
        position: vector(frames.position, index * 3),
        time: at(frames.time, index),
      });
    }
  }
  if (all.length !== frames.count) throw new ManifestError("stacks do not cover the frames");
  return all;
}

function vector(values: (number | null)[] | null, from: number): readonly [number, number, number] | null {
  const [x, y, z] = values?.slice(from, from + 3) ?? [];
  return typeof x === "number" && typeof y === "number" && typeof z === "number" ? [x, y, z] : null;
}

function known<Value>(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new ManifestError("index out of range");
  return value;
}

function parseStack(text: StackText, index: number, tables: LookupTable[]): StackInfo {
  const [red, green, blue] = text.palette?.map((each) => known(tables, each)) ?? [];
  return { ...text, index, palette: red && green && blue ? [red, green, blue] : null };
}

function parseDisplay(text: DisplayText, tables: LookupTable[]): DisplayValues {
  return {
    ...text,
    modalityTable: text.modalityTable === null ? null : known(tables, text.modalityTable),
    voiTables: text.voiTables.map(({ table, explanation }) => ({ table: known(tables, table), explanation })),
  };
}

function parseTable(text: TableText): LookupTable {
  const bytes = atob(text.data);
  const entries = new Uint16Array(bytes.length >> 1);
  let hash = 0x811c9dc5;
  for (let i = 0; i < entries.length; i++) {
    const entry = bytes.charCodeAt(2 * i) | (bytes.charCodeAt(2 * i + 1) << 8);
    entries[i] = entry;
    hash = Math.imul(hash ^ entry, 0x01000193);
  }
  const key = `${text.first}:${text.bits}:${entries.length}:${(hash >>> 0).toString(16)}`;
  return { key, first: text.first, bits: text.bits, entries };
}
