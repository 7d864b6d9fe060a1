/** Draws a sheet: paper, calibration marks, traces. */
import { number as formatted } from "../../core/format.ts";
import type { Sheet, Strip } from "./waveform-layout.ts";
import type { WaveformSource } from "./waveform-source.ts";

/** Red paper as recorders have it; the trace keeps its contrast on it. */
const paper = {
  ground: "#fffaf8",
  fine: "#f8dcd6",
  bold: "#eab3a8",
  trace: "#101c26",
  text: "#33424e",
} as const;
const fineMM = 1;
const boldMM = 5;
/** Below this many pixels each millimetre the fine lines would be a grey haze. */
const finePixels = 3;
const markMM = 5;

export interface Canvas {
  context: CanvasRenderingContext2D;
  /** Device pixels for each millimetre. */
  scale: number;
}

export function paintSheet(canvas: Canvas, sheet: Sheet, source: WaveformSource): void {
  const { context, scale } = canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = paper.ground;
  context.fillRect(0, 0, sheet.width * scale, sheet.height * scale);
  if (scale >= finePixels) grid(canvas, sheet, fineMM, paper.fine);
  grid(canvas, sheet, boldMM, paper.bold);
  for (const strip of sheet.strips) {
    if (strip.left <= sheet.strips[0]!.left) mark(canvas, strip);
    trace(canvas, sheet, strip, source);
    label(canvas, strip);
  }
}

function grid({ context, scale }: Canvas, sheet: Sheet, step: number, color: string): void {
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = 0; x <= sheet.width; x += step) {
    const at = Math.round(x * scale) + 0.5;
    context.moveTo(at, 0);
    context.lineTo(at, sheet.height * scale);
  }
  for (let y = 0; y <= sheet.height; y += step) {
    const at = Math.round(y * scale) + 0.5;
    context.moveTo(0, at);
    context.lineTo(sheet.width * scale, at);
  }
  context.stroke();
}

/** One millivolt as the recorder would draw it; of other units ten millimetres with what they mean. */
function mark({ context, scale }: Canvas, strip: Strip): void {
  const { channel } = strip;
  if (strip.scale <= 0) return;
  const height = channel.perMillivolt === null ? 10 : channel.perMillivolt * strip.scale;
  const [left, base] = [1.5 * scale, (strip.middle + (channel.perMillivolt === null ? 5 : 0)) * scale];
  context.strokeStyle = paper.trace;
  context.lineWidth = Math.max(1, scale * 0.25);
  context.beginPath();
  if (channel.perMillivolt === null) {
    context.moveTo(left, base);
    context.lineTo(left, base - height * scale);
  } else {
    context.moveTo(left - scale, base);
    context.lineTo(left, base);
    context.lineTo(left, base - height * scale);
    context.lineTo(left + markMM * scale, base - height * scale);
    context.lineTo(left + markMM * scale, base);
    context.lineTo(left + (markMM + 1) * scale, base);
  }
  context.stroke();
  if (channel.perMillivolt !== null) return;
  const amount = `${formatted(10 / strip.scale, 4)} ${channel.unit}`.trim();
  text({ context, scale }, amount, left + 0.5 * scale, base + 3 * scale, 2.4);
}

function label(canvas: Canvas, strip: Strip): void {
  const { scale } = canvas;
  const top = Math.max(strip.middle - strip.height / 2 + 4, 4);
  const offset = strip.channel.perMillivolt !== null && strip.center !== 0
    ? ` (${strip.center > 0 ? "+" : ""}${formatted(strip.center, 4)} ${strip.channel.unit})`
    : "";
  text(canvas, strip.channel.label + offset, (strip.left + 1) * scale, top * scale, 3.2);
}

function text({ context, scale }: Canvas, words: string, x: number, y: number, millimetres: number): void {
  const pixels = Math.max(millimetres * scale, 10 * (globalThis.devicePixelRatio || 1));
  context.font = `600 ${pixels}px system-ui, sans-serif`;
  context.fillStyle = paper.text;
  context.fillText(words, x, y);
}

/** A line from sample to sample; where many fall on one pixel, from the least to the greatest of them. */
function trace({ context, scale }: Canvas, sheet: Sheet, strip: Strip, source: WaveformSource): void {
  const { frequency, samples } = source.group;
  // A channel sampled later than the group stands that much to the right.
  const from = strip.from - strip.channel.skew;
  const first = Math.max(0, Math.floor(from * frequency));
  const end = Math.min(samples, Math.floor((from + strip.width / sheet.speed) * frequency) + 2);
  const perSample = (sheet.speed * scale) / frequency;
  const start = (strip.left - from * sheet.speed) * scale;
  const y = (value: number) => (strip.middle - (value - strip.center) * strip.scale) * scale;
  const { index } = strip.channel;
  context.save();
  context.beginPath();
  context.rect(strip.left * scale, 0, strip.width * scale, sheet.height * scale);
  context.clip();
  context.strokeStyle = paper.trace;
  context.lineWidth = Math.max(1, scale * 0.22);
  context.lineJoin = "round";
  context.beginPath();
  const group = Math.max(1, Math.floor(0.5 / perSample));
  let isDrawing = false;
  for (let sample = first; sample < end; sample += group) {
    let [least, greatest] = [Infinity, -Infinity];
    for (let each = sample; each < Math.min(sample + group, end); each++) {
      const value = source.value(index, each);
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    // Gaps in the recording stay gaps.
    if (least > greatest) {
      isDrawing = false;
      continue;
    }
    const x = start + sample * perSample;
    if (isDrawing) context.lineTo(x, y(least));
    else context.moveTo(x, y(least));
    if (greatest > least) context.lineTo(x, y(greatest));
    isDrawing = true;
  }
  context.stroke();
  context.restore();
}
