/** Where and how large the picture is drawn: scale, pan, mirror, rotation. Knows no page; all lengths are device pixels. */
import type { Affine, Point } from "./viewport-api.ts";

/** What a zoom of 1 stands for: the whole picture in the viewport, one device pixel per image pixel, or life size. */
export type ScaleMode = "fit" | "pixels" | "trueSize";

export interface View {
  mode: ScaleMode;
  zoom: number;
  /** Offset of the picture's centre from the viewport's, on the screen, in image columns at a zoom of 1. */
  panX: number;
  panY: number;
  /** Mirrored first, then rotated. */
  flipHorizontal: boolean;
  flipVertical: boolean;
  /** Degrees clockwise, 0 up to 360. */
  rotation: number;
}

export interface Size {
  width: number;
  height: number;
}

/** What the scale depends on besides the view. */
export interface Stage {
  /** Columns and rows. */
  image: Size;
  /** Row spacing divided by column spacing: how much taller than wide a pixel is. */
  aspect: number;
  viewport: Size;
  /** Device pixels that make one image column life size; `null` when spacing or screen are not known. */
  trueScale: number | null;
}

export const initialView: View = {
  mode: "fit",
  zoom: 1,
  panX: 0,
  panY: 0,
  flipHorizontal: false,
  flipVertical: false,
  rotation: 0,
};

export const zoomLimits = { minimum: 0.1, maximum: 40 } as const;

const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Cosine and sine of a rotation, exact for quarter turns. */
function direction(degrees: number): [cosine: number, sine: number] {
  const quarter = degrees / 90;
  if (Number.isInteger(quarter)) {
    const at = ((quarter % 4) + 4) % 4;
    return [[1, 0, -1, 0][at] as number, [0, 1, 0, -1][at] as number];
  }
  return [Math.cos(radians(degrees)), Math.sin(radians(degrees))];
}

/** Device pixels per image column that fit the whole picture, turned as it is. */
export function fitScale(stage: Stage, rotation: number): number {
  const { image, aspect, viewport } = stage;
  const tall = image.height * aspect;
  const [cosine, sine] = direction(rotation).map(Math.abs) as [number, number];
  const [width, height] = [image.width * cosine + tall * sine, image.width * sine + tall * cosine];
  return width > 0 && height > 0 ? Math.min(viewport.width / width, viewport.height / height) : 1;
}

/** Device pixels per image column at a zoom of 1. */
export function baseScale(view: View, stage: Stage): number {
  if (view.mode === "pixels") return 1;
  if (view.mode === "trueSize" && stage.trueScale !== null) return stage.trueScale;
  return fitScale(stage, view.rotation);
}

export function imageToScreen(view: View, stage: Stage): Affine {
  const base = baseScale(view, stage);
  const scaleX = base * view.zoom * (view.flipHorizontal ? -1 : 1);
  const scaleY = base * view.zoom * stage.aspect * (view.flipVertical ? -1 : 1);
  const [cosine, sine] = direction(view.rotation);
  const [a, b, c, d] = [cosine * scaleX, sine * scaleX, -sine * scaleY, cosine * scaleY];
  const centerX = stage.viewport.width / 2 + view.panX * base;
  const centerY = stage.viewport.height / 2 + view.panY * base;
  const e = centerX - (a * stage.image.width + c * stage.image.height) / 2;
  const f = centerY - (b * stage.image.width + d * stage.image.height) / 2;
  // Pixel upon pixel: half a pixel aside each would be a mixture of its neighbours.
  const isWhole = [a, b, c, d].every(Number.isInteger);
  return isWhole ? { a, b, c, d, e: Math.round(e), f: Math.round(f) } : { a, b, c, d, e, f };
}

export function applied(matrix: Affine, { x, y }: Point): Point {
  return { x: matrix.a * x + matrix.c * y + matrix.e, y: matrix.b * x + matrix.d * y + matrix.f };
}

export function inverse({ a, b, c, d, e, f }: Affine): Affine {
  const determinant = a * d - b * c || 1;
  return {
    a: d / determinant,
    b: -b / determinant,
    c: -c / determinant,
    d: a / determinant,
    e: (c * f - d * e) / determinant,
    f: (b * e - a * f) / determinant,
  };
}

/** Zooms so that what lies under a point, measured from the viewport's centre, stays there. */
export function zoomedAbout(view: View, stage: Stage, factor: number, x: number, y: number): View {
  const zoom = Math.min(Math.max(view.zoom * factor, zoomLimits.minimum), zoomLimits.maximum);
  const ratio = zoom / view.zoom;
  const base = baseScale(view, stage);
  const [atX, atY] = [x / base, y / base];
  return { ...view, zoom, panX: atX - (atX - view.panX) * ratio, panY: atY - (atY - view.panY) * ratio };
}

/** Moves the picture on the screen. */
export function panned(view: View, stage: Stage, dx: number, dy: number): View {
  const base = baseScale(view, stage);
  return { ...view, panX: view.panX + dx / base, panY: view.panY + dy / base };
}

export function rotated(view: View, degrees: number): View {
  return { ...view, rotation: (((view.rotation + degrees) % 360) + 360) % 360 };
}

/** Mirrors what is on the screen, whatever way the picture is turned. */
export function mirrored(view: View, side: "horizontal" | "vertical"): View {
  const name = side === "horizontal" ? "flipHorizontal" : "flipVertical";
  // Mirroring after a rotation is rotating the other way after mirroring.
  return { ...view, [name]: !view[name], rotation: (360 - view.rotation) % 360 };
}

/** The image column and row directions seen on the screen: unit vectors for letters at the edges. */
export function screenAxes(view: View): { right: Point; down: Point } {
  const [cosine, sine] = direction(view.rotation);
  const x = view.flipHorizontal ? -1 : 1;
  const y = view.flipVertical ? -1 : 1;
  // Rows of the inverse: how far along columns and rows one goes when moving right, or down, on the screen.
  return { right: { x: cosine * x, y: -sine * y }, down: { x: sine * x, y: cosine * y } };
}
