/** What is laid over the picture by place: the image's own overlay planes, masks and contours of other objects. */
import type { Child } from "../ui/jsx-runtime.ts";
import { computed, effect, onCleanup } from "../ui/signal.ts";
import type { Pane } from "./pane.ts";
import { pairsOfBits, pictureOf, type PlacedContour, type RGB } from "./placing.ts";
import { isFor } from "./presentation.ts";
import { groundOf, placedOn } from "./structures.ts";
import type { ViewerContext } from "./viewer-context.ts";
import { applied } from "./view.ts";
import type { Affine } from "./viewport-api.ts";

interface Stamp {
  picture: HTMLCanvasElement;
  /** From the stamp's pixels to image coordinates. */
  matrix: Affine;
  opacity: number;
  /** Only what lies on the image is drawn. */
  clip?: { width: number; height: number };
}

interface Outline {
  contours: readonly PlacedContour[];
  color: RGB;
  opacity: number;
}

export interface LaidOver {
  stamps: readonly Stamp[];
  outlines: readonly Outline[];
}

/** Overlay planes of graphics and of regions. */
const overlayColors: Readonly<Record<"G" | "R", RGB>> = { G: [245, 242, 122], R: [102, 217, 232] };

/** Pictures of masks made lately, by what they are made of. */
const pictures = new WeakMap<
  object,
  { color: string; picture: HTMLCanvasElement | null; x: number; y: number }
>();

function stampOf(
  mask: { rows: number; columns: number; runs: readonly number[] },
  key: object,
  color: RGB,
  matrix: Affine,
  opacity: number,
): Stamp | null {
  const name = color.join(" ");
  let made = pictures.get(key);
  if (made?.color !== name) {
    const drawn = pictureOf(mask, color);
    const picture = drawn ? document.createElement("canvas") : null;
    if (drawn && picture) {
      picture.width = drawn.box.width;
      picture.height = drawn.box.height;
      const data = new ImageData(drawn.pixels, drawn.box.width, drawn.box.height);
      picture.getContext("2d")?.putImageData(data, 0, 0);
    }
    made = { color: name, picture, x: drawn?.box.x ?? 0, y: drawn?.box.y ?? 0 };
    pictures.set(key, made);
  }
  const { picture, x, y } = made;
  if (!picture) return null;
  const { a, b, c, d } = matrix;
  const { x: e, y: f } = applied(matrix, { x, y });
  return { picture, matrix: { a, b, c, d, e, f }, opacity };
}

/** Groups of the image's own overlays to show: all, or those a presentation state puts into a layer (PS3.3 C.11.7). */
export function overlayGroups(pane: Pane): (group: number) => boolean {
  const state = pane.state();
  const frame = pane.shownFrame();
  if (!state || !frame || !isFor(state, frame)) return () => true;
  const active = state.overlays.filter((each) => each.runs === undefined && each.layer).map((each) =>
    each.group
  );
  return (group) => active.includes(group);
}

/** The image's own overlay planes as they are shown. */
export function overlayPlanesOn(context: ViewerContext, pane: Pane): Stamp[] {
  const frame = pane.shownFrame();
  const study = pane.place()?.study.study.studyInstanceUID;
  if (!frame || study === undefined || !context.imageOverlays()) return [];
  const isActive = overlayGroups(pane);
  return (context.overlayPlanes.of(study, frame)?.planes ?? []).flatMap((plane) => {
    const bits = plane.frames.find((each) => each.frameNumber === frame.frameNumber);
    if (!bits || !isActive(plane.group)) return [];
    const [e, f] = plane.origin;
    const { rows, columns } = plane;
    const mask = { rows, columns, runs: pairsOfBits(bits.runs) };
    const stamp = stampOf(mask, bits, overlayColors[plane.type], { a: 1, b: 0, c: 0, d: 1, e, f }, 1);
    return stamp ? { ...stamp, clip: { width: frame.stack.columns, height: frame.stack.rows } } : [];
  });
}

