/** A lens over the picture: drawn anew from the values, not enlarged from the screen. */
import { effect, onCleanup, type ReadSignal } from "../ui/signal.ts";
import type { Pane } from "./pane.ts";
import type { Point } from "./viewport-api.ts";

const lensPixels = 220;
const lensFactor = 3;

export function Magnifier(props: { pane: Pane; at: ReadSignal<Point | null> }) {
  const { pane, at } = props;
  const follow = (canvas: HTMLCanvasElement) => {
    effect(() => {
      const images = at() === null ? null : pane.images();
      if (!images) return;
      const pictures = images.viewport((picture) => {
        const context = canvas.getContext("2d", { alpha: false });
        canvas.width = picture.bitmap.width;
        canvas.height = picture.bitmap.height;
        context?.drawImage(picture.bitmap, 0, 0);
        picture.bitmap.close();
      });
      effect(() => {
        const point = at();
        if (!point) return;
        const side = Math.round(lensPixels * pane.pixelRatio());
        const { a, b, c, d, e, f } = pane.transform();
        // The point under the pointer lies in the middle of the lens.
        const shift = (offset: number, center: number) => (offset - center) * lensFactor + side / 2;
        const scaled = [a, b, c, d].map((each) => each * lensFactor) as [number, number, number, number];
        pictures.show({
          frame: pane.index(),
          settings: pane.settings(),
          transform: [...scaled, shift(e, point.x), shift(f, point.y)],
          width: side,
          height: side,
        });
      });
      onCleanup(() => pictures.close());
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
