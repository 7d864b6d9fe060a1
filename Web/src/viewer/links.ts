/** Views that follow one another, action by action. */
import { areParallel, dot, minus, normal, type Plane } from "./geometry.ts";

export type LinkedAction = "scroll" | "zoom" | "pan" | "window";
export const linkedActions: readonly LinkedAction[] = ["scroll", "zoom", "pan", "window"];
export type Links = Readonly<Record<LinkedAction, boolean>>;
export const unlinked: Links = { scroll: false, zoom: false, pan: false, window: false };
export const allLinked: Links = { scroll: true, zoom: true, pan: true, window: true };

/** A stack as far as linked scrolling needs it. */
export interface LinkedStack {
  /** One per frame; `null` where position, orientation or spacing are unknown. */
  planes: readonly (Plane | null)[];
  frameOfReference: string | null;
  index: number;
  /** Where the stack stood when it was linked, or was last moved alone: the offset is kept from there. */
  anchor: number;
  /** Moved alone since it was linked, so that the offset counts even where positions could be compared. */
  shifted: boolean;
}

/** Place of a frame along a stack's own normal, in mm. */
function height(stack: LinkedStack, index: number): number | null {
  const plane = stack.planes[index];
  const first = stack.planes[0];
  return plane && first ? dot(minus(plane.origin, first.origin), normal(first)) : null;
}

function nearestAt(stack: LinkedStack, wanted: number): number {
  let [best, distance] = [stack.index, Infinity];
  stack.planes.forEach((_, index) => {
    const at = height(stack, index);
    if (at !== null && Math.abs(at - wanted) < distance) [best, distance] = [index, Math.abs(at - wanted)];
  });
  return best;
}

function clamped(index: number, stack: LinkedStack): number {
  return Math.min(Math.max(index, 0), Math.max(stack.planes.length - 1, 0));
}

/**
 * The frame of `target` that goes with the one `source` shows: by position where both share a frame of reference, by the
 * distance gone since they were linked where both know their geometry, else by the number of images gone. `null` when the
 * stacks cut each other: there is nothing to follow.
 */
export function followed(source: LinkedStack, target: LinkedStack): number | null {
  const [from, to] = [source.planes[source.index], target.planes[target.index]];
  const first = target.planes[0];
  if (from && to && first) {
    const shared = source.frameOfReference !== null && source.frameOfReference === target.frameOfReference;
    if (!areParallel(from, to)) {
      if (shared) return null;
    } else {
      if (shared && !source.shifted && !target.shifted) {
        return nearestAt(target, dot(minus(from.origin, first.origin), normal(first)));
      }
      return byDistance(source, target);
    }
  }
  return clamped(target.anchor + source.index - source.anchor, target);
}

function byDistance(source: LinkedStack, target: LinkedStack): number {
  const [now, then, base] = [
    height(source, source.index),
    height(source, source.anchor),
    height(target, target.anchor),
  ];
  const [first, other] = [source.planes[0], target.planes[0]];
  if (now === null || then === null || base === null || !first || !other) {
    return clamped(target.anchor + source.index - source.anchor, target);
  }
  // The stacks may be numbered from opposite ends.
  const sense = dot(normal(first), normal(other)) >= 0 ? 1 : -1;
  return nearestAt(target, base + sense * (now - then));
}
