/** Planes through a volume side by side: made, moved, turned and given up again together. */
import { type VolumeProblem, volumeProblem } from "../imaging/volume-fit.ts";
import { batch } from "../ui/signal.ts";
import { cross, nearestPlane, toPatient, type Vector } from "./geometry.ts";
import { type Layout, layoutNamed } from "./layout.ts";
import type { Links } from "./links.ts";
import { type Appearance, initialAppearance, type Pane, type Place } from "./pane.ts";
import {
  gridOf,
  meetingPlace,
  nextThickness,
  patientPlane,
  planeAlone,
  planeKinds,
  type Reformat,
  type Slab,
  turnedPlane,
  volumeCentre,
} from "./reformat.ts";
import type { Point } from "./viewport-api.ts";
import type { Workspace } from "./workspace.ts";

/** The screen before planes took it. */
interface Before {
  layout: Layout;
  links: Links;
  panes: readonly { place: Place | null; index: number; appearance: Appearance }[];
}

const thicknessMaximum = 500;

export class PlaneViews {
  readonly #workspace: Workspace;
  #before: Before | null = null;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Whether planes stand anywhere in the layout. */
  isOn(): boolean {
    return this.#panes().some((pane) => pane.reformat() !== null);
  }

  #panes(): readonly Pane[] {
    return this.#workspace.panes.slice(0, this.#workspace.layout().cells.length);
  }

  /** The views with planes through the volume that `pane` cuts, itself included. */
  group(pane: Pane): readonly Pane[] {
    const [reformat, series] = [pane.reformat(), pane.place()?.series];
    if (!reformat) return [];
    return this.#panes().filter((each) =>
      each.reformat()?.stack === reformat.stack && each.place()?.series === series
    );
  }

  // MARK: In and out

  /** @returns why the series in the view cannot be cut, if so. */
  toggle(pane: Pane): VolumeProblem | null {
    if (this.isOn()) {
      this.#leave(pane);
      return null;
    }
    return this.#enter(pane);
  }

  #enter(pane: Pane): VolumeProblem | null {
    const workspace = this.#workspace;
    const [place, frame] = [pane.place.peek(), pane.frame.peek()];
    const layout = layoutNamed("2x2");
    if (!place || !frame || !layout) return "geometry";
    const { series } = place;
    const { budgetBytes } = workspace.imaging.memory.peek();
    const problem = volumeProblem(series, frame.stack, budgetBytes);
    const grid = gridOf(series, frame.stack);
    if (problem || !grid) return problem ?? "geometry";
    this.#before = this.#screen();
    const { window, inverted, colorMap, alternative } = pane.appearance.peek();
    const look: Appearance = { ...initialAppearance, window, inverted, colorMap, alternative };
    const index = pane.index.peek();
    // Where the reader looked: the middle of the image that stood there.
    const { rows, columns } = frame.stack;
    const shown = pane.planes.peek()[index];
    const centre = shown ? toPatient(shown, { x: columns / 2, y: rows / 2 }) : volumeCentre(grid);
    workspace.change("history.planes", () => {
      workspace.maximized.set(null);
      workspace.layout.set(layout);
      planeKinds.forEach((kind, at) => {
        const axes = patientPlane(grid, kind);
        const reformat: Reformat = { stack: frame.stack.index, axes, slab: planeAlone };
        const view = workspace.panes[at] as Pane;
        view.hang(place, { appearance: { ...look, reformat } });
        view.goTo(nearestPlane(view.planes.peek(), centre));
      });
      workspace.panes[3]?.hang(place, { index, appearance: look });
      workspace.activate(workspace.panes[0] as Pane);
    });
    batch(() => {
      workspace.links.set({ scroll: true, zoom: true, pan: false, window: true });
      for (const each of workspace.panes) each.setAnchor();
    });
    return null;
  }

  #screen(): Before {
    const { layout, links, panes } = this.#workspace;
    return {
      layout: layout.peek(),
      links: links.peek(),
      panes: panes.map((pane) => ({
        place: pane.place.peek(),
        index: pane.index.peek(),
        appearance: pane.appearance.peek(),
      })),
    };
  }

  /** Brings back what stood there before, the cut series at the image nearest to where the planes met. */
  #leave(pane: Pane): void {
    const workspace = this.#workspace;
    const before = this.#before;
    this.#before = null;
    const cut = pane.reformat.peek() ? pane : this.#panes().find((each) => each.reformat.peek()) ?? pane;
    const [centre, series, look] = [this.centre(cut), cut.place.peek()?.series, cut.appearance.peek()];
    const isOpen = ({ place }: { place: Place | null }) =>
      place === null || workspace.study(place.study.study.studyInstanceUID) !== undefined;
    const usable = before !== null && before.panes.every(isOpen) ? before : null;
    workspace.change("history.planes", () => {
      if (usable) workspace.layout.set(usable.layout);
      workspace.panes.forEach((each, at) => {
        const state = usable?.panes[at];
        if (state) each.hang(state.place, state);
        else if (each.reformat.peek()) each.hang(each.place.peek());
        if (!centre || each.place.peek()?.series !== series) return;
        const { window, inverted, colorMap } = look;
        each.appearance.update((now) => ({ ...now, window, inverted, colorMap }));
        each.goTo(Math.max(0, nearestPlane(each.planes.peek(), centre)));
      });
      if (workspace.panes.indexOf(workspace.active.peek()) >= workspace.layout.peek().cells.length) {
        workspace.activate(workspace.panes[0] as Pane);
      }
    });
    batch(() => {
      if (usable) workspace.links.set(usable.links);
      for (const each of workspace.panes) each.setAnchor();
    });
  }

  // MARK: Where the planes meet

  /** In the patient's space; `null` for a view of images. */
  centre(pane: Pane): Vector | null {
    const [series, reformat] = [pane.place()?.series, pane.reformat()];
    const stack = series && reformat ? series.stacks[reformat.stack] : undefined;
    const grid = series && stack ? gridOf(series, stack) : null;
    if (!grid) return null;
    const planes = this.group(pane).flatMap((each) => {
      const [plane, axes] = [each.planes()[each.index()], each.reformat()?.axes];
      return plane && axes ? [{ plane, axes }] : [];
    });
    return meetingPlace(planes, volumeCentre(grid));
  }

  /** The other planes go through a point of the view; so do images of the same frame of reference. */
  moveCentre(pane: Pane, image: Point): void {
    const plane = pane.planes.peek()[pane.index.peek()];
    if (!plane) return;
    const place = toPatient(plane, image);
    const reference = pane.frame.peek()?.stack.frameOfReference ?? null;
    batch(() => {
      for (const other of this.#panes()) {
        if (other === pane) continue;
        const isShared = other.place.peek()?.series === pane.place.peek()?.series ||
          (reference !== null && other.frame.peek()?.stack.frameOfReference === reference);
        if (!isShared) continue;
        const index = nearestPlane(other.planes.peek(), place);
        if (index >= 0) other.goTo(index);
      }
    });
  }

  /** Moves one plane to a place. */
  movePlane(pane: Pane, place: Vector): void {
    const index = nearestPlane(pane.planes.peek(), place);
    if (index >= 0) this.#workspace.goTo(pane, index);
  }

  /** Turns the other planes about the normal of this one, through where they meet; they stay at right angles. */
  turn(pane: Pane, radians: number): void {
    const [centre, axes] = [this.centre(pane), pane.reformat.peek()?.axes];
    if (!centre || !axes) return;
    const normal = cross(axes.right, axes.down);
    this.#workspace.change("history.planes", () => {
      for (const other of this.group(pane)) {
        if (other === pane) continue;
        this.#reshape(other, (now) => ({ ...now, axes: turnedPlane(now.axes, normal, radians, centre) }));
        other.goTo(nearestPlane(other.planes.peek(), centre));
      }
    }, "planes");
  }

  /** All planes along the patient's axes again, through where they meet now. */
  straighten(pane: Pane): void {
    const [centre, place] = [this.centre(pane), pane.place.peek()];
    if (!centre || !place) return;
    this.#workspace.change("history.planes", () => {
      for (const each of this.group(pane)) {
        this.#reshape(each, (now) => {
          const stack = place.series.stacks[now.stack];
          const grid = stack ? gridOf(place.series, stack) : null;
          return grid ? { ...now, axes: patientPlane(grid, now.axes.kind) } : now;
        });
        each.goTo(nearestPlane(each.planes.peek(), centre));
      }
    });
  }

  // MARK: Slabs

  /** Of all planes of the group at once. */
  setSlab(pane: Pane, change: (now: Slab) => Slab): void {
    this.#workspace.change("history.slab", () => {
      for (const each of this.group(pane)) {
        this.#reshape(each, (now) => {
          const slab = change(now.slab);
          const thicknessMM = Math.min(Math.max(slab.thicknessMM, 0), thicknessMaximum);
          return { ...now, slab: { ...slab, thicknessMM } };
        });
      }
    });
  }

  stepSlab(pane: Pane, by: number): void {
    this.setSlab(pane, (now) => ({ ...now, thicknessMM: nextThickness(now.thicknessMM, by) }));
  }

  #reshape(pane: Pane, change: (now: Reformat) => Reformat): void {
    pane.appearance.update((now) => now.reformat ? { ...now, reformat: change(now.reformat) } : now);
  }
}
