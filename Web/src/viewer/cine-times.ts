/** How long each frame of a run stands, in milliseconds. */

const defaultFrameMilliseconds = 100;

export function meanTime(times: readonly number[]): number {
  const positive = times.filter((each) => each > 0);
  if (positive.length === 0) return defaultFrameMilliseconds;
  return positive.reduce((sum, each) => sum + each, 0) / positive.length;
}

export function timeAt(times: readonly number[], frame: number): number {
  const time = times.length > 1 ? times[frame] ?? meanTime(times) : meanTime(times);
  return time > 0 ? time : meanTime(times);
}
