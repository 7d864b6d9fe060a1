/** How the screen is divided into views: grids up to 5 by 5 and free ones with views of different size. */

export interface Cell {
  /** 1-based, as CSS grid lines. */
  row: number;
  column: number;
  rows: number;
  columns: number;
}

export interface Layout {
  /** Rows × columns as `2x3`, or the name of a free layout. */
  name: string;
  rows: number;
  columns: number;
  cells: readonly Cell[];
}

export const gridMaximum = 5;

/** Free layouts as pictures: each letter is a view, the rectangle it fills is its place. */
const free: ReadonlyMap<string, readonly string[]> = new Map([
  ["1+2", ["ab", "ac"]],
  ["2+1", ["ac", "bc"]],
  ["1/2", ["aa", "bc"]],
  ["2/1", ["ab", "cc"]],
  ["1+3", ["aab", "aac", "aad"]],
  ["1+5", ["aab", "aac", "fed"]],
  ["1/4", ["aaaa", "aaaa", "bcde"]],
]);

export const freeLayouts: readonly string[] = [...free.keys()];

function grid(rows: number, columns: number): Layout {
  const cells: Cell[] = [];
  for (let row = 1; row <= rows; row++) {
    for (let column = 1; column <= columns; column++) cells.push({ row, column, rows: 1, columns: 1 });
  }
  return { name: `${rows}x${columns}`, rows, columns, cells };
}

function drawn(name: string, picture: readonly string[]): Layout {
  const letters = [...new Set(picture.join(""))].sort();
  const cells = letters.map((letter) => {
    const places = picture.flatMap((line, row) =>
      [...line].flatMap((each, column) => (each === letter ? [{ row, column }] : []))
    );
    const rows = places.map((each) => each.row);
    const columns = places.map((each) => each.column);
    const [top, left] = [Math.min(...rows), Math.min(...columns)];
    return {
      row: top + 1,
      column: left + 1,
      rows: Math.max(...rows) - top + 1,
      columns: Math.max(...columns) - left + 1,
    };
  });
  return { name, rows: picture.length, columns: picture[0]?.length ?? 1, cells };
}

/** A layout by its name; `null` when there is none of that name. */
export function layoutNamed(name: string): Layout | null {
  const picture = free.get(name);
  if (picture) return drawn(name, picture);
  const [, rows, columns] = /^([1-5])x([1-5])$/.exec(name) ?? [];
  return rows === undefined || columns === undefined ? null : grid(Number(rows), Number(columns));
}

export const single: Layout = grid(1, 1);

/** The smallest near-square grid with room for `count` views. */
export function layoutFor(count: number): Layout {
  const columns = Math.min(gridMaximum, Math.max(1, Math.ceil(Math.sqrt(count))));
  const rows = Math.min(gridMaximum, Math.max(1, Math.ceil(count / columns)));
  return grid(rows, columns);
}
