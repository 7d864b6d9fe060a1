/** The parts of the viewer between which F6 goes: among the views Tab goes from view to view, so it leads to no control. */

const regionSelectors = ".viewer-bar, .series-strip, .views, .side-panel, .tag-panel";
const focusable = "button:not(:disabled), a[href], input, select, textarea, [tabindex='0']";

/** Puts the focus into the next (1) or previous (-1) part; in the views the keys work without one. */
export function stepRegion(by: number): void {
  const regions = [...document.querySelectorAll<HTMLElement>(regionSelectors)].filter((each) =>
    each.offsetParent !== null && firstIn(each) !== undefined
  );
  const focus = document.activeElement;
  const views = regions.findIndex(isViews);
  const inside = regions.findIndex((each) => each.contains(focus));
  const at = inside < 0 ? views : inside;
  const next = regions[(at + by + regions.length) % regions.length];
  if (!next) return;
  if (isViews(next)) (focus as HTMLElement | null)?.blur?.();
  else firstIn(next)?.focus();
}

const isViews = (region: HTMLElement) => region.matches(".views");

function firstIn(region: HTMLElement): HTMLElement | undefined {
  if (isViews(region)) return region;
  return [...region.querySelectorAll<HTMLElement>(focusable)].find((each) => each.offsetParent !== null);
}

/** Enter and Space belong to the control that has the focus, if any has. */
export function keysAreFree(): boolean {
  return document.activeElement?.closest("button, a, input, select, textarea, [role=menu]") === null;
}
