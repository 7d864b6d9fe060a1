/**
 * How large the views of a layout were when it last stood in this window. What is hung before the page has laid out its views asks for
 * its pictures by that; another size, once it is known, asks again.
 */
import type { Pane } from "./pane.ts";
import type { Size } from "./view.ts";
import type { Workspace } from "./workspace.ts";

interface Known {
  size: Size;
  pixelRatio: number;
}

const known = new Map<string, Known>();
/** Windows are drawn larger and smaller: sizes of long ago are of no use. */
const knownMaximum = 64;

/** All that decides how large a view is, but for panels and notices that come and go. */
function place(workspace: Workspace, pane: Pane): string {
  const { layout, maximized } = workspace;
  const cell = maximized.peek() === pane ? "alone" : workspace.panes.indexOf(pane);
  return [innerWidth, innerHeight, devicePixelRatio, layout.peek().name, cell].join(" ");
}

/** To be called with every size a view on the page comes to have. */
export function noteSize(workspace: Workspace, pane: Pane): void {
  const size = pane.size.peek();
  if (size.width === 0 || size.height === 0) return;
  const here = place(workspace, pane);
  known.delete(here);
  known.set(here, { size, pixelRatio: pane.pixelRatio.peek() });
  const [oldest] = known.keys();
  if (known.size > knownMaximum && oldest !== undefined) known.delete(oldest);
}

/** Gives the views that are about to come onto the page the sizes they had there before. */
export function expectSizes(workspace: Workspace): void {
  for (const pane of workspace.visible.peek()) {
    const expected = known.get(place(workspace, pane));
    if (!expected || pane.size.peek().width > 0) continue;
    pane.pixelRatio.set(expected.pixelRatio);
    pane.size.set(expected.size);
  }
}
