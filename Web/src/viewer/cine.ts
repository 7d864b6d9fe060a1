/** Plays the run of a view at its recorded pace. */
import { onCleanup } from "../ui/signal.ts";
import { timeAt } from "./cine-times.ts";
import type { Pane } from "./pane.ts";

/** While frames of a run are still missing, the run waits this long before it looks again. */
const cineWaitMilliseconds = 20;
/** What is behind by more than this, as after the page was out of sight, is not made up for. */
const cineStallMilliseconds = 500;

/** Runs within an effect: begins when the view is to play and ends with it. */
export function play(pane: Pane): void {
  if (!pane.playing() || pane.count() < 2) return;
  const factor = pane.cineFactor();
  let timer: ReturnType<typeof setTimeout>;
  let due = performance.now() + timeAt(pane.frameTimes.peek(), 0) / factor;
  const advance = () => {
    const { first, last } = pane.run();
    const now = performance.now();
    let next = pane.index.peek();
    due = Math.max(due, now - cineStallMilliseconds);
    // Who cannot keep up leaves frames out: played slower than recorded, a heart would beat otherwise than it did.
    do {
      next = next >= last ? first : next + 1;
      due += timeAt(pane.frameTimes.peek(), next - first) / factor;
    } while (due <= now);
    const images = pane.images.peek();
    const ready = pane.reformat.peek() || (images?.loaded.peek().level(next) ?? -1) >= 0 ||
      images?.failures.peek().has(next);
    // Waits for the first round of frames instead of showing wrong ones.
    if (!ready) {
      due = performance.now() + cineWaitMilliseconds;
    } else {
      pane.index.set(next);
    }
    timer = setTimeout(advance, due - performance.now());
  };
  timer = setTimeout(advance, due - performance.now());
  onCleanup(() => clearTimeout(timer));
}
