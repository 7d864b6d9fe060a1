/** Where and how large the picture is drawn: fit, zoom about a point, pan, mirror, quarter turns. */
import type { Turn } from "../imaging/orientation.ts";

export interface View extends Turn {
  /** 1 fits the picture into the viewport. */
  zoom: number;
  /** Offset of the picture's centre from the viewport's, in screen pixels. */
  panX: number;
  panY: number;
}

export interface Size {
  width: number;
  height: number;
}

export const initialView: View = {
  zoom: 1,
  panX: 0,
  panY: 0,
  flipHorizontal: false,
  flipVertical: false,
  quarterTurns: 0,
};

const zoomMinimum = 0.1;
const zoomMaximum = 40;

/** Screen pixels per image pixel that fit the picture; `image.height` already counts the pixel aspect. */
export function fitScale(image: Size, viewport: Size, quarterTurns: number): number {
  const lying = quarterTurns % 2 !== 0;
  const [width, height] = lying ? [image.height, image.width] : [image.width, image.height];
  return width > 0 && height > 0 ? Math.min(viewport.width / width, viewport.height / height) : 1;
}

/** Zooms so that the image point under (x, y), measured from the viewport's centre, stays where it is. */
export function zoomedAbout(view: View, factor: number, x: number, y: number): View {
  const zoom = Math.min(Math.max(view.zoom * factor, zoomMinimum), zoomMaximum);
  const ratio = zoom / view.zoom;
  return { ...view, zoom, panX: x - (x - view.panX) * ratio, panY: y - (y - view.panY) * ratio };
}

/** The canvas matrix [a, b, c, d, e, f] that draws the picture's pixels from (0, 0) to `image`. */
export function drawMatrix(view: View, image: Size, pixelAspect: number, viewport: Size): number[] {
  const tall = { width: image.width, height: image.height * pixelAspect };
  const scale = fitScale(tall, viewport, view.quarterTurns) * view.zoom;
  const scaleX = scale * (view.flipHorizontal ? -1 : 1);
  const scaleY = scale * pixelAspect * (view.flipVertical ? -1 : 1);
  const quarter = ((view.quarterTurns % 4) + 4) % 4;
  const cosine = [1, 0, -1, 0][quarter] ?? 1;
  const sine = [0, 1, 0, -1][quarter] ?? 0;
  const [a, b, c, d] = [cosine * scaleX, sine * scaleX, -sine * scaleY, cosine * scaleY];
  const centerX = viewport.width / 2 + view.panX;
  const centerY = viewport.height / 2 + view.panY;
  const e = centerX - (a * image.width + c * image.height) / 2;
  const f = centerY - (b * image.width + d * image.height) / 2;
  return [a, b, c, d, e, f];
}
