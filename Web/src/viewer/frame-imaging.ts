/** Pictures from DICOMweb alone, a request per frame, drawn on the page: what stands in where the imaging service cannot. */
import { type API, type Series, seriesPath, type StudyDetail } from "../core/api.ts";
import { type LoadedFrame, SeriesLoader } from "../imaging/loader.ts";
import { type DataSet, type Frame, framesOf, numbers, text } from "../imaging/metadata.ts";
import type {
  DisplaySettings,
  FrameFailure,
  FrameInfo,
  Imaging,
  InstanceAttributes,
  InstanceInfo,
  LoadedFrames,
  Picture,
  PictureRequest,
  Rectangle,
  SampleBlock,
  SeriesImages,
  SeriesManifest,
  StackInfo,
  StudyManifest,
  ViewportPictures,
  Window,
} from "../imaging/pictures.ts";
import { automaticWindow, displayLevel } from "../imaging/voi.ts";
import { type Signal, signal } from "../ui/signal.ts";

interface Source {
  manifest: SeriesManifest;
  frames: readonly Frame[];
}

const instanceDefaults: InstanceAttributes = {
  lossy: false,
  lossyRatio: [],
  lossyMethod: [],
  frameTimes: [],
  imageType: [],
  viewPosition: "",
  laterality: "",
  bodyPart: "",
  patientOrientation: [],
  acquisitionNumber: null,
  acquisitionDateTime: "",
  contentDateTime: "",
  sourceDetector: null,
  sourcePatient: null,
  regions: [],
  overlays: [],
  burnedIn: null,
  pet: null,
  echoTime: null,
  repetitionTime: null,
  kvp: null,
  exposure: null,
  gantryTilt: null,
  mimeType: "",
};

export class FrameImaging implements Imaging {
  readonly memory = signal({ budgetBytes: 0, usedBytes: 0 });
  readonly isolated = false;
  readonly #sources = new Map<string, Source>();
  readonly #open = new Map<string, FrameImages>();

  constructor(private readonly api: API) {}

