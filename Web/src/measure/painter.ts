/** Draws marks and their values into the SVG layer of a viewport. Positions come in device pixels; elements are kept and moved. */
import type { Affine, Point } from "../viewer/viewport-api.ts";
import { AwaySigns, type Side, sideOf } from "./away.ts";
import { labelLines } from "./labels.ts";
import { look } from "./look.ts";
import type { Coordinate, Mark } from "./mark.ts";
import { type Box } from "./pen.ts";
import { clamp, fontPixels, linePixels, padding, round, set, svg, textWidth } from "./svg.ts";
import { crosses, outlineOnScreen, toScreen } from "./screen.ts";
import { handles, type Outline, outlines } from "./shape.ts";

export interface Painted {
  mark: Mark;
  aspect: number;
  own: boolean;
  selected: boolean;
  hovered: boolean;
  /** Further lines of the label: volumes the contour belongs to. */
  more: readonly string[];
}

export interface Canvas {
  width: number;
  height: number;
  view: Affine;
  pixelRatio: number;
}

/** A line of 1.8 pixels fills at least nine tenths of one wherever it falls, and the outline one beside it. */
const linePixelsWide = 1.8;
const haloPixels = { normal: 4.6, strong: 7 } as const;
const gap = 14;
const handleRadius = 4.5;
const tick = 7;
/** The elements of one mark; `path` twice because a dark line under the bright one keeps it visible on white. */
class MarkNodes {
  readonly group = svg("g", { class: "mark" });
  readonly #halo = svg("path", { class: "mark-halo" });
  readonly #line = svg("path", { class: "mark-line" });
  readonly #help = svg("path", { class: "mark-help" });
  readonly #grips = svg("path", { class: "mark-grips" });
  readonly #leader = svg("path", { class: "mark-leader" });
  readonly #ground = svg("rect", { class: "mark-ground", rx: 3 });
  readonly #text = svg("text", { class: "mark-text" });
  #shownText = "";

  constructor(uid: string) {
    this.group.dataset.uid = uid;
    this.group.append(
      this.#halo,
      this.#help,
      this.#line,
      this.#grips,
      this.#leader,
      this.#ground,
      this.#text,
    );
  }

  paint(painted: Painted, canvas: Canvas, outlined: readonly Outline[]): void {
    const { mark, selected, hovered, own } = painted;
    const ratio = canvas.pixelRatio;
    const { group } = this;
    group.dataset.kind = mark.kind;
    group.dataset.number = String(mark.number);
    group.classList.toggle("mark-selected", selected);
    group.classList.toggle("mark-hovered", hovered);
    group.classList.toggle("mark-other", !own);
    group.setAttribute("data-author", String(authorColor(mark.author.name)));
    const line = outlined.map(pathOf).join("") + ends(mark, canvas);
    set(this.#halo, { d: line, "stroke-width": haloPixels[look().outline] * ratio });
    set(this.#line, { d: line, "stroke-width": linePixelsWide * ratio });
    set(this.#help, {
      d: helpLine(mark, canvas.view),
      "stroke-width": ratio,
      "stroke-dasharray": `${4 * ratio}`,
    });
    const grips = own && (selected || hovered) ? handles(mark.kind, mark.points) : [];
    const rings = grips.map((each) => ring(toScreen(each, canvas.view), handleRadius * ratio)).join("");
    set(this.#grips, { d: rings, "stroke-width": 1.5 * ratio });
  }

  label(text: readonly string[], box: Box | null, anchor: Point, ratio: number): void {
    const hidden = box === null;
    for (const each of [this.#leader, this.#ground, this.#text]) each.toggleAttribute("hidden", hidden);
    this.group.dataset.label = text.join("\n");
    if (!box) return;
    const from = {
      x: clamp(anchor.x, box.x, box.x + box.width),
      y: clamp(anchor.y, box.y, box.y + box.height),
    };
    set(this.#leader, {
      d: `M${round(anchor.x)} ${round(anchor.y)}L${round(from.x)} ${round(from.y)}`,
      "stroke-width": ratio,
      "stroke-dasharray": `${2 * ratio} ${3 * ratio}`,
    });
    set(this.#ground, {
      x: round(box.x),
      y: round(box.y),
      width: round(box.width),
      height: round(box.height),
    });
    this.#write(text, box, ratio);
  }

  #write(text: readonly string[], box: Box, ratio: number): void {
    const joined = text.join("\n");
    if (joined !== this.#shownText) {
      this.#shownText = joined;
      this.#text.replaceChildren(...text.map((line) => {
        const span = svg("tspan");
        span.textContent = line;
        return span;
      }));
    }
    set(this.#text, { "font-size": fontPixels * ratio, "stroke-width": 3 * ratio });
    [...this.#text.children].forEach((span, index) => {
      span.setAttribute("x", String(round(box.x + padding * ratio)));
      span.setAttribute("y", String(round(box.y + (padding + 13 + index * linePixels) * ratio)));
    });
  }
}

