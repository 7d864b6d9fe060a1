/** Where each channel stands on the sheet, in millimetres of paper. Knows no page. */
import { type Channel, type Group, twelveLeads } from "./waveform-model.ts";

export const sheetLayouts = ["3x4", "6x2", "stacked"] as const;
export type SheetLayout = typeof sheetLayouts[number];

/** Paper speed, mm each second, and gain, mm each millivolt, as on recorders. */
export const speeds = [12.5, 25, 50, 100] as const;
export const gains = [5, 10, 20, 40] as const;

export interface Strip {
  channel: Channel;
  left: number;
  width: number;
  /** Of the line that `center` stands on. */
  middle: number;
  height: number;
  /** Seconds from the start of the group. */
  from: number;
  /** Millimetres for each unit of the channel, and the value in the middle. */
  scale: number;
  center: number;
}

export interface Sheet {
  width: number;
  height: number;
  strips: readonly Strip[];
  speed: number;
}

export interface SheetOptions {
  layout: SheetLayout;
  speed: number;
  gain: number;
  /** Seconds: where the page begins and how long it is. */
  from: number;
  seconds: number;
  /** Least and greatest value of a channel on this page; `null` while unknown. */
  range: (channel: Channel) => readonly [number, number] | null;
}

/** Room for the calibration mark. */
export const markWidth = 10;
const rowMinimum = 12;
const usualGain = 10;
/** Rows of paper for a millivolt each way and half of one between them. */
const millivoltsPerRow = 2.5;
const otherRow = 20;
const crowded = 16;

export function layoutsFor(group: Group): readonly SheetLayout[] {
  return twelveLeads(group) ? sheetLayouts : ["stacked"];
}

export function sheetOf(group: Group, options: SheetOptions): Sheet {
  const { layout, speed, from, seconds } = options;
  const leads = layout === "stacked" ? null : twelveLeads(group);
  const strips: Strip[] = [];
  const width = markWidth + seconds * speed;
  let top = 0;
  const add = (row: readonly Channel[], share: number) => {
    const height = Math.max(...row.map((each) => rowHeight(each, options.gain, group.channels.length)));
    row.forEach((channel, index) => {
      const start = index * share;
      strips.push({
        channel,
        left: markWidth + start * speed,
        width: share * speed,
        middle: top + height / 2,
        height,
        from: from + start,
        ...scaleOf(channel, options, height),
      });
    });
    top += height;
  };
  if (leads) {
    const rows = layout === "3x4" ? 3 : 6;
    const columns = leads.length / rows;
    for (let row = 0; row < rows; row++) {
      add(leads.filter((_, index) => index % rows === row), seconds / columns);
    }
    const rhythm = leads[1];
    if (layout === "3x4" && rhythm) add([rhythm], seconds);
  } else {
    for (const channel of group.channels) add([channel], seconds);
  }
  return { width, height: top, strips, speed };
}

function rowHeight(channel: Channel, gain: number, channels: number): number {
  const usual = channel.perMillivolt === null ? otherRow : millivoltsPerRow * gain;
  return Math.max(rowMinimum, channels > crowded ? usual / 2 : usual);
}

/** Voltages keep the gain of the paper; everything else is made to fit its row by a round number. */
function scaleOf(channel: Channel, options: SheetOptions, height: number): Pick<Strip, "scale" | "center"> {
  const range = options.range(channel);
  if (channel.perMillivolt !== null) {
    const scale = options.gain / channel.perMillivolt;
    if (range === null) return { scale, center: 0 };
    // A trace that would stand outside its row is moved into it, by whole millivolts.
    const middle = (range[0] + range[1]) / 2;
    const isOutside = Math.abs(middle) * scale > height / 2;
    return {
      scale,
      center: isOutside ? Math.round(middle / channel.perMillivolt) * channel.perMillivolt : 0,
    };
  }
  if (range === null) return { scale: 0, center: 0 };
  const span = range[1] - range[0];
  const factor = options.gain / usualGain;
  const perTenMM = roundUp(span > 0 ? (span / (height - 4)) * 10 : 1);
  return { scale: (10 / perTenMM) * factor, center: (range[0] + range[1]) / 2 };
}

/** The next of 1, 2, 5, 10, 20… */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 2, 5]) if (value <= step * power * (1 + 1e-9)) return step * power;
  return 10 * power;
}

/** The strip at a place of the sheet; of those of a row the one below the pointer. */
export function stripAt(sheet: Sheet, x: number, y: number): Strip | null {
  return sheet.strips.find((each) =>
    x >= each.left && x <= each.left + each.width && Math.abs(y - each.middle) <= each.height / 2
  ) ?? null;
}

/** A point of a strip: seconds from the start of the group, and the channel's value. */
export interface StripPoint {
  seconds: number;
  value: number;
}

export function pointAt(sheet: Sheet, strip: Strip, x: number, y: number, frequency: number): StripPoint {
  const within = Math.min(Math.max(x, strip.left), strip.left + strip.width) - strip.left;
  const exact = strip.from + within / sheet.speed;
  return {
    // Nothing was measured between two samples.
    seconds: Math.round(exact * frequency) / frequency,
    value: strip.scale > 0 ? strip.center + (strip.middle - y) / strip.scale : 0,
  };
}

export function placeOf(sheet: Sheet, strip: Strip, point: StripPoint): { x: number; y: number } {
  return {
    x: strip.left + (point.seconds - strip.from) * sheet.speed,
    y: strip.middle - (point.value - strip.center) * strip.scale,
  };
}
