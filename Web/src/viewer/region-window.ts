/** Windows made from pixel values: of a region the reader draws, or of the whole picture. */
import type { DisplayValues, Rectangle, SampleBlock, Window } from "../imaging/pictures.ts";
import { tableWindow } from "../imaging/windows.ts";
import type { Pane } from "./pane.ts";
import type { Point } from "./viewport-api.ts";
import type { Workspace } from "./workspace.ts";

/** Share of the darkest and of the brightest values left out. */
const tailShare = 0.005;
const regionMinimum = 2;

export function rectangleBetween(
  from: Point,
  to: Point,
  columns: number,
  rows: number,
): Rectangle | null {
  const clamp = (value: number, maximum: number) => Math.min(Math.max(Math.round(value), 0), maximum);
  const [x0, x1] = [clamp(Math.min(from.x, to.x), columns), clamp(Math.max(from.x, to.x), columns)];
  const [y0, y1] = [clamp(Math.min(from.y, to.y), rows), clamp(Math.max(from.y, to.y), rows)];
  const [width, height] = [x1 - x0, y1 - y0];
  return width < regionMinimum || height < regionMinimum ? null : { x: x0, y: y0, width, height };
}

/** Covers nearly all values; `null` when there is nothing to count. */
export function windowOfValues(
  block: Pick<SampleBlock, "values">,
  display: Pick<DisplayValues, "slope" | "intercept" | "padding" | "modalityTable">,
): Window | null {
  const { slope, intercept, padding, modalityTable } = display;
  const kept: number[] = [];
  for (const value of block.values) {
    if (!padding || value < padding[0] || value > padding[1]) kept.push(value);
  }
  if (kept.length === 0) return null;
  const sorted = Float64Array.from(kept).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  if (modalityTable) return tableWindow(modalityTable, at(tailShare), at(1 - tailShare));
  const [low, high] = [at(tailShare) * slope + intercept, at(1 - tailShare) * slope + intercept];
  return { center: (low + high) / 2 + 0.5, width: Math.max(Math.abs(high - low), 1) + 1 };
}

export async function regionWindow(workspace: Workspace, pane: Pane, from: Point, to: Point): Promise<void> {
  const frame = pane.frame.peek();
  const rectangle = frame && rectangleBetween(from, to, frame.stack.columns, frame.stack.rows);
  if (rectangle) await windowFrom(workspace, pane, rectangle);
}

/** The best window for the whole picture on the screen. */
export async function pictureWindow(workspace: Workspace, pane: Pane): Promise<void> {
  const frame = pane.frame.peek();
  if (!frame) return;
  await windowFrom(workspace, pane, { x: 0, y: 0, width: frame.stack.columns, height: frame.stack.rows });
}

async function windowFrom(workspace: Workspace, pane: Pane, rectangle: Rectangle): Promise<void> {
  const frame = pane.frame.peek();
  const images = pane.images.peek();
  if (!frame || !images || frame.stack.samplesPerPixel !== 1 || pane.reformat.peek()) return;
  try {
    const block = await images.samples(frame.index, rectangle);
    const window = windowOfValues(block, frame.display);
    // The reader may have gone on meanwhile.
    if (window && pane.frame.peek() === frame) workspace.setWindow(pane, window);
  } catch {
    // The frame's failure stands in the view already.
  }
}
