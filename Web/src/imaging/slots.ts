/**
 * Where the frames of a series lie in memory. A stack that fits gets one piece, slices in the order of their places, so that it
 * is a volume as it is. A series larger than the memory gets as many slots as fit, which move with what is looked at.
 */
import type { Arena } from "./arena.ts";
import { bytesPerPixel, type FrameFormat, type SampleType, sampleTypeOf } from "./kernels.ts";
import type { StackInfo } from "./pictures.ts";

/** `null` for stacks this page cannot draw: floating point, 64 bits. */
export function formatOf(stack: StackInfo): FrameFormat | null {
  if (stack.float || stack.bitsAllocated > 32) return null;
  const color = stack.samplesPerPixel > 1;
  const bitsAllocated = color ? 8 : stack.bitsAllocated;
  const bitsStored = color ? 8 : stack.bitsStored;
  return {
    columns: stack.columns,
    rows: stack.rows,
    samplesPerPixel: color ? 3 : 1,
    bitsAllocated,
    bitsStored,
    highBit: bitsStored - 1,
    signed: !color && stack.signed,
    planar: false,
    photometric: stack.photometric,
  };
}

interface StackPlace {
  stack: StackInfo;
  format: FrameFormat | null;
  type: SampleType;
  slotBytes: number;
  /** Address of the whole stack; `null` when its frames have slots one by one. */
  address: number | null;
  /** The last frame lies first: the list runs against the normal. */
  reversed: boolean;
}

/** A frame's pixels: the whole, or a smaller preview. */
export interface StoredPicture {
  address: number;
  level: number;
  type: SampleType;
  rows: number;
  columns: number;
}

export const absent = -1;

export class SeriesSlots {
  readonly count: number;
  /** By frame: -1 not there, else the level that is. */
  readonly levels: Int8Array;
  /** One byte for each frame in memory order of its stack; what reformatting asks for. */
  readonly #places: StackPlace[] = [];
  readonly #stackOf: Uint16Array;
  /** Addresses of frames without a place in a whole stack. */
  readonly #single = new Map<number, number>();
  readonly #previews = new Map<number, StoredPicture>();
  readonly #arena: Arena;

