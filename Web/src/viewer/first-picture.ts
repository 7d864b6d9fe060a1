/** When the reader sees something: work that can wait does, until then. */
import { effect, root } from "../ui/signal.ts";
import type { Workspace } from "./workspace.ts";

/** Longer than this nothing waits for a picture, which may fail to come. */
const patienceMilliseconds = 500;

/** Resolves once a picture stands in a view and is painted; without one after a while, or when `signal` gives up. Never rejects. */
export function firstPicture(workspace: Workspace, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const { end } = root(() => {
      effect(() => {
        if (!workspace.visible().some((pane) => pane.picture() !== null)) return;
        // The refresh after the one that paints it.
        requestAnimationFrame(() => requestAnimationFrame(done));
      });
    });
    const timer = setTimeout(done, patienceMilliseconds);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      end();
      resolve();
    }
    if (signal.aborted) done();
  });
}
