/** Elements of the layer of marks, and the sizes of their text. User units are device pixels. */
export const fontPixels = 13;
export const linePixels = 17;
export const padding = 4;
const svgNamespace = "http://www.w3.org/2000/svg";

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>> = {},
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(svgNamespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

export function set(element: Element, attributes: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    const text = String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** A hundredth of a device pixel is finer than anything that can be seen. */
export const round = (value: number) => Math.round(value * 100) / 100;
export const clamp = (value: number, low: number, high: number) =>
  Math.min(Math.max(value, low), Math.max(low, high));

let ruler: CanvasRenderingContext2D | null = null;
const widths = new Map<string, number>();
const widthsMaximum = 2000;

/** In CSS pixels, as the label's style sets it. */
export function textWidth(line: string): number {
  const known = widths.get(line);
  if (known !== undefined) return known;
  ruler ??= document.createElement("canvas").getContext("2d");
  if (ruler) ruler.font = `${fontPixels}px ${getComputedStyle(document.body).fontFamily}`;
  const width = ruler?.measureText(line).width ?? line.length * fontPixels;
  if (widths.size >= widthsMaximum) widths.clear();
  widths.set(line, width);
  return width;
}
