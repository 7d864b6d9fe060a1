/** One series in the image worker: its stream, its frames in memory, who looks at it. */
import type { Arena } from "./arena.ts";
import type { Decoders } from "./decoders.ts";
import type { FrameHeader, PayloadSink } from "./frame-stream.ts";
import { type Codec, type Kernels, type Volume } from "./kernels.ts";
import type { FromHost, SeriesOpening } from "./messages.ts";
import type { FrameFailure, StackInfo, Window } from "./pictures.ts";
import { paddingOf, type PictureSource } from "./drawing.ts";
import { nearestLoaded } from "./schedule.ts";
import { type FeedTarget, SeriesFeed } from "./series-feed.ts";
import { absent, formatOf, SeriesSlots } from "./slots.ts";
import { isOneScale, ScaledVolume } from "./scaled-volume.ts";
import { gapFactor, sliceSteps } from "./volume-fit.ts";

export interface HostServices {
  kernels: Kernels;
  arena: Arena;
  decoders: Decoders;
  post(message: FromHost, transfer?: Transferable[]): void;
  /** A frame came: viewports may want to draw. */
  arrived(series: HostSeries, frame: number): void;
  /** Makes room by giving up what nobody looks at; whether there is any chance of more. */
  makeRoom(bytes: number, keep: HostSeries): boolean;
  /** Nothing is left to load for this series. */
  settled(series: HostSeries): void;
}

const codecs: readonly Codec[] = ["native", "rle", "jpeg-lossless", "jpeg-ls"];
const unsupported: FrameFailure = { code: "unsupported", message: "" };
const damaged: FrameFailure = { code: "damaged", message: "" };
const noRoom: FrameFailure = { code: "memory", message: "" };
/** From this many bytes on the page is told how much of a frame has come. */
const largeBytes = 1 << 20;
/** Arrivals are told to the page in batches. */
const reportMilliseconds = 50;
/** Frames kept around a place when a series does not fit. */
const leastWindow = 3;

export class HostSeries implements FeedTarget {
  readonly id: number;
  readonly count: number;
  readonly slots: SeriesSlots;
  readonly automatic: { window: Window | null } = { window: null };
  purpose: "view" | "prefetch" | "none";
  /** Counts up whenever the series is looked at. */
  lastUse = 0;
  /** All is there that can be for now; set aside when the reader looks elsewhere. */
  #isSettled = false;
  #isCrowded = false;
  readonly #opening: SeriesOpening;
  readonly #services: HostServices;
  readonly #feed: SeriesFeed;
  readonly #failed = new Set<number>();
  /** Frames that are being decoded, at level 0. */
  readonly #decoding = new Set<number>();
  /** Frames whose preview is being decoded, and what waits for that: it must not be taken from under the decoder. */
  readonly #previewing = new Map<number, (() => void) | null>();
  /** Copies on one scale, by stack. */
  readonly #scaled = new Map<number, ScaledVolume>();
  #receivedPercent = -1;
  #focus: number;
  #report: { frames: number[]; levels: number[] } = { frames: [], levels: [] };
  #reportTimer: ReturnType<typeof setTimeout> | undefined;
  #lastReport = 0;
  #payload: { header: FrameHeader; address: number; scratch: number | null } | null = null;
  #text: Uint8Array | null = null;

  constructor(opening: SeriesOpening, services: HostServices) {
    this.#opening = opening;
    this.#services = services;
    this.id = opening.id;
    this.purpose = opening.purpose;
    this.slots = new SeriesSlots(opening.stacks, opening.positions, services.arena);
    this.count = this.slots.count;
    this.#focus = Math.min(Math.max(opening.first, 0), Math.max(this.count - 1, 0));
    this.#feed = new SeriesFeed(opening.address, this.#focus, this);
    this.#refuseUndrawable();
  }

