/** The image worker: keeps pixels, streams and drawing away from the page, so that it is free to answer the hand. */
import { Arena } from "./arena.ts";
import { Decoders } from "./decoders.ts";
import { type Drawn, Painter } from "./drawing.ts";
import { HostSeries, type HostServices } from "./host-series.ts";
import { bytesPerPixel, KernelError, Kernels } from "./kernels.ts";
import type { FromHost, ToHost, WireRequest, WireSlab } from "./messages.ts";
import type { FrameFailure, Rectangle, SampleBlock } from "./pictures.ts";

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToHost>) => void) | null;
  postMessage(message: FromHost, transfer?: Transferable[]): void;
}

type Wish =
  | { kind: "picture"; series: HostSeries; serial: number; request: WireRequest }
  | { kind: "slab"; series: HostSeries; stack: number; serial: number; request: WireSlab };

interface Viewport {
  id: number;
  wish: Wish;
  isDirty: boolean;
  /** What its last picture showed. */
  shown: number;
  level: number;
}

interface Call {
  call: number;
  frame: number;
  rectangle: Rectangle;
}

const scope = self as unknown as WorkerScope;
/** Series that load at the same time: browsers allow six connections, and the first picture should not share. */
const streamsMaximum = 3;
/** While a volume loads its planes are drawn anew this often, not for every slice. */
const planeMilliseconds = 200;
const mebibyte = 1024 * 1024;

class ImageHost {
  readonly #services: HostServices;
  readonly #painter: Painter;
  readonly #series = new Map<number, HostSeries>();
  readonly #viewports = new Map<number, Viewport>();
  readonly #calls = new Map<HostSeries, Call[]>();
  /** Viewports whose picture is drawn and not sent yet; the next one waits, so that they come in their order. */
  readonly #sending = new Set<number>();
  readonly #turn = new MessageChannel();
  #isScheduled = false;
  #planeTimer: ReturnType<typeof setTimeout> | undefined;
  #uses = 0;
  #toldBytes = 0;

