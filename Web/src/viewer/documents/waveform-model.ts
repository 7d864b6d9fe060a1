/** Waveforms (PS3.3 C.10.9): groups, channels, what their samples mean. Knows no page and no network. */
import type { DataSet } from "../../core/dicom-json.ts";
import { code, codeTitle, items, meaningOf, number, numbers, text, unitText } from "./data-set.ts";

export interface Channel {
  /** 0-based, in the group. */
  index: number;
  label: string;
  /** The coded source, for those who want to know exactly. */
  source: string;
  /** `value = stored · factor + baseline`, in `unit`; 1 and 0 for samples without a unit. */
  factor: number;
  baseline: number;
  unit: string;
  /** Of the unit for one millivolt; `null` for what is no voltage. */
  perMillivolt: number | null;
  /** As recorded, in Hz; `null` when not told. */
  lowCut: number | null;
  highCut: number | null;
  notch: number | null;
  /** Seconds by which this channel was sampled later. */
  skew: number;
}

export interface Group {
  /** 1-based, as in DICOM. */
  number: number;
  label: string;
  originality: string;
  /** Hz. */
  frequency: number;
  samples: number;
  bytesPerSample: number;
  interpretation: string;
  channels: readonly Channel[];
  /** Stored value that stands for no measurement. */
  padding: number | null;
}

export interface WaveformAnnotation {
  text: string;
  /** Group and channels (0-based) it belongs to; none for the whole recording. */
  group: number | null;
  channels: readonly number[];
  /** Seconds from the group's start. */
  times: readonly number[];
}

export const waveformLimits = { groups: 32, channels: 256, annotations: 2000, rate: 1e6 } as const;

const bytesOf: Readonly<Record<string, number>> = {
  SB: 1,
  UB: 1,
  MB: 1,
  AB: 1,
  SS: 2,
  US: 2,
  SL: 4,
  UL: 4,
};

const millivolts: Readonly<Record<string, number>> = { V: 0.001, mV: 1, uV: 1000, nV: 1e6 };

export function groupsOf(data: DataSet): Group[] {
  return items(data, "54000100").slice(0, waveformLimits.groups).map(groupOf).filter((each): each is Group =>
    each !== null
  );
}

/** `null` for a group whose samples cannot be told apart. */
function groupOf(item: DataSet, index: number): Group | null {
  const frequency = number(item, "003A001A") ?? 0;
  const samples = number(item, "003A0010") ?? 0;
  const count = number(item, "003A0005") ?? 0;
  const interpretation = text(item, "54001006");
  const bytesPerSample = bytesOf[interpretation] ?? 0;
  const bits = number(item, "54001004");
  if (!Number.isInteger(count) || count < 1 || count > waveformLimits.channels) return null;
  if (!(frequency > 0) || frequency > waveformLimits.rate || !Number.isInteger(samples) || samples < 1) {
    return null;
  }
  if (bytesPerSample === 0 || (bits !== null && bits !== bytesPerSample * 8)) return null;
  const definitions = items(item, "003A0200");
  return {
    number: index + 1,
    label: text(item, "003A0020"),
    originality: text(item, "003A0004"),
    frequency,
    samples,
    bytesPerSample,
    interpretation,
    channels: Array.from({ length: count }, (_, each) => channelOf(definitions[each] ?? {}, each, frequency)),
    padding: paddingOf(item, interpretation),
  };
}

/** Waveform Padding Value is written as the samples are; numbers are read, bytes are decoded. */
function paddingOf(item: DataSet, interpretation: string): number | null {
  const value = number(item, "5400100A");
  const inline = item["5400100A"]?.InlineBinary;
  if (value !== null || typeof inline !== "string") return value;
  try {
    const bytes = Uint8Array.from(atob(inline), (each) => each.charCodeAt(0));
    return reader(interpretation, new DataView(bytes.buffer))(0);
  } catch {
    return null;
  }
}