  #refuseUndrawable(): void {
    const frames: number[] = [];
    for (const stack of this.#opening.stacks) {
      if (formatOf(stack) !== null) continue;
      for (let i = 0; i < stack.count; i++) frames.push(stack.first + i);
    }
    if (frames.length > 0) this.#fail(frames, unsupported);
  }

  // What the image worker asks

  get isLoading(): boolean {
    return this.#feed.isOn;
  }

  /** It was loaded as far as there was room, not in one piece. */
  get lacksRoom(): boolean {
    return this.#isCrowded;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** There may be room now. */
  unsettle(): void {
    this.#isSettled = false;
  }

  /** Begins to load. Prefetching needs room for all; what is looked at begins with what there is. */
  load(): void {
    if (this.count === 0) return this.#settle();
    this.#isCrowded = !this.slots.isWhole && !this.#reserve();
    if (this.#isCrowded && this.purpose !== "view") return this.#settle();
    this.#feed.start();
  }

  #settle(): void {
    this.#isSettled = true;
    this.#services.settled(this);
  }

  #reserve(): boolean {
    if (this.slots.reserveWhole()) return true;
    if (this.purpose !== "view") return false;
    return this.#services.makeRoom(this.slots.bytes, this) && this.slots.reserveWhole();
  }

  pause(): void {
    this.#feed.stop();
  }

  lookAt(frame: number): void {
    this.#focus = frame;
    this.#feed.moveTo(frame);
    if (!this.has(frame)) this.#isSettled = false;
    if (!this.slots.isWhole && this.#feed.isOn && !this.has(frame)) this.#feed.restart();
    else if (!this.#feed.isOn && !this.has(frame) && this.purpose === "view") this.#feed.start();
  }

  retry(): void {
    this.#isSettled = false;
    this.#failed.clear();
    this.#refuseUndrawable();
    if (this.#feed.isOn) this.#feed.restart();
    else this.load();
  }

  /** A frame that is there, but that the kernels cannot draw. */
  undrawable(frame: number): void {
    this.#fail([frame], { code: "drawing", message: "" });
  }

  hasFailed(frame: number): boolean {
    return this.#failed.has(frame);
  }

  /** The frame nearest to `frame` that is there, at whatever level; only of its own stack, which has the same geometry. */
  nearest(frame: number): number {
    return this.#nearestIn(this.slots.stack(frame), frame, (level) => level !== absent);
  }

  #nearestIn({ first, count }: StackInfo, frame: number, wanted: (level: number) => boolean): number {
    const found = nearestLoaded(
      frame - first,
      count,
      (each) => wanted(this.slots.levels[first + each] ?? absent),
    );
    return found < 0 ? found : first + found;
  }

  source(frame: number): PictureSource | null {
    const picture = this.slots.picture(frame);
    const display = this.#opening.displays[this.#opening.display[frame] ?? -1];
    if (!picture || !display) return null;
    return { picture, display, stack: this.slots.stack(frame), automatic: this.automatic };
  }

  /** A stack as a volume, with which of its slices are there; `null` before the first is. */
  volume(stack: number): { volume: Volume; loaded: Uint8Array; source: PictureSource } | null {
    const info = this.#opening.stacks[stack];
    const pointer = this.slots.volume(stack);
    if (!info || pointer === null || !info.spacing || info.orientation?.length !== 6) return null;
    const some = this.#nearestIn(info, info.first, (level) => level === 0);
    const source = some < 0 ? null : this.source(some);
    if (!source) return null;
    const positions = this.#opening.positions.slice(info.first * 3, (info.first + info.count) * 3);
    const step = info.sliceSpacing ?? sliceSteps(positions, info.normal ?? []).step;
    const loaded = this.slots.loadedSlices(stack);
    const scaled = this.#onOneScale(info, pointer, source, loaded);
    if (!scaled) return null;
    const volume: Volume = {
      pointer: scaled.pointer,
      columns: info.columns,
      rows: info.rows,
      type: scaled.source.picture.type,
      spacing: info.spacing,
      orientation: info.orientation as unknown as Volume["orientation"],
      positions: this.slots.isReversed(stack) ? reversedTriples(positions) : positions,
      padding: paddingOf(scaled.source.display),
      maximumGap: gapFactor * step,
      nominalStep: step,
    };
    return { volume, loaded, source: scaled.source };
  }

  /** The stack itself, or its copy where slices have scales of their own; `null` when there is no room for that. */
  #onOneScale(
    { index, first, count }: StackInfo,
    pointer: number,
    source: PictureSource,
    loaded: Uint8Array,
  ): { pointer: number; source: PictureSource } | null {
    const { display: numbers, displays: all } = this.#opening;
    const displays = Array.from({ length: count }, (_, i) => all[numbers[first + i] ?? -1] ?? source.display);
    if (isOneScale(displays)) return { pointer, source };
    const { arena, kernels, makeRoom } = this.#services;
    const inMemory = this.slots.isReversed(index) ? displays.reverse() : displays;
    const make = () => ScaledVolume.make(arena, kernels.memory, source.stack, inMemory);
    let scaled = this.#scaled.get(index) ?? make();
    if (!scaled && makeRoom(ScaledVolume.bytes(source.stack), this)) scaled = make();
    this.#isCrowded ||= scaled === null;
    if (!scaled) return null;
    this.#scaled.set(index, scaled);
    scaled.update(pointer, source.picture.type, loaded);
    return { pointer: scaled.address, source: scaled.source(source, loaded.indexOf(1)) };
  }

  /** Everything given back; the stream ends. */
  close(): void {
    this.#feed.stop();
    clearTimeout(this.#reportTimer);
    for (const { address } of this.#scaled.values()) this.#services.arena.release(address);
    this.#scaled.clear();
    this.slots.clear();
  }

  // What the stream asks

  get isAhead(): boolean {
    return this.purpose !== "view";
  }

  has(frame: number): boolean {
    return this.slots.levels[frame] === 0 || this.#failed.has(frame) || this.#decoding.has(frame);
  }

  range(): readonly [number, number] {
    if (this.slots.isWhole) return [0, this.count - 1];
    const frames = Math.max(
      Math.floor(this.#windowBytes() / Math.max(this.slots.slotBytes(this.#focus), 1)),
      leastWindow,
    );
    const low = Math.min(Math.max(this.#focus - (frames >> 1), 0), Math.max(this.count - frames, 0));
    return [low, Math.min(low + frames, this.count) - 1];
  }

  /** What may be used without giving up what others look at. */
  #windowBytes(): number {
    let own = 0;
    for (const frame of this.slots.singles) own += this.slots.slotBytes(frame);
    return (own + this.#services.arena.largestBytes) * 0.9;
  }

  begin(header: FrameHeader): PayloadSink {
    this.#text = null;
    this.#payload = null;
    if (header.kind === "failure") this.#text = new Uint8Array(header.payloadBytes);
    else if (header.kind === "frame") this.#payload = this.#place(header);
    const { kernels } = this.#services;
    const [text, payload] = [this.#text, this.#payload];
    this.#receivedPercent = -1;
    return {
      write: (bytes, offset) => {
        if (text) text.set(bytes, offset);
        else if (payload) {
          kernels.memory.bytes.set(bytes, (payload.scratch ?? payload.address) + offset);
          this.#received(header, offset + bytes.length);
        }
      },
    };
  }

  /** Where a frame's bytes go: at once to its slot, or beside it to be decoded. */
  #place(header: FrameHeader): { header: FrameHeader; address: number; scratch: number | null } | null {
    const { index, level } = header;
    if (index >= this.count || this.has(index)) return null;
    const format = this.slots.format(index);
    const factor = 2 ** level;
    const fits = format && header.rows === Math.ceil(format.rows / factor) &&
      header.columns === Math.ceil(format.columns / factor) &&
      header.bitsAllocated === format.bitsAllocated &&
      header.samplesPerPixel === format.samplesPerPixel && header.signed === format.signed && !header.float;
    if (!fits || codecs[header.codec] === undefined) {
      this.#fail([index], unsupported);
      return null;
    }
    const address = this.#address(header);
    if (address === null) {
      if (level === 0) this.#fail([index], noRoom);
      return null;
    }
    const isDirect = header.codec === 0 && header.bitsAllocated > 1;
    const bytes = isDirect ? this.#pictureBytes(header) : header.payloadBytes;
    if (isDirect && header.payloadBytes !== bytes) {
      this.#fail([index], damaged);
      return null;
    }
    const scratch = isDirect ? null : this.#services.kernels.allocate(Math.max(header.payloadBytes, 1));
    return { header, address, scratch };
  }

  #pictureBytes(header: FrameHeader): number {
    return header.rows * header.columns * header.samplesPerPixel * (header.bitsAllocated / 8);
  }

  #address(header: FrameHeader): number | null {
    const { index, level, rows, columns } = header;
    if (level > 0) return this.slots.previewSlot(index, level, rows, columns)?.address ?? null;
    let address = this.slots.slot(index);
    while (address === null && this.#evictFarthest(index)) address = this.slots.slot(index);
    if (address === null && this.#services.makeRoom(this.slots.slotBytes(index), this)) {
      address = this.slots.slot(index);
    }
    return address;
  }

  /** Gives up the frame farthest from where the reader looks, if it is farther than `frame`. */
  #evictFarthest(frame: number): boolean {
    let farthest = -1;
    for (const each of this.slots.singles) {
      if (this.#decoding.has(each)) continue;
      if (farthest < 0 || Math.abs(each - this.#focus) > Math.abs(farthest - this.#focus)) farthest = each;
    }
    if (farthest < 0 || Math.abs(farthest - this.#focus) <= Math.abs(frame - this.#focus)) return false;
    this.slots.evict(farthest);
    this.#tell(farthest, absent);
    return true;
  }

  finish(header: FrameHeader): void {
    if (header.kind === "failure") return this.#told(header.index);
    const payload = this.#payload;
    this.#payload = null;
    if (header.kind !== "frame" || payload?.header !== header) return;
    const { index, level } = header;
    if (payload.scratch === null) return this.#arrived(index, level);
    const format = this.slots.format(index);
    const codec = codecs[header.codec];
    if (!format || codec === undefined) return this.#services.kernels.release(payload.scratch);
    if (level === 0) this.#decoding.add(index);
    else this.#previewing.set(index, null);
    this.#services.decoders.decode(
      codec,
      payload.scratch,
      header.payloadBytes,
      { ...format, rows: header.rows, columns: header.columns },
      payload.address,
      (code) => level === 0 ? this.#decoded(index, code) : this.#previewed(index, level, code),
    );
  }

  #decoded(frame: number, code: number): void {
    this.#decoding.delete(frame);
    if (code === 0) this.#arrived(frame, 0);
    else this.#fail([frame], { code: "decoder", message: String(code) });
  }

  /** A preview that cannot be decoded is none; the frame itself follows. */
  #previewed(frame: number, level: number, code: number): void {
    const whole = this.#previewing.get(frame);
    this.#previewing.delete(frame);
    if (code === 0) this.#arrived(frame, level);
    whole?.();
  }

  #told(frame: number): void {
    try {
      const { code, message } = JSON.parse(new TextDecoder().decode(this.#text ?? undefined)) as FrameFailure;
      this.#fail([frame], { code, message });
    } catch {
      this.#fail([frame], damaged);
    }
  }

  ready(): Promise<void> {
    return this.#services.decoders.ready();
  }

  waiting(waiting: boolean): void {
    this.#services.post({ type: "waiting", series: this.id, waiting });
  }

  signedOut(): void {
    this.#services.post({ type: "signedOut" });
  }

  refused(failure: FrameFailure): void {
    const missing: number[] = [];
    for (let frame = 0; frame < this.count; frame++) if (!this.has(frame)) missing.push(frame);
    this.#fail(missing, failure);
    this.#settle();
  }

  complete(): void {
    this.#feed.stop();
    this.#settle();
  }

  // What the page is told

  #fail(frames: number[], failure: FrameFailure): void {
    for (const frame of frames) this.#failed.add(frame);
    if (frames.length > 0) this.#services.post({ type: "failed", series: this.id, frames, failure });
  }

  /** Of a frame large enough that the reader sees it come. */
  #received({ index, level, payloadBytes }: FrameHeader, bytes: number): void {
    const percent = Math.floor((bytes * 20) / payloadBytes) * 5;
    if (level > 0 || payloadBytes < largeBytes || percent === this.#receivedPercent) return;
    this.#receivedPercent = percent;
    this.#services.post({ type: "receiving", series: this.id, frame: index, percent });
  }

  #arrived(frame: number, level: number): void {
    if (level === 0 && this.#previewing.has(frame)) {
      this.#previewing.set(frame, () => this.#arrived(frame, level));
      return;
    }
    this.slots.finished(frame, level);
    this.#tell(frame, level);
    this.#services.arrived(this, frame);
  }

  #tell(frame: number, level: number): void {
    this.#report.frames.push(frame);
    this.#report.levels.push(level);
    const now = performance.now();
    clearTimeout(this.#reportTimer);
    if (now - this.#lastReport >= reportMilliseconds) return this.#send(now);
    this.#reportTimer = setTimeout(() => this.#send(performance.now()), reportMilliseconds);
  }

  #send(now: number): void {
    this.#lastReport = now;
    const { frames, levels } = this.#report;
    this.#report = { frames: [], levels: [] };
    if (frames.length > 0) this.#services.post({ type: "loaded", series: this.id, frames, levels });
  }

  /** Everything that is there and that failed, for a page that opens the series again. */
  announce(): void {
    const frames: number[] = [];
    for (let frame = 0; frame < this.count; frame++) {
      if (this.slots.levels[frame] !== absent) frames.push(frame);
    }
    const levels = frames.map((frame) => this.slots.levels[frame] as number);
    if (frames.length > 0) this.#services.post({ type: "loaded", series: this.id, frames, levels });
  }
}

function reversedTriples(values: Float64Array): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += 3) result.set(values.subarray(i, i + 3), values.length - 3 - i);
  return result;
}
