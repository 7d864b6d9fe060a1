/** What undo brings back of the reading screen: layout, what hangs where and how it looks, what is linked. */
import { batch } from "../ui/signal.ts";
import type { Layout } from "./layout.ts";
import type { Links } from "./links.ts";
import type { Appearance, Place } from "./pane.ts";
import type { Workspace } from "./workspace.ts";

interface PaneState {
  place: Place | null;
  index: number;
  appearance: Appearance;
}

export interface Snapshot {
  layout: Layout;
  maximized: number | null;
  panes: readonly PaneState[];
  links: Links;
  referenceLines: boolean;
}

export function taken(workspace: Workspace): Snapshot {
  const maximized = workspace.maximized.peek();
  return {
    layout: workspace.layout.peek(),
    maximized: maximized ? workspace.panes.indexOf(maximized) : null,
    panes: workspace.panes.map((pane) => ({
      place: pane.place.peek(),
      index: pane.index.peek(),
      appearance: pane.appearance.peek(),
    })),
    links: workspace.links.peek(),
    referenceLines: workspace.referenceLines.peek(),
  };
}

export function restore(workspace: Workspace, snapshot: Snapshot): void {
  const { panes } = workspace;
  batch(() => {
    workspace.layout.set(snapshot.layout);
    workspace.maximized.set(snapshot.maximized === null ? null : panes[snapshot.maximized] ?? null);
    const [first] = panes;
    const isLeftOut = panes.indexOf(workspace.active.peek()) >= snapshot.layout.cells.length;
    if (isLeftOut && first) workspace.activate(first);
    snapshot.panes.forEach((state, index) => {
      const pane = panes[index];
      if (!pane) return;
      // Where one has scrolled to meanwhile is kept: scrolling is no step to take back.
      const isSame = pane.place.peek()?.series === state.place?.series &&
        pane.reformat.peek()?.axes === state.appearance.reformat?.axes;
      if (!isSame) pane.hang(state.place, state);
      else pane.appearance.set(state.appearance);
    });
    workspace.referenceLines.set(snapshot.referenceLines);
    if (workspace.links.peek() === snapshot.links) return;
    workspace.links.set(snapshot.links);
    for (const pane of panes) pane.setAnchor();
  });
}

export function areAlike(one: Snapshot, other: Snapshot): boolean {
  return JSON.stringify(summary(one)) === JSON.stringify(summary(other));
}

/** What makes two snapshots differ, by identity numbers instead of whole manifests. */
function summary(snapshot: Snapshot): unknown {
  return [
    snapshot.layout.name,
    snapshot.maximized,
    snapshot.links,
    snapshot.referenceLines,
    snapshot.panes.map(({ place, appearance }) => [
      place?.series.seriesInstanceUID,
      { ...appearance, state: appearance.state?.sopInstanceUID },
    ]),
  ];
}
