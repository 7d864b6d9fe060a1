/** Stages made to fit a study: no view stands empty because a study has fewer series or views than its protocol foresees. */
import { type Hung, hung, type Protocol, type SeriesFacts, type Stage, usefulStages } from "./hanging.ts";
import { layoutFor } from "./layout.ts";

/** This many side by side are larger than in a square. */
const rowMaximum = 3;

/** The stages that have something to show, without empty views and without repeats, in the protocol's order. */
export function fittedStages(protocol: Protocol, all: readonly SeriesFacts[]): Stage[] {
  const seen = new Set<string>();
  return usefulStages(protocol, all).map((stage) => fitted(protocol, stage, all)).filter((stage) => {
    const shown = hung(protocol, stage, all).map(looks);
    const key = JSON.stringify([shown, stage.links]);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

function fitted(protocol: Protocol, stage: Stage, all: readonly SeriesFacts[]): Stage {
  const grid = /^([1-5])x([1-5])$/.exec(stage.layout);
  if (!grid) return stage;
  const [rows, columns] = [Number(grid[1]), Number(grid[2])];
  const placed = withoutRepeats(hung(protocol, stage, all));
  const isEmpty = ({ view, facts }: Hung) => facts === null && view.selector !== null;
  if (!placed.some(isEmpty)) return stage;
  // What is compared stays one below the other.
  if (rows > 1 && comparesPriors(protocol, stage)) return withoutEmptyLines(stage, placed, rows, columns);
  const views = placed.filter((each) => !isEmpty(each)).map((each) => each.view);
  const inRow = rows === 1 || views.length <= rowMaximum;
  return { ...stage, views, layout: inRow ? `1x${views.length}` : layoutFor(views.length).name };
}

function comparesPriors(protocol: Protocol, stage: Stage): boolean {
  return stage.views.some((view) => (protocol.selectors[view.selector ?? ""]?.prior ?? 0) > 0);
}

/** Columns and rows of a grid in which nothing hangs are left out. */
function withoutEmptyLines(stage: Stage, placed: readonly Hung[], rows: number, columns: number): Stage {
  const at = (row: number, column: number) => placed[row * columns + column];
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  const keptColumns = numbers(columns).filter((column) =>
    numbers(rows).some((row) => at(row, column)?.facts)
  );
  const keptRows = numbers(rows).filter((row) => keptColumns.some((column) => at(row, column)?.facts));
  const views = keptRows.flatMap((row) =>
    keptColumns.map((column) => at(row, column)?.view ?? { selector: null })
  );
  return { ...stage, views, layout: `${keptRows.length}x${keptColumns.length}` };
}

/** The same image shown twice in the same way, because a study has fewer views than the protocol, helps nobody. */
function withoutRepeats(placed: readonly Hung[]): Hung[] {
  const seen = new Set<string>();
  return placed.map((each) => {
    const key = JSON.stringify(looks(each));
    if (each.facts === null || !seen.has(key)) {
      seen.add(key);
      return each;
    }
    return { ...each, facts: null };
  });
}

/** What makes two views look different. */
function looks({ view, facts }: Hung): unknown {
  const { preset, window, inverted, mode } = view;
  return [facts?.series, facts?.sop, preset, window, inverted, mode];
}
