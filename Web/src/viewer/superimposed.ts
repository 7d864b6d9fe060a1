/** The second picture of a blending state: the slice of other images that lies where the picture does (PS3.3 C.11.14). */
import type { FrameInfo, Imaging, Picture, SeriesManifest } from "../imaging/pictures.ts";
import { computed, effect, onCleanup } from "../ui/signal.ts";
import { dot, normal, type Plane, planeOf, toPatient, toPlane } from "./geometry.ts";
import type { Pane } from "./pane.ts";
import { blendedSettings, type Blending } from "./presentation.ts";
import { planeToPlane } from "./placing.ts";
import type { Affine } from "./viewport-api.ts";

export interface Superimposed {
  picture: Picture;
  opacity: number;
  /** From its pixels to those of the picture below. */
  matrix: Affine;
  /** Of the image laid over; what lies outside of it stays as it is. */
  columns: number;
  rows: number;
}

const sameDirection = 0.999;

function planeOfFrame({ position, stack }: FrameInfo): Plane | null {
  const { orientation, spacing, rows, columns } = stack;
  const [rowMM, columnMM] = spacing ?? [null, null];
  return planeOf({ orientation, position, rows, columns, spacing: { rowMM, columnMM } });
}

/** The frame nearest to a plane, within half a slice, and how its pixels map to those of that plane. */
export function frameOver(
  frames: readonly FrameInfo[],
  blending: Blending,
  under: FrameInfo,
): { frame: FrameInfo; matrix: Affine } | null {
  const ground = planeOfFrame(under);
  const named = new Set(blending.references.map((each) => each.sopInstanceUID));
  if (!ground) return null;
  let best: { frame: FrameInfo; matrix: Affine; distance: number } | null = null;
  for (const frame of frames) {
    const plane = planeOfFrame(frame);
    if (
      !plane || !named.has(frame.instance.sopInstanceUID) || frame.stack.frameOfReference === null ||
      frame.stack.frameOfReference !== under.stack.frameOfReference ||
      Math.abs(dot(normal(plane), normal(ground))) < sameDirection
    ) continue;
    const middle = toPatient(plane, { x: plane.columns / 2, y: plane.rows / 2 });
    const distance = Math.abs(toPlane(ground, middle).distanceMM);
    const reach = Math.max(frame.stack.sliceSpacing ?? frame.stack.sliceThickness ?? 1, 0.2) / 2;
    if (distance > reach + 1e-3 || (best && best.distance <= distance)) continue;
    best = { frame, matrix: planeToPlane(plane, ground), distance };
  }
  return best;
}

function after(outer: Affine, inner: Affine): Affine {
  const { a, b, c, d, e, f } = outer;
  return {
    a: a * inner.a + c * inner.b,
    b: b * inner.a + d * inner.b,
    c: a * inner.c + c * inner.d,
    d: b * inner.c + d * inner.d,
    e: a * inner.e + c * inner.f + e,
    f: b * inner.e + d * inner.f + f,
  };
}

/** The series of the study that a state lays over. */
function seriesOver(pane: Pane, blending: Blending): SeriesManifest | null {
  const wanted = new Set(blending.references.map((each) => each.seriesInstanceUID));
  return pane.place()?.study.series.find((each) => wanted.has(each.seriesInstanceUID)) ?? null;
}

function drop(pane: Pane): void {
  pane.superimposed.peek()?.picture.bitmap.close();
  pane.superimposed.set(null);
}

/** Keeps the second picture in step with the first; runs in an effect. */
export function superimpose(pane: Pane, imaging: Imaging): void {
  const state = pane.chosenState();
  const blending = state?.blending;
  const study = pane.place()?.study;
  const series = blending && seriesOver(pane, blending);
  // The view's own images are open as long as it is on the screen.
  if (!state || !blending || !series || !study || pane.images() === null) return;
  const images = imaging.openSeries(study, series.seriesInstanceUID);
  const placed = computed(() => {
    const frame = pane.shownFrame();
    return frame && pane.state() ? frameOver(series.frames, blending, frame) : null;
  });
  const pictures = images.viewport((picture) => {
    const place = placed.peek();
    // A neighbour would be another place in the patient.
    if (place?.frame.index !== picture.shown) return picture.bitmap.close();
    drop(pane);
    const { columns, rows } = place.frame.stack;
    pane.superimposed.set({ picture, opacity: blending.opacity, matrix: place.matrix, columns, rows });
  });
  effect(() => {
    const place = placed();
    const { width, height } = pane.size();
    const { a, b, c, d, e, f } = after(pane.transform(), place?.matrix ?? identity);
    if (!place) return drop(pane);
    pictures.show({
      frame: place.frame.index,
      settings: {
        ...blendedSettings(state, blending, place.frame),
        interpolation: pane.settings().interpolation ?? "linear",
      },
      transform: [a, b, c, d, e, f],
      width,
      height,
    });
  });
  onCleanup(() => {
    pictures.close();
    images.release();
    drop(pane);
  });
}

const identity: Affine = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };

/** Where the pixels of what is laid over stand now, for a picture that may have been drawn before the view was moved. */
export function overNow(pane: Pane, over: Superimposed): Affine {
  return after(pane.transform.peek(), over.matrix);
}

/** Over the picture drawn already; `moved` takes the drawn pixels to where they stand now. */
export function drawSuperimposed(
  context: CanvasRenderingContext2D,
  over: Superimposed,
  now: Affine,
  moved: readonly [number, number, number, number, number, number],
): void {
  context.save();
  context.setTransform(now.a, now.b, now.c, now.d, now.e, now.f);
  context.beginPath();
  context.rect(0, 0, over.columns, over.rows);
  context.setTransform(...moved);
  context.clip();
  context.globalAlpha = over.opacity;
  context.drawImage(over.picture.bitmap, 0, 0);
  context.restore();
}
