/** A view in space: as a stack to be linked, and in millimetres. */
import type { LinkedStack } from "./links.ts";
import type { Pane } from "./pane.ts";
import { baseScale } from "./view.ts";

/** @param space Names the space it stands in, in place of its frame of reference. */
export function stackOf(pane: Pane, space?: string): LinkedStack {
  return {
    planes: pane.planes.peek(),
    frameOfReference: space ?? pane.frame.peek()?.stack.frameOfReference ?? null,
    index: pane.index.peek(),
    anchor: pane.anchor.peek(),
    shifted: pane.shifted.peek(),
  };
}

export function pixelsPerMM(pane: Pane): number | null {
  const stage = pane.stageSize.peek();
  const spacing = pane.frame.peek()?.stack.spacing;
  const { view } = pane.appearance.peek();
  return stage && spacing ? (baseScale(view, stage) * view.zoom) / spacing[1] : null;
}
