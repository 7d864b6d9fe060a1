/** A lens over the picture: drawn anew from the values, not enlarged from the screen. */
import { effect, onCleanup, type ReadSignal } from "../ui/signal.ts";
import type { Matrix } from "../imaging/pictures.ts";
import type { Pane } from "./pane.ts";
import { pixelPlane } from "./reformat.ts";
import type { Affine, Point } from "./viewport-api.ts";

const lensPixels = 220;
const lensFactor = 3;

const affine = ([a, b, c, d, e, f]: Matrix): Affine => ({ a, b, c, d, e, f });

export function Magnifier(props: { pane: Pane; at: ReadSignal<Point | null> }) {
  const { pane, at } = props;
  const follow = (canvas: HTMLCanvasElement) => {
    effect(() => {
      const images = at() === null ? null : pane.images();
      if (!images) return;
      const show = ({ bitmap }: { bitmap: ImageBitmap }) => {
        const context = canvas.getContext("2d", { alpha: false });
        canvas.width = bitmap.width;
        canvas.height = bitmap.height;
        context?.drawImage(bitmap, 0, 0);
        bitmap.close();
      };
      const volume = pane.volume();
      const planes = volume?.viewport(show, () => {});
      const pictures = volume ? null : images.viewport(show);
      effect(() => {
        const point = at();
        if (!point) return;
        const side = Math.round(lensPixels * pane.pixelRatio());
        const { a, b, c, d, e, f } = pane.transform();
        // The point under the pointer lies in the middle of the lens.
        const shift = (offset: number, center: number) => (offset - center) * lensFactor + side / 2;
        const scaled = [a, b, c, d].map((each) => each * lensFactor) as [number, number, number, number];
        const transform = [...scaled, shift(e, point.x), shift(f, point.y)] as const;
        const [frame, settings] = [pane.index(), pane.settings()];
        pictures?.show({ frame, settings, transform, width: side, height: side });
        const [plane, slab] = [pane.planes()[frame], pane.reformat()?.slab];
        if (!planes || !plane || !slab) return;
        planes.show({
          plane: pixelPlane(plane, affine(transform), 1),
          settings,
          width: side,
          height: side,
          thickness: slab.thicknessMM,
          mode: slab.mode,
        });
      });
      onCleanup(() => {
        pictures?.close();
        planes?.close();
      });
    });
  };
  return (
    <canvas
      class="magnifier"
      aria-hidden="true"
      hidden={() => at() === null}
      ref={follow}
      style={() => {
        const point = at();
        const ratio = pane.pixelRatio();
        const place = (value: number) => `${value / ratio - lensPixels / 2}px`;
        if (!point) return {} as Record<string, string>;
        return { left: place(point.x), top: place(point.y) };
      }}
    >
    </canvas>
  );
}