  constructor(kernels: Kernels, arena: Arena, decoders: Decoders) {
    this.#painter = new Painter(kernels);
    this.#services = {
      kernels,
      arena,
      decoders,
      post: (message, transfer) => scope.postMessage(message, transfer ?? []),
      arrived: (series, frame) => this.#arrived(series, frame),
      makeRoom: (bytes, keep) => this.#makeRoom(bytes, keep),
      settled: () => this.#plan(),
    };
    // Behind the messages that wait already, so that of several wishes of one viewport only the last is drawn.
    this.#turn.port1.onmessage = () => this.#draw();
  }

  receive(message: Exclude<ToHost, { type: "start" }>): void {
    switch (message.type) {
      case "open":
        return this.#open(new HostSeries(message.series, this.#services));
      case "purpose":
        return this.#setPurpose(message.series, message.purpose);
      case "table":
        return this.#painter.learn(message.table);
      case "show":
        return this.#want(message.viewport, message.series, (series) => {
          series.lookAt(message.request.frame);
          return { kind: "picture", series, serial: message.serial, request: message.request };
        });
      case "slab":
        return this.#want(message.viewport, message.series, (series) => {
          return {
            kind: "slab",
            series,
            stack: message.stack,
            serial: message.serial,
            request: message.request,
          };
        });
      case "hide":
        this.#viewports.delete(message.viewport);
        return;
      case "samples":
        return this.#sample(message.series, message);
      case "retry":
        return this.#series.get(message.series)?.retry();
      case "decoder":
        return this.#services.decoders.add(message.decoder, message.port);
      case "decoderLost":
        return this.#services.decoders.lost(message.decoder);
    }
  }

  // Series

  #open(series: HostSeries): void {
    this.#series.set(series.id, series);
    series.lastUse = ++this.#uses;
    this.#plan();
  }

  #setPurpose(id: number, purpose: HostSeries["purpose"]): void {
    const series = this.#series.get(id);
    if (!series) return;
    series.purpose = purpose;
    series.lastUse = ++this.#uses;
    series.unsettle();
    for (const each of this.#series.values()) if (each.purpose === "prefetch") each.unsettle();
    if (purpose === "none") {
      series.pause();
      this.#fail(series, { code: "closed", message: "" });
    }
    this.#plan();
  }

  /** Who may load now: what is looked at, the newest first; prefetching only when all of that is there. */
  #plan(): void {
    const wanting = [...this.#series.values()].filter((each) => each.purpose !== "none" && !each.isSettled);
    const isShown = (series: HostSeries) =>
      [...this.#viewports.values()].some((each) => each.wish.series === series);
    const rank = (series: HostSeries) => (series.purpose === "prefetch" ? 0 : isShown(series) ? 2 : 1);
    wanting.sort((a, b) => rank(b) - rank(a) || b.lastUse - a.lastUse);
    const viewing = wanting.filter((each) => each.purpose === "view");
    const chosen = viewing.length > 0 ? viewing.slice(0, streamsMaximum) : wanting.slice(0, 1);
    for (const each of wanting) if (!chosen.includes(each)) each.pause();
    for (const each of chosen) if (!each.isLoading) each.load();
    this.#tellMemory();
  }

  /** Gives up series nobody has open, those used longest ago first, then prefetched ones. */
  #makeRoom(bytes: number, keep: HostSeries): boolean {
    const { arena } = this.#services;
    const candidates = [...this.#series.values()].filter((each) => each !== keep && each.purpose !== "view");
    candidates.sort((a, b) =>
      Number(a.purpose !== "none") - Number(b.purpose !== "none") || a.lastUse - b.lastUse
    );
    for (const each of candidates) {
      if (arena.largestBytes >= bytes) return true;
      each.close();
      this.#series.delete(each.id);
      scope.postMessage({ type: "dropped", series: each.id });
    }
    return arena.largestBytes >= bytes;
  }

  #tellMemory(): void {
    const { usedBytes } = this.#services.arena;
    if (Math.abs(usedBytes - this.#toldBytes) < mebibyte) return;
    this.#toldBytes = usedBytes;
    scope.postMessage({ type: "memory", usedBytes });
  }

  // Pictures

  #want(id: number, seriesID: number, make: (series: HostSeries) => Wish): void {
    const series = this.#series.get(seriesID);
    if (!series) return;
    const before = this.#viewports.get(id);
    const isNew = before?.wish.series !== series;
    if (isNew) series.lastUse = ++this.#uses;
    const wish = make(series);
    this.#viewports.set(id, {
      id,
      wish,
      isDirty: true,
      shown: isNew ? -1 : before.shown,
      level: before?.level ?? 0,
    });
    if (isNew) this.#plan();
    this.#schedule();
  }

  #arrived(series: HostSeries, frame: number): void {
    this.#answer(series, frame);
    for (const viewport of this.#viewports.values()) {
      const { wish } = viewport;
      if (wish.series !== series) continue;
      if (wish.kind === "slab") this.#redrawPlanes(series);
      else {
        const asked = wish.request.frame;
        const isNearer = Math.abs(frame - asked) < Math.abs(viewport.shown - asked);
        if (viewport.shown < 0 || isNearer || (frame === asked && viewport.level > 0)) {
          viewport.isDirty = true;
        }
      }
    }
    this.#schedule();
  }

  #redrawPlanes(series: HostSeries): void {
    this.#planeTimer ??= setTimeout(() => {
      this.#planeTimer = undefined;
      for (const each of this.#viewports.values()) {
        if (each.wish.kind === "slab" && each.wish.series === series) each.isDirty = true;
      }
      this.#schedule();
    }, planeMilliseconds);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#turn.port2.postMessage(null);
  }

  #draw(): void {
    this.#isScheduled = false;
    const dirty = [...this.#viewports.values()].filter((each) => each.isDirty && !this.#sending.has(each.id));
    for (const viewport of dirty) {
      viewport.isDirty = false;
      try {
        if (viewport.wish.kind === "slab") this.#drawSlab(viewport, viewport.wish);
        else this.#drawPicture(viewport, viewport.wish);
      } catch (error) {
        if (viewport.wish.kind === "picture") viewport.wish.series.undrawable(viewport.wish.request.frame);
        else if (error instanceof KernelError) scope.postMessage({ type: "noVolume", viewport: viewport.id });
        else throw error;
      }
      if (viewport.wish.kind !== "slab") continue;
      // Planes take long: newer wishes are heard between them, and each view has its turn.
      this.#viewports.delete(viewport.id);
      this.#viewports.set(viewport.id, viewport);
      if (dirty.at(-1) !== viewport) this.#schedule();
      break;
    }
    this.#tellMemory();
  }

  #drawPicture(viewport: Viewport, wish: Wish & { kind: "picture" }): void {
    const { series, request, serial } = wish;
    const shown = series.nearest(request.frame);
    const source = shown < 0 ? null : series.source(shown);
    if (!source || request.width < 1 || request.height < 1) return;
    const begun = performance.now();
    const isFirst = viewport.shown < 0;
    const { level } = source.picture;
    viewport.shown = shown;
    viewport.level = level;
    const send = (bitmap: ImageBitmap, look: Pick<Drawn, "window" | "function">) =>
      scope.postMessage({
        type: "picture",
        viewport: viewport.id,
        serial,
        bitmap,
        shown,
        exact: shown === request.frame && level === 0,
        level,
        window: look.window,
        function: look.function,
        milliseconds: performance.now() - begun,
      }, [bitmap]);
    if (isFirst) {
      // The page's thread builds the screen meanwhile: nothing that would wait for it.
      const drawn = this.#painter.drawPixels(source, request);
      this.#sending.add(viewport.id);
      void createImageBitmap(drawn.pixels)
        .then((bitmap) => send(bitmap, drawn), () => series.undrawable(request.frame))
        .finally(() => {
          this.#sending.delete(viewport.id);
          this.#schedule();
        });
    } else {
      const drawn = this.#painter.draw(source, request);
      send(drawn.bitmap, drawn);
    }
  }

  #drawSlab(viewport: Viewport, wish: Wish & { kind: "slab" }): void {
    const { series, stack, request, serial } = wish;
    const found = series.volume(stack);
    if (!found && series.lacksRoom) scope.postMessage({ type: "noVolume", viewport: viewport.id });
    if (!found || request.width < 1 || request.height < 1) return;
    const begun = performance.now();
    const { bitmap, window, function: kind } = this.#painter.drawSlab(
      found.volume,
      found.loaded,
      found.source,
      request,
    );
    scope.postMessage({
      type: "slab",
      viewport: viewport.id,
      serial,
      exact: found.loaded.every((each) => each === 1),
      bitmap,
      window,
      function: kind,
      milliseconds: performance.now() - begun,
    }, [bitmap]);
  }

  // Stored values

  #sample(id: number, { call, frame, rectangle }: Call): void {
    const series = this.#series.get(id);
    if (!series || series.hasFailed(frame) || !(frame >= 0 && frame < series.count)) {
      scope.postMessage({ type: "samples", call, block: null, failure: { code: "missing", message: "" } });
      return;
    }
    const waiting = this.#calls.get(series) ?? [];
    this.#calls.set(series, [...waiting, { call, frame, rectangle }]);
    if (series.slots.levels[frame] === 0) this.#answer(series, frame);
    else series.lookAt(frame);
  }

  #answer(series: HostSeries, frame: number): void {
    const waiting = this.#calls.get(series);
    if (!waiting || series.slots.levels[frame] !== 0) return;
    for (const each of waiting.filter((call) => call.frame === frame)) {
      const block = this.#block(series, each);
      const transfer = block ? [block.values.buffer as ArrayBuffer] : [];
      const failure = block ? null : { code: "missing", message: "" };
      scope.postMessage({ type: "samples", call: each.call, block, failure }, transfer);
    }
    this.#calls.set(series, waiting.filter((call) => call.frame !== frame));
  }

  #fail(series: HostSeries, failure: FrameFailure): void {
    for (const { call } of this.#calls.get(series) ?? []) {
      scope.postMessage({ type: "samples", call, block: null, failure });
    }
    this.#calls.delete(series);
  }

  /** The part of the rectangle that lies in the picture. */
  #block(series: HostSeries, { frame, rectangle }: Call): SampleBlock | null {
    const source = series.source(frame);
    if (!source) return null;
    const { picture } = source;
    const x = Math.min(Math.max(Math.floor(rectangle.x), 0), picture.columns);
    const y = Math.min(Math.max(Math.floor(rectangle.y), 0), picture.rows);
    const width = Math.min(Math.max(Math.ceil(rectangle.width), 0), picture.columns - x);
    const height = Math.min(Math.max(Math.ceil(rectangle.height), 0), picture.rows - y);
    const size = bytesPerPixel(picture.type);
    const bytes = new Uint8Array(width * height * size);
    const { memory } = this.#services.kernels;
    for (let row = 0; row < height; row++) {
      const from = picture.address + ((y + row) * picture.columns + x) * size;
      bytes.set(memory.uint8(from, width * size), row * width * size);
    }
    const samplesPerPixel = picture.type === "rgb8" ? 3 : 1;
    return { frame, x, y, width, height, samplesPerPixel, values: typed(bytes, picture.type) };
  }
}

