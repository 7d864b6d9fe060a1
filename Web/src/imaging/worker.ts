/** The image worker: loads frames and turns them into pictures, so that the page stays free to answer the hand. */
import { type LoadedFrame, SeriesLoader } from "./loader.ts";
import type { FrameSource, FromWorker, Presentation, ToWorker } from "./protocol.ts";
import { automaticWindow, renderColor, renderGray, type Window } from "./voi.ts";

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;
const neutralColor: Window = { center: 128, width: 256 };

interface Series {
  generation: number;
  frames: FrameSource[];
  loader: SeriesLoader;
  asked: number;
  presentation: Presentation | null;
  /** The last frame pictured, to notice when the right one has come. */
  shown: number;
  painting: boolean;
  dirty: boolean;
}

let series: Series | null = null;

scope.onmessage = ({ data }) => {
  if (data.type === "show") {
    if (series) show(series, data.index, data.presentation);
    return;
  }
  series?.loader.close();
  series = data.type === "open" ? open(data.generation, data.frames, data.start) : null;
};

function open(generation: number, frames: FrameSource[], start: number): Series {
  const opened: Series = {
    generation,
    frames,
    asked: start,
    presentation: null,
    shown: -1,
    painting: false,
    dirty: false,
    loader: new SeriesLoader(frames, start, {
      loaded(index) {
        scope.postMessage({ type: "loaded", generation, index });
        const better = Math.abs(index - opened.asked) < Math.abs(opened.shown - opened.asked);
        if (opened.shown < 0 || better) void paint(opened);
      },
      failed: (index, status) => scope.postMessage({ type: "failed", generation, index, status }),
    }),
  };
  return opened;
}

function show(target: Series, index: number, presentation: Presentation): void {
  target.asked = index;
  target.presentation = presentation;
  target.loader.moveTo(index);
  void paint(target);
}

/** One picture at a time; requests that come meanwhile are answered by one more, the newest. */
async function paint(target: Series): Promise<void> {
  target.dirty = true;
  if (target.painting) return;
  target.painting = true;
  while (target.dirty && target === series) {
    target.dirty = false;
    await paintOnce(target);
  }
  target.painting = false;
}

async function paintOnce(target: Series): Promise<void> {
  const { asked, presentation, loader, generation } = target;
  if (!presentation || loader.hasFailed(asked)) return;
  const shown = loader.nearest(asked);
  const frame = loader.frame(shown);
  const source = target.frames[shown];
  if (!frame || !source) return;
  const { bitmap, window } = await picture(frame, source, presentation);
  if (target !== series) {
    bitmap.close();
    return;
  }
  target.shown = shown;
  const rendered = frame.kind === "rendered";
  scope.postMessage({ type: "image", generation, asked, shown, bitmap, window, rendered }, [bitmap]);
}

async function picture(
  frame: LoadedFrame,
  source: FrameSource,
  presentation: Presentation,
): Promise<{ bitmap: ImageBitmap; window: Window }> {
  const { rows, columns, slope, intercept, padding, photometric } = source.format;
  if (frame.kind === "rendered") {
    return { bitmap: await createImageBitmap(frame.bitmap), window: presentation.window ?? neutralColor };
  }
  if (frame.kind === "color") {
    const window = presentation.window ?? neutralColor;
    const mapping = {
      slope: 1,
      intercept: 0,
      window,
      function: presentation.function,
      inverted: presentation.inverted,
    };
    const image = new ImageData(renderColor(frame.decoded.rgb, mapping), columns, rows);
    return { bitmap: await createImageBitmap(image), window };
  }
  const { samples } = frame.decoded;
  const window = presentation.window ?? automaticWindow(samples, frame.range, slope, intercept, padding);
  const inverted = presentation.inverted !== (photometric === "MONOCHROME1");
  const pixels = renderGray(samples, frame.range, {
    slope,
    intercept,
    window,
    function: presentation.function,
    inverted,
  });
  return { bitmap: await createImageBitmap(new ImageData(pixels, columns, rows)), window };
}
