/** From key image to key image, round and round. */
import type { Pane } from "./pane.ts";
import type { ViewerContext } from "./viewer-context.ts";

export function stepKeyImage(context: ViewerContext, pane: Pane, direction: 1 | -1): void {
  const marked = context.keyImages.indices(pane);
  const at = pane.index.peek();
  const next = direction === 1
    ? marked.find((each) => each > at) ?? marked[0]
    : marked.findLast((each) => each < at) ?? marked.at(-1);
  if (next !== undefined) context.workspace.goTo(pane, next);
}
