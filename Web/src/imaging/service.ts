/** `Imaging` of pictures.ts: the page's side of the image worker. */
import type { API } from "../core/api.ts";
import { compiledModule, takeWorker } from "../core/head-start.ts";
import { computed, type ReadSignal, type Signal, signal } from "../ui/signal.ts";
import { parseStudy, type StudyText } from "./manifest.ts";
import { Overtaken } from "./overtaken.ts";
import type { DecoderStart, FromHost, SeriesOpening, ToHost, WireSettings } from "./messages.ts";
import type {
  DisplaySettings,
  FrameFailure,
  Imaging,
  ImagingMemory,
  LoadedFrames,
  LookupTable,
  Picture,
  PictureRequest,
  Rectangle,
  SampleBlock,
  SeriesImages,
  SeriesManifest,
  SlabPicture,
  SlabRequest,
  StudyManifest,
  ViewportPictures,
  VolumeImages,
} from "./pictures.ts";
import { volumeProblem } from "./volume-fit.ts";

export interface ImagingAddresses {
  /** The image worker's script, the decoders', the kernel module. */
  host: string;
  decoder: string;
  kernels: string;
}

const gibibyte = 1024 ** 3;
/** Of the machine's memory, as far as the browser tells it; a viewer beside other programs. */
const memoryShare = 0.4;
const budgetLimits = { minimum: 0.5 * gibibyte, maximum: 3 * gibibyte } as const;

export function budgetFor(deviceGibibytes: number | undefined): number {
  const share = (deviceGibibytes ?? 4) * memoryShare * gibibyte;
  return Math.floor(Math.min(Math.max(share, budgetLimits.minimum), budgetLimits.maximum));
}

interface Receiver {
  picture?(message: FromHost & { type: "picture" }): void;
  slab?(message: FromHost & { type: "slab" }): void;
  noVolume?(): void;
}

interface PendingCall {
  resolve(block: SampleBlock): void;
  reject(failure: FrameFailure): void;
}

export class ImagingService implements Imaging {
  readonly memory: Signal<ImagingMemory>;
  readonly isolated = globalThis.crossOriginIsolated;
  /** Why no pictures can be drawn in this browser; `null` as long as they can. */
  readonly unusable: ReadSignal<string | null>;
  readonly #unusable = signal<string | null>(null);
  readonly #api: API;
  readonly #worker: Worker;
  readonly #decoderAddress: string;
  readonly #decoders: Worker[] = [];
  readonly #open = new Map<string, ImagesOfSeries>();
  readonly #byID = new Map<number, ImagesOfSeries>();
  readonly #receivers = new Map<number, Receiver>();
  readonly #calls = new Map<number, PendingCall>();
  readonly #tables = new Set<string>();
  #next = 1;

  /** @param budgetBytes for pixels; left out, a share of what the machine has. */
  constructor(
    api: API,
    addresses: ImagingAddresses,
    budgetBytes = budgetFor((navigator as { deviceMemory?: number }).deviceMemory),
  ) {
    this.#api = api;
    this.#decoderAddress = addresses.decoder;
    this.unusable = this.#unusable;
    this.memory = signal({ budgetBytes, usedBytes: 0 });
    this.#worker = takeWorker(addresses.host);
    this.#worker.onmessage = ({ data }: MessageEvent<FromHost>) => this.#receive(data);
    this.#worker.onerror = (event) => this.#unusable.set(event.message || "worker");
    compiledModule(addresses.kernels).then(
      (module) =>
        this.post({
          type: "start",
          module,
          isolated: this.isolated,
          budgetBytes,
        }),
      (error: unknown) => this.#unusable.set(String(error)),
    );
  }

  // Studies and series

  async openStudy(studyInstanceUID: string, abort?: AbortSignal): Promise<StudyManifest> {
    const text = await this.#api.viewing(studyInstanceUID, abort ?? new AbortController().signal);
    return parseStudy(text as StudyText);
  }

  openSeries(study: StudyManifest, seriesInstanceUID: string, first = 0): SeriesImages {
    const images = this.#images(study, seriesInstanceUID, first, "view");
    images.use();
    return images;
  }

  prefetch(
    study: StudyManifest,
    series: readonly { seriesInstanceUID: string; first?: number }[],
  ): { cancel(): void } {
    const known = new Set(study.series.map((each) => each.seriesInstanceUID));
    const all = series.filter((each) => known.has(each.seriesInstanceUID)).map((each) =>
      this.#images(study, each.seriesInstanceUID, each.first ?? 0, "prefetch")
    );
    for (const each of all) each.anticipate(1);
    let isOn = true;
    return {
      cancel: () => {
        if (isOn) { for (const each of all) each.anticipate(-1); }
        isOn = false;
      },
    };
  }