export class Painter {
  readonly #nodes = new Map<string, MarkNodes>();
  readonly #root = svg("g", { class: "marks" });
  readonly #away = new AwaySigns(this.#root);

  constructor(layer: SVGSVGElement, readonly boxes: Map<string, Box>) {
    layer.appendChild(this.#root);
  }

  paint(all: readonly Painted[], canvas: Canvas): void {
    this.boxes.clear();
    const { color, outline } = look();
    set(this.#root, { "data-color": color, "data-outline": outline });
    const uids = new Set(all.map((each) => each.mark.uid));
    for (const [uid, nodes] of this.#nodes) {
      if (uids.has(uid)) continue;
      nodes.group.remove();
      this.#nodes.delete(uid);
    }
    const taken: Taken[] = all.flatMap((painted) => {
      const box = boxOfMark(painted, canvas);
      return box ? [{ uid: painted.mark.uid, box, weight: markWeight }] : [];
    });
    // What the reader put somewhere stands there; the others keep out of its way.
    const inOrder = [...all].sort((a, b) => Number(b.mark.label !== null) - Number(a.mark.label !== null));
    const away = new Map<Side, string[]>();
    for (const painted of inOrder) {
      const side = this.#paintOne(painted, canvas, taken);
      if (side) away.set(side, [...(away.get(side) ?? []), String(painted.mark.number || "·")]);
    }
    this.#away.paint(away, canvas);
  }

  end(): void {
    this.#root.remove();
    this.#nodes.clear();
  }

  /** Where the mark lies when it is out of sight. */
  #paintOne(painted: Painted, canvas: Canvas, taken: Taken[]): Side | null {
    const { mark } = painted;
    const nodes = this.#nodes.get(mark.uid) ?? this.#added(mark.uid);
    const outlined = outlines(mark.kind, mark.points, painted.aspect).map((each) =>
      outlineOnScreen(each, canvas.view)
    );
    const visible = outlined.some((each) => isSeen(each, canvas));
    // Mark and value are seen together or not at all.
    nodes.group.toggleAttribute("hidden", !visible);
    if (!visible) return outlined.length === 0 ? null : sideOf(bounds(outlined), canvas);
    nodes.paint(painted, canvas, outlined);
    const lines = labelText(painted);
    const box = lines.length === 0 ? null : placed(mark, lines, outlined, canvas, taken);
    const anchor = box ? nearestPoint(outlined, box) : { x: 0, y: 0 };
    nodes.label(lines, box, anchor, canvas.pixelRatio);
    if (!box) return null;
    taken.push({ uid: mark.uid, box, weight: labelWeight });
    this.boxes.set(mark.uid, box);
    return null;
  }

  #added(uid: string): MarkNodes {
    const nodes = new MarkNodes(uid);
    this.#nodes.set(uid, nodes);
    this.#root.appendChild(nodes.group);
    return nodes;
  }
}

/** The number ties the label to its mark and to the list. */
function labelText({ mark, own, more }: Painted): string[] {
  const lines = [...labelLines(mark), ...more];
  const [first = "", ...rest] = lines;
  const number = mark.number > 0 ? `${mark.number}  ` : "";
  const author = own ? [] : [mark.author.displayName || mark.author.name];
  return [`${number}${first}`.trimEnd(), ...rest, ...author].filter((each) => each !== "");
}

const authorColors = 6;

/** Which of the authors' colours; the reader's own is apart. */
function authorColor(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return sum % authorColors;
}

function pathOf({ points, closed }: Outline): string {
  if (points.length < 2) return "";
  return `M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join("L")}${closed ? "Z" : ""}`;
}

function ring({ x, y }: Point, radius: number): string {
  return `M${round(x - radius)} ${round(y)}a${radius} ${radius} 0 1 0 ${
    2 * radius
  } 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0`;
}

/** What makes an end point visible as such: a cross, an arrow's head, the ticks of a ruler. */
function ends(mark: Mark, { view, pixelRatio }: Canvas): string {
  const size = tick * pixelRatio;
  const screen = mark.points.map((each) => toScreen(each, view));
  const [first, second] = screen;
  if (!first) return "";
  if (mark.kind === "probe" || mark.kind === "text" || screen.length === 1) return cross(first, size);
  if (!second) return "";
  if (mark.kind === "arrow") return arrowHead(first, second, size * 1.6);
  if (mark.kind === "circle") return cross(first, size / 2);
  if (mark.kind === "length" || mark.kind === "calibration") {
    return bar(first, second, size) + bar(second, first, size);
  }
  if (mark.kind !== "ratio" && mark.kind !== "cobb") return "";
  const [, , third, fourth] = screen;
  const one = bar(first, second, size / 2) + bar(second, first, size / 2);
  return third && fourth ? one + bar(third, fourth, size / 2) + bar(fourth, third, size / 2) : one;
}

function cross({ x, y }: Point, size: number): string {
  return `M${round(x - size)} ${round(y)}H${round(x + size)}M${round(x)} ${round(y - size)}V${
    round(y + size)
  }`;
}

