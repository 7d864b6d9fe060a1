/** How often each value occurs in a frame, padding left out. */

export interface Histogram {
  minimum: number;
  maximum: number;
  mean: number;
  /** Standard deviation of the picture as it is (divided by n). */
  deviation: number;
  /** 256 bars, 1 for the highest; heights by square root, so that rare values can be seen beside air. */
  bars: readonly number[];
}

const barCount = 256;

export function histogramOf(
  values: ArrayLike<number>,
  display: { slope: number; intercept: number; padding: readonly [number, number] | null },
): Histogram | null {
  const { slope, intercept, padding } = display;
  const isPadding = (value: number) => padding !== null && value >= padding[0] && value <= padding[1];
  let [count, sum, squares, low, high] = [0, 0, 0, Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const stored = values[i] as number;
    if (isPadding(stored)) continue;
    count++;
    sum += stored;
    squares += stored * stored;
    if (stored < low) low = stored;
    if (stored > high) high = stored;
  }
  if (count === 0) return null;
  const bars = new Float64Array(barCount);
  const scale = high > low ? (barCount - 1) / (high - low) : 0;
  for (let i = 0; i < values.length; i++) {
    const stored = values[i] as number;
    if (isPadding(stored)) continue;
    const place = Math.round((stored - low) * scale);
    const bar = slope < 0 ? barCount - 1 - place : place;
    bars[bar] = (bars[bar] ?? 0) + 1;
  }
  const highest = Math.sqrt(Math.max(...bars));
  const mean = sum / count;
  const ends = [low * slope + intercept, high * slope + intercept];
  return {
    minimum: Math.min(...ends),
    maximum: Math.max(...ends),
    mean: mean * slope + intercept,
    deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) * Math.abs(slope),
    bars: [...bars].map((each) => Math.sqrt(each) / highest),
  };
}