/** Masks and contours of other objects on the picture. */
export function laidOver(context: ViewerContext, pane: Pane): LaidOver {
  const frame = pane.shownFrame();
  const study = pane.place()?.study.study.studyInstanceUID;
  const stamps: Stamp[] = [];
  const outlines: Outline[] = [];
  if (!frame || study === undefined) return { stamps, outlines };
  const ground = groundOf(frame, pane.planes()[frame.index] ?? null);
  for (const part of context.structures.shown(study)) {
    const placed = placedOn(part, ground);
    const opacity = part.opacity();
    if (placed && "masks" in placed) {
      for (const { frame: mask, matrix } of placed.masks) {
        const stamp = stampOf(mask, mask, part.color, matrix, opacity);
        if (stamp) stamps.push(stamp);
      }
    } else if (placed && "contours" in placed) {
      outlines.push({ contours: placed.contours, color: part.color, opacity });
    }
  }
  return { stamps, outlines };
}

export function LaidOverLayer(props: { context: ViewerContext; pane: Pane }): Child {
  const { context, pane } = props;
  const laid = computed((): LaidOver => {
    if (context.marksHidden() || pane.failure() !== null) return { stamps: [], outlines: [] };
    const { stamps, outlines } = laidOver(context, pane);
    return { stamps: [...stamps, ...overlayPlanesOn(context, pane)], outlines };
  });
  const attach = (canvas: HTMLCanvasElement) => {
    let scheduled = 0;
    const paint = () => {
      scheduled = 0;
      draw(canvas, laid.peek(), pane);
    };
    effect(() => {
      laid();
      pane.transform();
      pane.size();
      if (scheduled === 0) scheduled = requestAnimationFrame(paint);
    });
    onCleanup(() => cancelAnimationFrame(scheduled));
  };
  return (
    <canvas
      class="laid-over"
      aria-hidden="true"
      ref={attach}
      data-stamps={() => String(laid().stamps.length)}
      data-outlines={() => String(laid().outlines.reduce((sum, each) => sum + each.contours.length, 0))}
    >
    </canvas>
  );
}

function draw(canvas: HTMLCanvasElement, { stamps, outlines }: LaidOver, pane: Pane): void {
  const { width, height } = pane.size.peek();
  const isEmpty = stamps.length === 0 && outlines.length === 0;
  // Without anything to draw it takes no memory.
  const [wide, high] = isEmpty ? [1, 1] : [width, height];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, wide, high);
  const { a, b, c, d, e, f } = pane.transform.peek();
  for (const stamp of stamps) {
    context.save();
    context.setTransform(a, b, c, d, e, f);
    if (stamp.clip) {
      context.beginPath();
      context.rect(0, 0, stamp.clip.width, stamp.clip.height);
      context.clip();
    }
    const { a: ma, b: mb, c: mc, d: md, e: me, f: mf } = stamp.matrix;
    context.transform(ma, mb, mc, md, me, mf);
    const now = context.getTransform();
    const scale = Math.hypot(now.a, now.b);
    // Enlarged, a mask's pixels keep their edges; made smaller, thin lines must not fall between the screen's pixels.
    context.imageSmoothingEnabled = scale < 1;
    context.imageSmoothingQuality = "high";
    context.globalAlpha = stamp.opacity;
    context.drawImage(stamp.picture, 0, 0);
    context.restore();
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  for (const outline of outlines) drawOutline(context, outline, pane);
  context.globalAlpha = 1;
  canvas.dataset.transform = [a, b, c, d, e, f].join(" ");
}

const pointArm = 5;
const fillShare = 0.3;

function drawOutline(
  context: CanvasRenderingContext2D,
  { contours, color, opacity }: Outline,
  pane: Pane,
): void {
  const transform = pane.transform.peek();
  const ratio = pane.pixelRatio.peek();
  const [closed, open] = [new Path2D(), new Path2D()];
  for (const { type, points } of contours) {
    const path = type.startsWith("CLOSED") ? closed : open;
    points.forEach((point, index) => {
      const { x, y } = applied(transform, point);
      if (type === "POINT") {
        const arm = pointArm * ratio;
        path.moveTo(x - arm, y);
        path.lineTo(x + arm, y);
        path.moveTo(x, y - arm);
        path.lineTo(x, y + arm);
      } else if (index === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    });
    if (path === closed) path.closePath();
  }
  context.strokeStyle = context.fillStyle = `rgb(${color.join(" ")})`;
  context.lineWidth = 1.5 * ratio;
  // One within another leaves a hole, whichever of the ways to say so an object uses.
  context.globalAlpha = opacity * fillShare;
  context.fill(closed, "evenodd");
  context.globalAlpha = Math.min(1, opacity * 2);
  context.stroke(closed);
  context.stroke(open);
}