function bar(at: Point, other: Point, size: number): string {
  const length = Math.hypot(other.x - at.x, other.y - at.y) || 1;
  const [dx, dy] = [((other.y - at.y) / length) * size, (-(other.x - at.x) / length) * size];
  return `M${round(at.x - dx)} ${round(at.y - dy)}L${round(at.x + dx)} ${round(at.y + dy)}`;
}

function arrowHead(tip: Point, tail: Point, size: number): string {
  const angle = Math.atan2(tail.y - tip.y, tail.x - tip.x);
  const side = (turn: number) =>
    `M${round(tip.x)} ${round(tip.y)}L${round(tip.x + size * Math.cos(angle + turn))} ${
      round(tip.y + size * Math.sin(angle + turn))
    }`;
  return side(0.4) + side(-0.4);
}

/** Two separate lines are tied together. */
function helpLine(mark: Mark, view: Affine): string {
  if ((mark.kind !== "cobb" && mark.kind !== "ratio") || mark.points.length < 4) return "";
  const [a, b, c, d] = mark.points as [Coordinate, Coordinate, Coordinate, Coordinate];
  const middle = (p: Coordinate, q: Coordinate) => toScreen([(p[0] + q[0]) / 2, (p[1] + q[1]) / 2], view);
  const [from, to] = [middle(a, b), middle(c, d)];
  return `M${round(from.x)} ${round(from.y)}L${round(to.x)} ${round(to.y)}`;
}

function bounds(outlined: readonly Outline[]): { left: number; top: number; right: number; bottom: number } {
  const all = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { points } of outlined) {
    for (const [x, y] of points) {
      all.left = Math.min(all.left, x);
      all.right = Math.max(all.right, x);
      all.top = Math.min(all.top, y);
      all.bottom = Math.max(all.bottom, y);
    }
  }
  return all;
}

/** CSS pixels of a mark that must be inside, so that it is seen and not only touches the edge. */
const insetPixels = 2;

/** Whether a part of the line itself is in sight; an outline around the whole view is not. */
function isSeen({ points, closed }: Outline, { width, height, pixelRatio }: Canvas): boolean {
  const screen = points.map(([x, y]) => ({ x, y }));
  const [first] = screen;
  if (!first) return false;
  const next = (index: number) => screen[index + 1] ?? (closed || screen.length === 1 ? first : null);
  return screen.some((each, index) => {
    const to = next(index);
    return to !== null && crosses(each, to, width, height, insetPixels * pixelRatio);
  });
}

/** Where the label stands: where the reader put it, else beside the mark where there is room; always in the viewport. */
function placed(
  mark: Mark,
  lines: readonly string[],
  outlined: readonly Outline[],
  canvas: Canvas,
  taken: readonly Taken[],
): Box {
  const ratio = canvas.pixelRatio;
  const width = (Math.max(...lines.map(textWidth)) + 2 * padding) * ratio;
  const height = (lines.length * linePixels + 2 * padding) * ratio;
  const inside = (x: number, y: number): Box => ({
    x: clamp(x, 0, canvas.width - width),
    y: clamp(y, 0, canvas.height - height),
    width,
    height,
  });
  if (mark.label) {
    const { x, y } = toScreen(mark.label, canvas.view);
    return inside(x, y);
  }
  const { left, top, right, bottom } = bounds(outlined);
  const space = gap * ratio;
  const [middleX, middleY] = [(left + right - width) / 2, (top + bottom - height) / 2];
  const candidates = [
    inside(right + space, middleY),
    inside(right + space, top - height),
    inside(right + space, bottom),
    inside(left - space - width, middleY),
    inside(middleX, bottom + space),
    inside(middleX, top - space - height),
    inside(right + space, middleY + height + space),
    inside(right + space, middleY - height - space),
  ];
  let best = inside(right + space, middleY);
  let least = Infinity;
  for (const candidate of candidates) {
    const covered = taken.reduce(
      (sum, each) => sum + (each.uid === mark.uid ? 0 : each.weight * common(candidate, each.box)),
      0,
    );
    if (covered < least) [best, least] = [candidate, covered];
  }
  return best;
}

interface Taken {
  uid: string;
  box: Box;
  weight: number;
}

/** A value over another value cannot be read; one over another mark is only in its way. */
const labelWeight = 10;
const markWeight = 1;

function boxOfMark({ mark, aspect }: Painted, { view }: Canvas): Box | null {
  if (mark.points.length === 0) return null;
  const outlined = outlines(mark.kind, mark.points, aspect).map((each) => outlineOnScreen(each, view));
  const { left, top, right, bottom } = bounds(outlined);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Area in common. */
function common(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Where the leader meets the mark: its corner nearest to the label. */
function nearestPoint(outlined: readonly Outline[], box: Box): Point {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  let nearest: Point = { x, y };
  let distance = Infinity;
  for (const outline of outlined) {
    for (const [px, py] of outline.points) {
      const away = Math.hypot(px - x, py - y);
      if (away < distance) [nearest, distance] = [{ x: px, y: py }, away];
    }
  }
  return nearest;
}