  constructor(stacks: readonly StackInfo[], positions: Float64Array, arena: Arena) {
    this.#arena = arena;
    this.count = stacks.reduce((sum, stack) => sum + stack.count, 0);
    this.levels = new Int8Array(this.count).fill(absent);
    this.#stackOf = new Uint16Array(this.count);
    for (const stack of stacks) {
      const format = formatOf(stack);
      const type = format ? sampleTypeOf(format) : "uint8";
      this.#stackOf.fill(stack.index, stack.first, stack.first + stack.count);
      this.#places.push({
        stack,
        format,
        type,
        slotBytes: format ? stack.rows * stack.columns * bytesPerPixel(type) : 0,
        address: null,
        reversed: runsAgainstNormal(stack, positions),
      });
    }
  }

  /** Bytes of all pixels at full resolution. */
  get bytes(): number {
    return this.#places.reduce((sum, place) => sum + place.slotBytes * place.stack.count, 0);
  }

  get isWhole(): boolean {
    return this.#places.every((place) => place.address !== null || place.slotBytes === 0);
  }

  format(frame: number): FrameFormat | null {
    return this.#place(frame).format;
  }

  slotBytes(frame: number): number {
    return this.#place(frame).slotBytes;
  }

  stack(frame: number): StackInfo {
    return this.#place(frame).stack;
  }

  isReversed(stack: number): boolean {
    return this.#places[stack]?.reversed ?? false;
  }

  /** Room for everything in one piece for each stack; `false` leaves things as they are. */
  reserveWhole(): boolean {
    const taken: StackPlace[] = [];
    for (const place of this.#places) {
      if (place.address !== null || place.slotBytes === 0) continue;
      place.address = this.#arena.take(place.slotBytes * place.stack.count);
      if (place.address === null) {
        for (const each of taken) this.#giveBack(each);
        return false;
      }
      taken.push(place);
    }
    return true;
  }

  #giveBack(place: StackPlace): void {
    if (place.address !== null) this.#arena.release(place.address);
    place.address = null;
  }

  /** Where a frame's pixels go; `null` when there is no room. */
  slot(frame: number): number | null {
    const place = this.#place(frame);
    if (place.address !== null) {
      const within = frame - place.stack.first;
      return place.address + place.slotBytes * (place.reversed ? place.stack.count - 1 - within : within);
    }
    const known = this.#single.get(frame);
    if (known !== undefined) return known;
    const address = this.#arena.take(place.slotBytes);
    if (address !== null) this.#single.set(frame, address);
    return address;
  }

  /** Address of a whole stack, slices along the normal; `null` when it is not in one piece. */
  volume(stack: number): number | null {
    return this.#places[stack]?.address ?? null;
  }

  /** Which slices along the normal are there. */
  loadedSlices(stack: number): Uint8Array {
    const place = this.#places[stack];
    if (!place) return new Uint8Array(0);
    const { first, count } = place.stack;
    const loaded = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      if (this.levels[first + i] === 0) loaded[place.reversed ? count - 1 - i : i] = 1;
    }
    return loaded;
  }

  /** Room for a preview, which a frame at full resolution gives up again. */
  previewSlot(frame: number, level: number, rows: number, columns: number): StoredPicture | null {
    const { type } = this.#place(frame);
    const known = this.#previews.get(frame);
    if (known) return known;
    const address = this.#arena.take(rows * columns * bytesPerPixel(type));
    if (address === null) return null;
    const picture = { address, level, type, rows, columns };
    this.#previews.set(frame, picture);
    return picture;
  }

  finished(frame: number, level: number): void {
    const now = this.levels[frame] as number;
    if (now !== absent && now <= level) return;
    this.levels[frame] = level;
    if (level === 0) this.#dropPreview(frame);
  }

  picture(frame: number): StoredPicture | null {
    const level = this.levels[frame];
    if (level === undefined || level === absent) return null;
    if (level > 0) return this.#previews.get(frame) ?? null;
    const address = this.slot(frame);
    const { type, stack } = this.#place(frame);
    return address === null ? null : { address, level: 0, type, rows: stack.rows, columns: stack.columns };
  }

  /** Frames that may be thrown out one by one. */
  get singles(): Iterable<number> {
    return this.#single.keys();
  }

  /** Gives up one frame's own slot. */
  evict(frame: number): void {
    const address = this.#single.get(frame);
    if (address === undefined) return;
    this.#arena.release(address);
    this.#single.delete(frame);
    this.levels[frame] = this.#previews.has(frame)
      ? (this.#previews.get(frame) as StoredPicture).level
      : absent;
  }

  /** Gives everything back. */
  clear(): void {
    for (const frame of [...this.#single.keys()]) this.evict(frame);
    for (const frame of [...this.#previews.keys()]) this.#dropPreview(frame);
    for (const place of this.#places) this.#giveBack(place);
    this.levels.fill(absent);
  }

  #dropPreview(frame: number): void {
    const preview = this.#previews.get(frame);
    if (!preview) return;
    this.#arena.release(preview.address);
    this.#previews.delete(frame);
  }

  #place(frame: number): StackPlace {
    const place = this.#places[this.#stackOf[frame] ?? -1];
    if (!place) throw new RangeError(`no frame ${frame}`);
    return place;
  }
}

function runsAgainstNormal(stack: StackInfo, positions: Float64Array): boolean {
  const { first, count, normal, spatial } = stack;
  if (!spatial || !normal || count < 2) return false;
  let along = 0;
  for (let axis = 0; axis < 3; axis++) {
    const last = positions[(first + count - 1) * 3 + axis] ?? 0;
    along += (last - (positions[first * 3 + axis] ?? 0)) * (normal[axis] ?? 0);
  }
  return along < 0;
}
