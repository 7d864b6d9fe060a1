/** Pictures of planes for one view: coarse ones while the hand moves, if whole ones take too long, and the whole when it rests. */
import type {
  DisplaySettings,
  FrameFailure,
  Picture,
  SeriesImages,
  VolumeImages,
} from "../imaging/pictures.ts";
import type { Plane } from "./geometry.ts";
import { pixelPlane, type Reformat } from "./reformat.ts";
import type { Affine } from "./viewport-api.ts";

export interface PlaneRequest {
  /** Index of the plane among those of the view. */
  frame: number;
  plane: Plane;
  reformat: Reformat;
  settings: DisplaySettings;
  /** Image to output. */
  transform: Affine;
  width: number;
  height: number;
}

/** A picture that takes longer than this is drawn with fewer pixels first. */
const patienceMilliseconds = 16;
type Coarseness = 1 | 2 | 4;
const restMilliseconds = 120;

export function planePictures(
  volume: VolumeImages,
  onPicture: (picture: Picture, request: PlaneRequest) => void,
  onRefused: () => void,
): { show(request: PlaneRequest): void; close(): void } {
  let estimate = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wanted: PlaneRequest | null = null;
  const asked = new WeakMap<object, { request: PlaneRequest; coarseness: Coarseness }>();
  const pictures = volume.viewport((picture) => {
    const found = asked.get(picture.request);
    if (!found) return picture.bitmap.close();
    const { request, coarseness } = found;
    const { frame, settings, transform, width, height } = request;
    estimate = picture.milliseconds * coarseness ** 2;
    const { a, b, c, d, e, f } = transform;
    const drawn = [a, b, c, d, e, f].map((each) => each / coarseness) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    onPicture({
      request: { frame, settings, transform: drawn, width, height },
      bitmap: picture.bitmap,
      shown: frame,
      exact: picture.exact,
      level: Math.log2(coarseness),
      window: picture.window,
      function: picture.function,
      milliseconds: picture.milliseconds,
    }, request);
  }, onRefused);
  const ask = (request: PlaneRequest, coarseness: Coarseness) => {
    const { plane, reformat: { slab }, settings, transform, width, height } = request;
    const slabRequest = {
      plane: pixelPlane(plane, transform, coarseness),
      settings,
      width: Math.ceil(width / coarseness),
      height: Math.ceil(height / coarseness),
      thickness: slab.thicknessMM,
      mode: slab.mode,
    };
    asked.set(slabRequest, { request, coarseness });
    pictures.show(slabRequest);
  };
  return {
    show(request) {
      wanted = request;
      clearTimeout(timer);
      if (estimate <= patienceMilliseconds) return ask(request, 1);
      ask(request, estimate <= 4 * patienceMilliseconds ? 2 : 4);
      timer = setTimeout(() => wanted && ask(wanted, 1), restMilliseconds);
    },
    close() {
      clearTimeout(timer);
      wanted = null;
      pictures.close();
    },
  };
}

/** Why there is nothing of a volume, once none of its slices can come any more. */
export function unreadableVolume(
  images: SeriesImages | null,
  volume: VolumeImages | null,
): FrameFailure | null {
  if (!images || !volume || volume.loaded() > 0) return null;
  const failures = images.failures();
  const { first, count } = volume.stack;
  for (let index = first; index < first + count; index++) if (!failures.has(index)) return null;
  return failures.get(first) ?? null;
}