  async openStudy(uid: string, abort = new AbortController().signal): Promise<StudyManifest> {
    const detail = await this.api.study(uid, abort);
    const series = await Promise.all(detail.series.map((each) => this.#manifest(detail, each, abort)));
    return { study: detail.study, series };
  }

  async #manifest(detail: StudyDetail, series: Series, abort: AbortSignal): Promise<SeriesManifest> {
    const study = detail.study.studyInstanceUID;
    const data = (await this.api.metadata(study, series.seriesInstanceUID, abort)) as DataSet[];
    const syntax = new Map(series.instances.map((each) => [each.sopInstanceUID, each.transferSyntaxUID]));
    const frames = framesOf(
      seriesPath(study, series.seriesInstanceUID),
      data,
      (uid) => syntax.get(uid) ?? "",
    );
    const manifest = manifestOf(series, data, frames);
    this.#sources.set(series.seriesInstanceUID, { manifest, frames });
    return manifest;
  }

  openSeries(_: StudyManifest, uid: string, first = 0): SeriesImages {
    const existing = this.#open.get(uid);
    if (existing) return existing.use();
    const source = this.#sources.get(uid);
    if (!source) throw new Error("series is not open");
    const made = new FrameImages(source, first, () => this.#open.delete(uid), this.api);
    this.#open.set(uid, made);
    return made;
  }

  prefetch(): { cancel(): void } {
    return { cancel() {} };
  }

  close(): void {
    for (const each of [...this.#open.values()]) each.end();
  }
}

class FrameImages implements SeriesImages {
  readonly manifest: SeriesManifest;
  readonly failures: Signal<ReadonlyMap<number, FrameFailure>> = signal(new Map());
  readonly waiting = signal(false);
  readonly loaded: Signal<LoadedFrames>;
  readonly loader: SeriesLoader;
  readonly frames: readonly Frame[];
  readonly #views = new Set<FrameView>();
  #users = 1;
  automatic: Window | null = null;

  constructor(source: Source, first: number, private readonly ended: () => void, api: API) {
    this.manifest = source.manifest;
    this.frames = source.frames;
    this.loaded = signal(this.#state(0));
    this.loader = new SeriesLoader(source.frames.map((each) => each.source), first, {
      loaded: (index) => {
        this.loaded.set(this.#state(this.loaded.peek().count + 1));
        for (const view of this.#views) view.better(index);
      },
      failed: (index, status) => {
        if (status === 401) api.onSignedOut();
        const failure = { code: status === 0 ? "unreadable" : `http${status}`, message: "" };
        this.failures.update((all) => new Map([...all, [index, failure]]));
      },
    }, (input, init) => fetch(input, init));
  }

  #state(count: number): LoadedFrames {
    return {
      count,
      total: this.frames.length,
      level: (frame) => (this.loader.frame(frame) ? 0 : -1),
    };
  }

  use(): this {
    this.#users++;
    return this;
  }

  viewport(onPicture: (picture: Picture) => void): ViewportPictures {
    const view: FrameView = new FrameView(this, onPicture, () => this.#views.delete(view));
    this.#views.add(view);
    return view;
  }

  async samples(frame: number, rectangle: Rectangle): Promise<SampleBlock> {
    const found = this.loader.frame(frame);
    if (found?.kind !== "gray") throw { code: "unreadable", message: "" };
    const columns = this.frames[frame]?.source.format.columns ?? 0;
    const all = found.decoded.samples;
    const values = all.slice(0, rectangle.width * rectangle.height);
    for (let row = 0; row < rectangle.height; row++) {
      const from = (rectangle.y + row) * columns + rectangle.x;
      values.set(all.subarray(from, from + rectangle.width) as never, row * rectangle.width);
    }
    return await Promise.resolve({ ...rectangle, frame, samplesPerPixel: 1, values });
  }

  volume(): null {
    return null;
  }

  retry(): void {}

  release(): void {
    if (--this.#users <= 0) this.end();
  }

  end(): void {
    for (const view of this.#views) view.close();
    this.loader.close();
    this.ended();
  }
}

class FrameView implements ViewportPictures {
  #request: PictureRequest | null = null;
  #scheduled = false;
  #shown = -1;

  constructor(
    private readonly images: FrameImages,
    private readonly onPicture: (picture: Picture) => void,
    private readonly ended: () => void,
  ) {}

  show(request: PictureRequest): void {
    if (request.frame !== this.#request?.frame) this.images.loader.moveTo(request.frame);
    this.#request = request;
    this.#draw();
  }

  better(index: number): void {
    const asked = this.#request?.frame ?? -1;
    if (this.#shown < 0 || Math.abs(index - asked) < Math.abs(this.#shown - asked)) this.#draw();
  }

  #draw(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.#request) this.#picture(this.#request);
    });
  }

  #picture(request: PictureRequest): void {
    const shown = this.images.loader.nearest(request.frame);
    const frame = this.images.loader.frame(shown);
    const info = this.images.manifest.frames[shown];
    if (!frame || !info || this.images.failures.peek().has(request.frame)) return;
    const window = windowFor(this.images, request.settings, frame, info);
    const canvas = new OffscreenCanvas(Math.max(1, request.width), Math.max(1, request.height));
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) return;
    context.setTransform(...request.transform as [number, number, number, number, number, number]);
    context.imageSmoothingQuality = "high";
    context.drawImage(rendered(frame, info, request.settings, window), 0, 0);
    this.#shown = shown;
    this.onPicture({
      request,
      bitmap: canvas.transferToImageBitmap(),
      shown,
      exact: shown === request.frame,
      level: 0,
      window: frame.kind === "gray" ? window : request.settings.window ?? null,
      function: info.display.function,
      milliseconds: 0,
    });
  }

  close(): void {
    this.#request = null;
    this.ended();
  }
}

const neutral: Window = { center: 128, width: 256 };

function windowFor(
  images: FrameImages,
  settings: DisplaySettings,
  frame: LoadedFrame,
  info: FrameInfo,
): Window {
  if (settings.window) return settings.window;
  if (frame.kind !== "gray") return neutral;
  const { slope, intercept, padding } = info.display;
  return info.display.windows[0] ??
    (images.automatic ??= automaticWindow(
      frame.decoded.samples,
      frame.range,
      slope,
      intercept,
      padding?.[0] ?? null,
    ));
}

function rendered(
  frame: LoadedFrame,
  info: FrameInfo,
  settings: DisplaySettings,
  window: Window,
): CanvasImageSource {
  if (frame.kind === "rendered") return frame.bitmap;
  const { rows, columns, photometric } = info.stack;
  const image = new ImageData(columns, rows);
  const inverted = (settings.inverted ?? false) !== (photometric === "MONOCHROME1");
  const { slope, intercept } = info.display;
  const level = (value: number) => {
    const grey = Math.round(displayLevel(value, window, info.display.function));
    return inverted ? 255 - grey : grey;
  };
  const count = rows * columns;
  const table = new Map<number, number>();
  const map = settings.colorMap?.rgb;
  for (let i = 0; i < count; i++) {
    if (frame.kind === "color") {
      for (let c = 0; c < 3; c++) image.data[i * 4 + c] = level(frame.decoded.rgb[i * 3 + c] as number);
    } else {
      const stored = frame.decoded.samples[i] as number;
      let grey = table.get(stored);
      if (grey === undefined) table.set(stored, grey = level(stored * slope + intercept));
      for (let c = 0; c < 3; c++) image.data[i * 4 + c] = map ? map[grey * 3 + c] as number : grey;
    }
    image.data[i * 4 + 3] = 255;
  }
  const canvas = new OffscreenCanvas(columns, rows);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

function manifestOf(series: Series, data: readonly DataSet[], frames: readonly Frame[]): SeriesManifest {
  const instances = data.map((each, index): InstanceInfo => ({
    index,
    sopInstanceUID: text(each, "00080018"),
    sopClassUID: text(each, "00080016"),
    kind: frames.length > 0 ? "image" : "structuredReport",
    instanceNumber: numbers(each, "00200013")[0] ?? null,
    numberOfFrames: numbers(each, "00280008")[0] ?? 1,
    quarantined: false,
    attributes: {
      ...instanceDefaults,
      lossy: text(each, "00282110") === "01",
      viewPosition: text(each, "00185101"),
      laterality: text(each, "00200062") || text(each, "00200060"),
      bodyPart: text(each, "00180015"),
      frameTimes: numbers(each, "00181063"),
      patientOrientation: (each["00200020"]?.Value ?? []).map(String),
    },
  }));
  const stacks = new Map<string, StackInfo>();
  const infos = frames.map((frame, index): FrameInfo => {
    const of = data.findIndex((each) => text(each, "00080018") === frame.sopInstanceUID);
    const object = data[of] ?? {};
    const stack = stackOf(stacks, frame, object, index);
    const { slope, intercept, padding } = frame.source.format;
    return {
      index,
      instance: instances[of] as InstanceInfo,
      frameNumber: frame.frameNumber,
      stack,
      display: {
        slope,
        intercept,
        rescaleType: text(object, "00281054"),
        modalityTable: null,
        windows: frame.window ? [{ ...frame.window, explanation: "" }] : [],
        function: frame.function,
        voiTables: [],
        padding: padding === null ? null : [padding, padding],
        presentationShape: "IDENTITY",
      },
      position: frame.position as [number, number, number] | null,
      time: null,
    };
  });
  return {
    seriesInstanceUID: series.seriesInstanceUID,
    modality: series.modality,
    seriesNumber: series.seriesNumber,
    seriesDescription: series.seriesDescription,
    seriesDate: "",
    seriesTime: "",
    bodyPart: text(data[0] ?? {}, "00180015"),
    laterality: text(data[0] ?? {}, "00200060"),
    protocolName: "",
    kind: frames.length > 0 ? "image" : "structuredReport",
    revision: "",
    instances,
    frames: infos,
    stacks: [...stacks.values()],
  };
}

function stackOf(stacks: Map<string, StackInfo>, frame: Frame, data: DataSet, index: number): StackInfo {
  const { format } = frame.source;
  const key = JSON.stringify([frame.orientation, format.rows, format.columns]);
  const existing = stacks.get(key);
  if (existing) {
    (existing as { count: number }).count++;
    return existing;
  }
  const [row = 0, column = 0] = numbers(data, "00280030");
  const known = row > 0 && column > 0;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = frame.orientation ?? [];
  const made: StackInfo = {
    index: stacks.size,
    first: index,
    count: 1,
    rows: format.rows,
    columns: format.columns,
    samplesPerPixel: format.samplesPerPixel,
    bitsAllocated: format.bitsAllocated,
    bitsStored: format.bitsStored,
    signed: format.signed,
    float: false,
    photometric: format.samplesPerPixel === 3
      ? "RGB"
      : format.photometric === "MONOCHROME1"
      ? "MONOCHROME1"
      : "MONOCHROME2",
    palette: null,
    orientation: frame.orientation,
    normal: frame.orientation ? [b * f - c * e, c * d - a * f, a * e - b * d] : null,
    spacing: known ? [row, column] : null,
    spacingSource: known ? "pixelSpacing" : "none",
    magnification: null,
    pixelAspect: frame.pixelAspect,
    frameOfReference: text(data, "00200052") || null,
    sliceSpacing: null,
    sliceThickness: numbers(data, "00180050")[0] ?? null,
    spatial: frame.position !== null,
    uniform: false,
  };
  stacks.set(key, made);
  return made;
}