  #images(
    study: StudyManifest,
    uid: string,
    first: number,
    purpose: "view" | "prefetch",
  ): ImagesOfSeries {
    const manifest = study.series.find((each) => each.seriesInstanceUID === uid);
    if (!manifest) throw new RangeError("no such series in the study");
    const known = this.#open.get(uid);
    if (known?.manifest.revision === manifest.revision) return known;
    const made = new ImagesOfSeries(this, this.#next++, manifest);
    this.#open.set(uid, made);
    this.#byID.set(made.id, made);
    this.post({ type: "open", series: openingOf(made.id, study, manifest, first, purpose) });
    return made;
  }

  // For the series

  post(message: ToHost, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #addDecoder(): void {
    const decoder = this.#decoders.length;
    const worker = new Worker(this.#decoderAddress, { type: "module" });
    this.#decoders.push(worker);
    worker.onerror = () => this.post({ type: "decoderLost", decoder });
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ port: port1 } satisfies DecoderStart, [port1]);
    this.post({ type: "decoder", decoder, port: port2 }, [port2]);
  }

  receiver(receive: Receiver): number {
    const id = this.#next++;
    this.#receivers.set(id, receive);
    return id;
  }

  endReceiver(id: number): void {
    this.#receivers.delete(id);
    this.post({ type: "hide", viewport: id });
  }

  samples(series: number, frame: number, rectangle: Rectangle): Promise<SampleBlock> {
    const call = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.post({ type: "samples", call, series, frame, rectangle });
    });
  }

  /** Tables go to the worker once; the settings then name them. */
  wire(settings: DisplaySettings): WireSettings {
    const named = (table: LookupTable): string => {
      if (!this.#tables.has(table.key)) {
        this.#tables.add(table.key);
        this.post({ type: "table", table });
      }
      return table.key;
    };
    const { voiTable, modality, presentationTable, ...rest } = settings;
    const wired: WireSettings = { ...rest };
    if (voiTable) wired.voiTable = named(voiTable);
    if (modality) wired.modality = "entries" in modality ? named(modality) : modality;
    if (presentationTable) wired.presentationTable = named(presentationTable);
    return wired;
  }

  // From the worker

  #receive(message: FromHost): void {
    switch (message.type) {
      case "decoders":
        for (let i = 0; i < message.count; i++) this.#addDecoder();
        return;
      case "picture":
        return this.#deliver(message, (receiver) => receiver.picture, message);
      case "slab":
        return this.#deliver(message, (receiver) => receiver.slab, message);
      case "noVolume":
        return this.#receivers.get(message.viewport)?.noVolume?.();
      case "loaded":
        return this.#byID.get(message.series)?.arrived(message.frames, message.levels);
      case "failed":
        return this.#byID.get(message.series)?.failed(message.frames, message.failure);
      case "receiving":
        return this.#byID.get(message.series)?.receiving.set(message);
      case "waiting":
        return this.#byID.get(message.series)?.waiting.set(message.waiting);
      case "samples":
        return this.#answer(message);
      case "dropped":
        return this.#dropped(message.series);
      case "memory":
        return this.memory.update((now) => ({ ...now, usedBytes: message.usedBytes }));
      case "ready":
        return this.memory.update((now) => ({ ...now, budgetBytes: message.budgetBytes }));
      case "signedOut":
        return this.#api.onSignedOut();
      case "unusable":
        return this.#unusable.set(message.reason);
    }
  }

  #deliver<Message extends { viewport: number; bitmap: ImageBitmap }>(
    { viewport, bitmap }: Message,
    choose: (receiver: Receiver) => ((message: Message) => void) | undefined,
    message: Message,
  ): void {
    const receiver = this.#receivers.get(viewport);
    const deliver = receiver && choose(receiver);
    if (deliver) deliver(message);
    else bitmap.close();
  }

  #answer({ call, block, failure }: FromHost & { type: "samples" }): void {
    const pending = this.#calls.get(call);
    this.#calls.delete(call);
    if (block) pending?.resolve(block);
    else pending?.reject(failure ?? { code: "missing", message: "" });
  }

  #dropped(id: number): void {
    const images = this.#byID.get(id);
    if (!images) return;
    this.#byID.delete(id);
    const uid = images.manifest.seriesInstanceUID;
    if (this.#open.get(uid) === images) this.#open.delete(uid);
  }

  close(): void {
    this.#worker.terminate();
    for (const each of this.#decoders) each.terminate();
    for (const { reject } of this.#calls.values()) reject({ code: "closed", message: "" });
    this.#calls.clear();
    this.#receivers.clear();
  }
}

function openingOf(
  id: number,
  study: StudyManifest,
  manifest: SeriesManifest,
  first: number,
  purpose: "view" | "prefetch",
): SeriesOpening {
  const { frames, stacks, seriesInstanceUID, revision } = manifest;
  const displays = [...new Set(frames.map((each) => each.display))];
  const places = new Map(displays.map((each, index) => [each, index]));
  const positions = new Float64Array(frames.some((each) => each.position) ? frames.length * 3 : 0);
  for (const frame of frames) if (frame.position) positions.set(frame.position, frame.index * 3);
  const path = `/api/studies/${study.study.studyInstanceUID}/series/${seriesInstanceUID}/frames`;
  return {
    id,
    address: `${path}?revision=${revision}`,
    stacks,
    displays,
    display: Uint32Array.from(frames, (each) => places.get(each.display) ?? 0),
    positions,
    first,
    purpose,
  };
}

const none = -1;

class ImagesOfSeries implements SeriesImages {
  readonly loaded: Signal<LoadedFrames>;
  readonly failures: Signal<ReadonlyMap<number, FrameFailure>> = signal(new Map());
  readonly waiting = signal(false);
  readonly receiving = signal<{ frame: number; percent: number } | null>(null);
  readonly #levels: Int8Array;
  readonly #service: ImagingService;
  #count = 0;
  #users = 0;
  #anticipations = 0;

  constructor(service: ImagingService, readonly id: number, readonly manifest: SeriesManifest) {
    this.#service = service;
    this.#levels = new Int8Array(manifest.frames.length).fill(none);
    this.loaded = signal(this.#state());
  }

  #state(): LoadedFrames {
    const levels = this.#levels;
    return { count: this.#count, total: levels.length, level: (frame) => levels[frame] ?? none };
  }

  use(): void {
    if (this.#users++ === 0) this.#tellPurpose();
  }

  anticipate(by: 1 | -1): void {
    this.#anticipations += by;
    this.#tellPurpose();
  }

  #tellPurpose(): void {
    const purpose = this.#users > 0 ? "view" : this.#anticipations > 0 ? "prefetch" : "none";
    this.#service.post({ type: "purpose", series: this.id, purpose });
  }

  arrived(frames: readonly number[], levels: readonly number[]): void {
    frames.forEach((frame, index) => this.#levels[frame] = levels[index] ?? none);
    this.#count = this.#levels.reduce((sum, level) => sum + Number(level === 0), 0);
    this.loaded.set(this.#state());
  }

  failed(frames: readonly number[], failure: FrameFailure): void {
    this.failures.update((all) => new Map([...all, ...frames.map((each) => [each, failure] as const)]));
  }

  viewport(onPicture: (picture: Picture) => void): ViewportPictures {
    const service = this.#service;
    const asked = new Overtaken<PictureRequest>();
    const id = service.receiver({
      picture: ({ serial, bitmap, shown, exact, level, window, function: kind, milliseconds }) => {
        const request = asked.answered(serial);
        if (!request) return bitmap.close();
        onPicture({ request, bitmap, shown, exact, level, window, function: kind, milliseconds });
      },
    });
    return {
      show: (request) => {
        const wired = { ...request, settings: service.wire(request.settings) };
        const serial = asked.add(request);
        service.post({ type: "show", viewport: id, series: this.id, serial, request: wired });
      },
      close: () => service.endReceiver(id),
    };
  }

  samples(frame: number, rectangle: Rectangle): Promise<SampleBlock> {
    return this.#service.samples(this.id, frame, rectangle);
  }

  volume(stack: number): VolumeImages | null {
    const info = this.manifest.stacks[stack];
    const { budgetBytes } = this.#service.memory.peek();
    if (!info || volumeProblem(this.manifest, info, budgetBytes) !== null) return null;
    const loaded = computed(() => {
      const levels = this.loaded();
      let count = 0;
      for (let i = 0; i < info.count; i++) count += Number(levels.level(info.first + i) === 0);
      return count;
    });
    return {
      stack: info,
      loaded,
      viewport: (onPicture, onRefused) => this.#slabs(stack, onPicture, onRefused),
    };
  }

  #slabs(stack: number, onPicture: (picture: SlabPicture) => void, onRefused: () => void) {
    const service = this.#service;
    const asked = new Overtaken<SlabRequest>();
    const id = service.receiver({
      slab: ({ serial, exact, bitmap, window, function: kind, milliseconds }) => {
        const request = asked.answered(serial);
        if (request) onPicture({ request, exact, bitmap, window, function: kind, milliseconds });
        else bitmap.close();
      },
      noVolume: onRefused,
    });
    return {
      show: (request: SlabRequest) => {
        const wired = { ...request, settings: service.wire(request.settings) };
        const serial = asked.add(request);
        service.post({ type: "slab", viewport: id, series: this.id, stack, serial, request: wired });
      },
      close: () => service.endReceiver(id),
    };
  }

  retry(): void {
    this.failures.set(new Map());
    this.#service.post({ type: "retry", series: this.id });
  }

  release(): void {
    if (this.#users === 0) return;
    if (--this.#users === 0) this.#tellPurpose();
  }
}