function typed(bytes: Uint8Array<ArrayBuffer>, type: string): SampleBlock["values"] {
  switch (type) {
    case "int8":
      return new Int8Array(bytes.buffer);
    case "uint16":
      return new Uint16Array(bytes.buffer);
    case "int16":
      return new Int16Array(bytes.buffer);
    case "uint32":
      return new Uint32Array(bytes.buffer);
    case "int32":
      return new Int32Array(bytes.buffer);
    default:
      return bytes;
  }
}

/** As much of the wish as the browser gives. */
function reserve(kernels: Kernels, budgetBytes: number): Arena {
  for (let bytes = budgetBytes;; bytes = Math.floor(bytes * 0.7)) {
    try {
      return new Arena(kernels.allocate(bytes), bytes);
    } catch (error) {
      if (bytes < 64 * mebibyte) throw error;
    }
  }
}

let begin: (started: Promise<ImageHost>) => void;
/** A study may be opened before the kernels are compiled: what is asked meanwhile waits here. */
const host = new Promise<ImageHost>((resolve) => begin = resolve);

async function start(message: ToHost & { type: "start" }): Promise<ImageHost> {
  const kernels = await Kernels.instantiate(message.module);
  const arena = reserve(kernels, message.budgetBytes);
  const processors = message.isolated ? navigator.hardwareConcurrency : 0;
  const decoders = new Decoders(
    kernels,
    message.module,
    processors,
    (count) => scope.postMessage({ type: "decoders", count }),
  );
  scope.postMessage({ type: "ready", budgetBytes: arena.capacity });
  return new ImageHost(kernels, arena, decoders);
}

scope.onmessage = ({ data }) => {
  if (data.type === "start") {
    begin(start(data));
    host.catch((error: unknown) => scope.postMessage({ type: "unusable", reason: String(error) }));
    return;
  }
  // Promises resolve in order, so messages keep theirs.
  void host.then((ready) => ready.receive(data)).catch((error: unknown) => {
    scope.postMessage({ type: "unusable", reason: String(error) });
  });
};
