/** The loaded frame closest to `current`; -1 when none is. */
export function nearestLoaded(current: number, count: number, loaded: (index: number) => boolean): number {
  for (let distance = 0; distance < count; distance++) {
    for (const index of [current - distance, current + distance]) {
      if (index >= 0 && index < count && loaded(index)) return index;
    }
  }
  return -1;
}
