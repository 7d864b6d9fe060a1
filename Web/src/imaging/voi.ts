/**
 * Stored samples to display levels: modality rescale, window (PS3.3 C.11.2.1.2), photometric interpretation. Integer
 * samples go through a table with one entry per stored value, so that a new window costs one pass over the pixels.
 */

export type VOIFunction = "LINEAR" | "LINEAR_EXACT" | "SIGMOID";

export interface Window {
  center: number;
  width: number;
}

export type Samples = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;

export interface GrayMapping {
  slope: number;
  intercept: number;
  window: Window;
  function: VOIFunction;
  /** MONOCHROME1, or the reader asked for the negative; both together cancel out. */
  inverted: boolean;
}

/** Display level 0…255 of a value after the modality rescale. */
export function displayLevel(value: number, { center, width }: Window, kind: VOIFunction): number {
  if (kind === "SIGMOID") return 255 / (1 + Math.exp((-4 * (value - center)) / Math.max(width, 1e-6)));
  const [middle, span] = kind === "LINEAR" ? [center - 0.5, width - 1] : [center, width];
  // A width of 1 in the linear function is a threshold: the limits are tested before dividing.
  if (value <= middle - span / 2) return 0;
  if (value > middle + span / 2) return 255;
  return ((value - middle) / span + 0.5) * 255;
}

/** Opaque grey in the byte order of canvas pixels on little-endian machines. */
function gray(level: number): number {
  return (0xff000000 | (level << 16) | (level << 8) | level) >>> 0;
}

function levelOf(stored: number, mapping: GrayMapping): number {
  const level = displayLevel(stored * mapping.slope + mapping.intercept, mapping.window, mapping.function);
  const rounded = Math.round(Math.min(Math.max(level, 0), 255));
  return mapping.inverted ? 255 - rounded : rounded;
}

/** Largest span of stored values for which a table is worth building. */
const tableMaximum = 1 << 16;

/** Canvas pixels of a grey frame. */
export function renderGray(
  samples: Samples,
  range: ValueRange,
  mapping: GrayMapping,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint32Array(samples.length);
  const span = range.maximum - range.minimum + 1;
  if (span <= tableMaximum) {
    const table = new Uint32Array(span);
    for (let i = 0; i < span; i++) table[i] = gray(levelOf(range.minimum + i, mapping));
    const base = range.minimum;
    for (let i = 0; i < samples.length; i++) pixels[i] = table[(samples[i] as number) - base] as number;
  } else {
    for (let i = 0; i < samples.length; i++) pixels[i] = gray(levelOf(samples[i] as number, mapping));
  }
  return new Uint8ClampedArray(pixels.buffer);
}

/** Canvas pixels of an RGB frame; a window moves its brightness and contrast. */
export function renderColor(rgb: Uint8Array, mapping: GrayMapping): Uint8ClampedArray<ArrayBuffer> {
  const table = new Uint8Array(256);
  for (let i = 0; i < 256; i++) table[i] = levelOf(i, mapping);
  const count = Math.floor(rgb.length / 3);
  const pixels = new Uint32Array(count);
  for (let i = 0, at = 0; i < count; i++, at += 3) {
    const red = table[rgb[at] as number] as number;
    const green = table[rgb[at + 1] as number] as number;
    const blue = table[rgb[at + 2] as number] as number;
    pixels[i] = (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return new Uint8ClampedArray(pixels.buffer);
}

export interface ValueRange {
  minimum: number;
  maximum: number;
}

export function valueRange(samples: Samples): ValueRange {
  let minimum = samples[0] ?? 0;
  let maximum = minimum;
  for (let i = 1; i < samples.length; i++) {
    const value = samples[i] as number;
    if (value < minimum) minimum = value;
    else if (value > maximum) maximum = value;
  }
  return { minimum, maximum };
}

const binCount = 4096;
/** Share of the darkest and of the brightest samples a window made from the picture leaves out. */
const tailShare = 0.005;

/** A window that shows nearly all of the picture, padding left out; for frames that come without one. */
export function automaticWindow(
  samples: Samples,
  range: ValueRange,
  slope: number,
  intercept: number,
  padding: number | null,
): Window {
  const bins = new Uint32Array(binCount);
  const scale = (binCount - 1) / Math.max(range.maximum - range.minimum, 1);
  let counted = 0;
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i] as number;
    if (value === padding) continue;
    const bin = Math.floor((value - range.minimum) * scale);
    bins[bin] = (bins[bin] as number) + 1;
    counted++;
  }
  const low = binAt(bins, counted * tailShare) / scale + range.minimum;
  const high = binAt(bins, counted * (1 - tailShare)) / scale + range.minimum;
  const [a, b] = [low * slope + intercept, high * slope + intercept];
  return { center: (a + b) / 2 + 0.5, width: Math.max(Math.abs(b - a), 1) + 1 };
}

function binAt(bins: Uint32Array, rank: number): number {
  let sum = 0;
  for (let i = 0; i < bins.length; i++) {
    sum += bins[i] as number;
    if (sum > rank) return i;
  }
  return bins.length - 1;
}
