/** Says at the edge of the view which marks of this image lie beyond it: mark and value are out of sight together, not lost. */
import { fontPixels, linePixels, padding, round, set, svg, textWidth } from "./svg.ts";

export type Side = "left" | "right" | "top" | "bottom" | "around";

interface Size {
  width: number;
  height: number;
}

interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Where most of a mark lies; `around` when it encloses the view. */
export function sideOf(bounds: Bounds, { width, height }: Size): Side {
  const [x, y] = [(bounds.left + bounds.right) / 2, (bounds.top + bounds.bottom) / 2];
  const beyond: readonly [Side, number][] = [
    ["left", -x],
    ["right", x - width],
    ["top", -y],
    ["bottom", y - height],
  ];
  const [side, most] = beyond.reduce((best, each) => (each[1] > best[1] ? each : best));
  return most > 0 ? side : "around";
}

const shapes: Readonly<Record<Side, (numbers: string) => string>> = {
  left: (numbers) => `◀ ${numbers}`,
  right: (numbers) => `${numbers} ▶`,
  top: (numbers) => `▲ ${numbers}`,
  bottom: (numbers) => `▼ ${numbers}`,
  around: (numbers) => `▣ ${numbers}`,
};
const namesMaximum = 6;
const edge = 10;
/** Beside the middle of each side, where the letters of orientation stand. */
const beside = 0.36;

export class AwaySigns {
  readonly #signs = new Map<Side, { group: SVGGElement; ground: SVGRectElement; text: SVGTextElement }>();

  constructor(readonly parent: SVGElement) {}

  /** The numbers of marks beyond each side. */
  paint(away: ReadonlyMap<Side, readonly string[]>, canvas: Size & { pixelRatio: number }): void {
    for (const [side, { group }] of this.#signs) if (!away.has(side)) group.setAttribute("hidden", "");
    for (const [side, numbers] of away) this.#paintOne(side, numbers, canvas);
  }

  #paintOne(side: Side, numbers: readonly string[], canvas: Size & { pixelRatio: number }): void {
    const { group, ground, text } = this.#signs.get(side) ?? this.#made(side);
    const ratio = canvas.pixelRatio;
    const shown = numbers.length > namesMaximum ? [...numbers.slice(0, namesMaximum), "…"] : numbers;
    const words = shapes[side](shown.join(" "));
    const [width, height] = [(textWidth(words) + 2 * padding) * ratio, (linePixels + padding) * ratio];
    const far = { x: canvas.width - width - edge * ratio, y: canvas.height - height - edge * ratio };
    const x = side === "left" ? edge * ratio : side === "right" ? far.x : canvas.width * beside - width / 2;
    const y = side === "bottom"
      ? far.y
      : side === "left" || side === "right"
      ? canvas.height * beside
      : edge * ratio;
    group.removeAttribute("hidden");
    group.dataset.numbers = numbers.join(" ");
    set(ground, { x: round(x), y: round(y), width: round(width), height: round(height) });
    set(text, {
      x: round(x + padding * ratio),
      y: round(y + (padding / 2 + fontPixels) * ratio),
      "font-size": fontPixels * ratio,
      "stroke-width": 3 * ratio,
    });
    if (text.textContent !== words) text.textContent = words;
  }

  #made(side: Side) {
    const group = svg("g", { class: "marks-away", "data-side": side });
    const ground = svg("rect", { class: "mark-ground", rx: 3 });
    const text = svg("text", { class: "mark-text" });
    group.append(ground, text);
    this.parent.appendChild(group);
    const made = { group, ground, text };
    this.#signs.set(side, made);
    return made;
  }
}
