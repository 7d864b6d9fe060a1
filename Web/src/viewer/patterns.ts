/** Test patterns for displays, drawn pixel by pixel: SMPTE RP 133, TG18-QC and TG18-UNL of AAPM, a ramp of 256 levels. */

export type PatternName = "smpte" | "tg18qc" | "unl10" | "unl80" | "ramp";
export const patternNames: readonly PatternName[] = ["smpte", "tg18qc", "unl10", "unl80", "ramp"];

/** What is drawn on; a canvas context has it, and so has the raster of the unit tests. */
export interface Raster {
  fill(x: number, y: number, width: number, height: number, level: number): void;
  text?(text: string, x: number, y: number, height: number, level: number): void;
}

/** Grey level 0…255 of a share in percent. */
export const percent = (share: number) => Math.round((255 * share) / 100);

/** Side of the pattern: the largest square, patterns are square by definition. */
export function patternSide(width: number, height: number): number {
  return Math.max(64, Math.min(width, height));
}

export function drawPattern(raster: Raster, name: PatternName, width: number, height: number): void {
  const side = patternSide(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  const shifted: Raster = {
    fill: (x, y, w, h, level) => raster.fill(x + left, y + top, w, h, level),
    ...(raster.text
      ? { text: (text, x, y, h, level) => raster.text?.(text, x + left, y + top, h, level) }
      : {}),
  };
  if (name === "ramp") return ramp(raster, width, height);
  if (name === "unl10" || name === "unl80") {
    return raster.fill(0, 0, width, height, percent(name === "unl10" ? 10 : 80));
  }
  raster.fill(0, 0, width, height, percent(50));
  if (name === "smpte") smpte(shifted, side);
  else tg18qc(shifted, side);
}

/** All 256 levels side by side, dark to bright above, bright to dark below. */
function ramp(raster: Raster, width: number, height: number): void {
  const half = Math.floor(height / 2);
  for (let level = 0; level < 256; level++) {
    const from = Math.floor((level * width) / 256);
    const to = Math.floor(((level + 1) * width) / 256);
    raster.fill(from, 0, to - from, half, level);
    raster.fill(from, half, to - from, height - half, 255 - level);
  }
}

/** Lines of one pixel, `gap` pixels apart, upright and level, in a square. */
function linePairs(
  raster: Raster,
  x: number,
  y: number,
  side: number,
  step: number,
  low: number,
  high: number,
): void {
  raster.fill(x, y, side, side, low);
  const half = Math.floor(side / 2);
  for (let i = 0; i + step <= half; i += step * 2) {
    raster.fill(x + i, y, step, side, high);
  }
  raster.fill(x + half, y, side - half, side, low);
  for (let i = 0; i + step <= side; i += step * 2) raster.fill(x + half, y + i, side - half, step, high);
}

function frame(raster: Raster, x: number, y: number, side: number, level: number, thickness = 1): void {
  raster.fill(x, y, side, thickness, level);
  raster.fill(x, y + side - thickness, side, thickness, level);
  raster.fill(x, y, thickness, side, level);
  raster.fill(x + side - thickness, y, thickness, side, level);
}

function smpte(raster: Raster, side: number): void {
  const cell = Math.floor(side / 16);
  const margin = Math.floor((side - cell * 16) / 2);
  const at = (cells: number) => margin + cells * cell;
  for (let line = 0; line <= 16; line++) {
    raster.fill(at(line), margin, 1, cell * 16, percent(75));
    raster.fill(margin, at(line), cell * 16, 1, percent(75));
  }
  frame(raster, 0, 0, side, 255);
  // Bars of full contrast show smear and ringing.
  raster.fill(at(3), at(1), cell * 10, cell, 255);
  raster.fill(at(4), at(1), cell * 8, cell, 0);
  raster.fill(at(3), at(14), cell * 10, cell, 0);
  raster.fill(at(4), at(14), cell * 8, cell, 255);
  smptePatches(raster, at, cell);
  // 5 % on black and 95 % on white: both have to be seen.
  const inset = (x: number, y: number, ground: number, mark: number) => {
    raster.fill(at(x), at(y), cell * 2, cell * 2, percent(ground));
    raster.fill(at(x) + Math.floor(cell / 2), at(y) + Math.floor(cell / 2), cell, cell, percent(mark));
  };
  inset(6, 9, 0, 5);
  inset(8, 9, 100, 95);
  const corner = cell * 2;
  const ends: [number, number][] = [[0, 0], [14, 0], [0, 14], [14, 14]];
  for (const [x, y] of ends) {
    linePairs(raster, at(x), at(y), corner, 1, 0, 255);
    linePairs(raster, at(x), at(y) + Math.floor(corner / 2), Math.floor(corner / 2), 2, 0, 255);
  }
  linePairs(raster, at(7), at(7), corner, 1, 0, 255);
}

/** Eleven patches from 0 to 100 % in a ring. */
function smptePatches(raster: Raster, at: (cells: number) => number, cell: number): void {
  const ring: [number, number][] = [
    [3, 11],
    [3, 9],
    [3, 7],
    [3, 5],
    [5, 4],
    [7, 4],
    [9, 4],
    [11, 5],
    [11, 7],
    [11, 9],
    [11, 11],
  ];
  ring.forEach(([x, y], index) => raster.fill(at(x), at(y), cell * 2, cell * 2, percent(index * 10)));
}

/** After AAPM On-Line Report 03, for 8 bits: sixteen patches with corners 4 levels up and down, and the rest around them. */
function tg18qc(raster: Raster, side: number): void {
  const unit = side / 1024;
  const at = (value: number) => Math.round(value * unit);
  raster.fill(0, 0, side, side, 128);
  const grid = at(102);
  for (let line = grid; line < side; line += grid) {
    raster.fill(line, 0, 1, side, 191);
    raster.fill(0, line, side, 1, 191);
  }
  frame(raster, at(10), at(10), side - at(20), 191, Math.max(1, at(3)));
  tg18Patches(raster, at);
  // Bars with every level, dark to bright and back.
  for (let level = 0; level < 256; level++) {
    const from = at(256) + Math.floor((at(512) * level) / 256);
    const to = at(256) + Math.floor((at(512) * (level + 1)) / 256);
    raster.fill(at(64), from, at(40), to - from, level);
    raster.fill(side - at(104), from, at(40), to - from, 255 - level);
  }
  const square = at(44);
  const places: [number, number][] = [[20, 20], [960, 20], [20, 960], [960, 960], [490, 490]];
  for (const [x, y] of places) {
    linePairs(raster, at(x), at(y), square, 1, 0, 255);
    linePairs(raster, at(x) + square, at(y), square > 0 && x < 900 ? square : 0, 2, 0, 255);
    linePairs(raster, at(x), at(y) + square, y < 900 ? square : 0, 1, 128, 160);
  }
  // White and black bars for smear, and a window of full contrast.
  raster.fill(at(300), at(40), at(424), at(22), 255);
  raster.fill(at(300), at(70), at(424), at(22), 0);
  lowContrastText(raster, at);
}

function tg18Patches(raster: Raster, at: (value: number) => number): void {
  const size = at(102);
  const corner = Math.max(2, at(10));
  for (let index = 0; index < 16; index++) {
    const level = 8 + index * 16;
    const column = index % 4;
    const x = at(280) + column * (size + at(14));
    const y = at(280) + Math.floor(index / 4) * (size + at(14));
    raster.fill(x, y, size, size, level);
    const corners: [number, number, number][] = [[0, 0, 4], [1, 0, -4], [0, 1, -4], [1, 1, 4]];
    for (const [right, down, change] of corners) {
      raster.fill(x + right * (size - corner), y + down * (size - corner), corner, corner, level + change);
    }
  }
  // 5 % on black, 95 % on white.
  raster.fill(at(150), at(460), size, size, 0);
  raster.fill(at(150) + at(30), at(460) + at(30), at(42), at(42), 13);
  raster.fill(at(772), at(460), size, size, 255);
  raster.fill(at(772) + at(30), at(460) + at(30), at(42), at(42), 242);
}

const qualityText = "QUALITY CONTROL";
/** Contrast of each letter, in levels. */
const letterContrasts = [14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1];

/** The words fade letter by letter; the last one read is written down. */
function lowContrastText(raster: Raster, at: (value: number) => number): void {
  const rows: [number, number][] = [[820, 0], [860, 128], [900, 255]];
  for (const [y, ground] of rows) {
    raster.fill(at(300), at(y), at(424), at(36), ground);
    [...qualityText].forEach((letter, index) => {
      const contrast = letterContrasts[index] ?? 1;
      const level = ground === 255 ? ground - contrast : ground + contrast;
      raster.text?.(letter, at(310) + index * at(27), at(y + 28), at(28), level);
    });
  }
}