function channelOf(item: DataSet, index: number, frequency: number): Channel {
  const source = code(item, "003A0208");
  const unit = code(item, "003A0211");
  const sensitivity = number(item, "003A0210");
  const unitShown = sensitivity === null ? "" : unitText(unit);
  return {
    index,
    label: channelName(text(item, "003A0203") || meaningOf(source)) || String(index + 1),
    source: source ? codeTitle(source) : "",
    factor: sensitivity === null ? 1 : sensitivity * (number(item, "003A0212") ?? 1),
    baseline: sensitivity === null ? 0 : number(item, "003A0213") ?? 0,
    unit: unitShown,
    perMillivolt: millivolts[unitShown] ?? null,
    lowCut: number(item, "003A0220"),
    highCut: number(item, "003A0221"),
    notch: number(item, "003A0222"),
    skew: number(item, "003A0214") ?? (number(item, "003A0215") ?? 0) / frequency,
  };
}

/** `Lead aVR (Einthoven)` and `Lead II` as they stand on paper. */
export function channelName(written: string): string {
  return written.replace(/\((Einthoven|Goldberger)\)/i, "").replace(/^lead\s+/i, "").replace(
    /,?\s*augmented.*$/i,
    "",
  )
    .trim();
}

export const standardLeads = [
  "I",
  "II",
  "III",
  "aVR",
  "aVL",
  "aVF",
  "V1",
  "V2",
  "V3",
  "V4",
  "V5",
  "V6",
] as const;

/** The channels of the twelve standard leads in their order; `null` unless all are there. */
export function twelveLeads(group: Group): Channel[] | null {
  const found = standardLeads.map((lead) =>
    group.channels.find((each) => each.label.toLowerCase() === lead.toLowerCase())
  );
  return found.every((each): each is Channel => each !== undefined) ? found : null;
}

/** Reads stored samples, little endian, by their index in a buffer. */
export function reader(interpretation: string, view: DataView): (index: number) => number {
  switch (interpretation) {
    case "SB":
      return (index) => view.getInt8(index);
    case "SS":
      return (index) => view.getInt16(2 * index, true);
    case "US":
      return (index) => view.getUint16(2 * index, true);
    case "SL":
      return (index) => view.getInt32(4 * index, true);
    case "UL":
      return (index) => view.getUint32(4 * index, true);
    case "MB":
      return (index) => muLaw(view.getUint8(index));
    case "AB":
      return (index) => aLaw(view.getUint8(index));
    default:
      return (index) => view.getUint8(index);
  }
}

/** ITU-T G.711, to 14-bit linear values times four. */
export function muLaw(stored: number): number {
  const inverted = ~stored & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4)) - 0x84;
  return inverted & 0x80 ? -magnitude : magnitude;
}

/** ITU-T G.711, to 13-bit linear values times eight. */
export function aLaw(stored: number): number {
  const toggled = stored ^ 0x55;
  const exponent = (toggled & 0x70) >> 4;
  const base = ((toggled & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? base : (base + 0x100) << (exponent - 1);
  return toggled & 0x80 ? magnitude : -magnitude;
}

export function annotationsOf(data: DataSet, groups: readonly Group[]): WaveformAnnotation[] {
  return items(data, "0040B020").slice(0, waveformLimits.annotations).map((item) => {
    const references = numbers(item, "0040A0B0");
    const group = groups.find((each) => each.number === references[0]) ?? null;
    // Pairs of group and channel; channel 0 is the whole group.
    const channels = references.filter((_, index) => index % 2 === 1).filter((each) => each > 0).map((each) =>
      each - 1
    );
    const rate = group?.frequency ?? groups[0]?.frequency ?? 0;
    const positions = rate > 0 ? numbers(item, "0040A132").map((each) => (each - 1) / rate) : [];
    const offsets = numbers(item, "0040A138");
    return {
      text: annotationText(item),
      group: group?.number ?? null,
      channels,
      times: positions.length > 0 ? positions : offsets,
    };
  }).filter((each) => each.text !== "");
}

function annotationText(item: DataSet): string {
  const written = text(item, "00700006");
  if (written !== "") return written;
  const name = meaningOf(code(item, "0040A043"));
  const value = number(item, "0040A30A");
  const unit = unitText(code(item, "004008EA"));
  const coded = meaningOf(code(item, "0040A168"));
  const shown = value === null ? coded : `${value} ${unit}`.trim();
  return name !== "" && shown !== "" ? `${name}: ${shown}` : name || shown;
}
