/** Which frame to fetch next, and which to show meanwhile. */

/** How many frames ahead in scroll direction count as near as one behind. */
const forwardBias = 3;

/** The nearest frame to `current` for which `wanted` holds, those ahead in scroll direction first; -1 when there is none. */
export function nextToLoad(
  current: number,
  direction: 1 | -1,
  count: number,
  wanted: (index: number) => boolean,
): number {
  if (current >= 0 && current < count && wanted(current)) return current;
  let ahead = 1;
  let behind = 1;
  while (ahead <= count || behind <= count) {
    for (let i = 0; i < forwardBias; i++, ahead++) {
      const index = current + direction * ahead;
      if (index >= 0 && index < count && wanted(index)) return index;
    }
    const index = current - direction * behind++;
    if (index >= 0 && index < count && wanted(index)) return index;
  }
  return -1;
}

/** The loaded frame closest to `current`; -1 when none is. */
export function nearestLoaded(current: number, count: number, loaded: (index: number) => boolean): number {
  for (let distance = 0; distance < count; distance++) {
    for (const index of [current - distance, current + distance]) {
      if (index >= 0 && index < count && loaded(index)) return index;
    }
  }
  return -1;
}
