/**
 * Slices whose stored values mean different amounts (PET: a Rescale Slope for each) can only be mixed on one scale: a copy of the
 * stack with whole numbers of one step. The step is the smallest with which all that can be stored fits into 16 bits, so a value is
 * off by half a step at most: for slices of 16 bits, half of the step of the slice with the largest.
 */
import type { Arena } from "./arena.ts";
import type { PictureSource } from "./drawing.ts";
import type { KernelMemory } from "./memory.ts";
import type { DisplayValues, StackInfo } from "./pictures.ts";
import { bytesPerPixel, type SampleType } from "./samples.ts";

type Scale = Pick<DisplayValues, "slope" | "intercept" | "padding">;

export interface CommonScale {
  /** Of modality units; the intercept is 0. */
  slope: number;
  type: "int16" | "uint16";
}

/** In slices with padding: what no value is brought to. */
const paddingValue = -0x8000;

/** @param stored Least and largest value that the stored bits can hold. */
export function commonScale(scales: readonly Scale[], stored: readonly [number, number]): CommonScale {
  let [least, most] = [0, 0];
  for (const { slope, intercept } of scales) {
    for (const value of stored) {
      least = Math.min(least, value * slope + intercept);
      most = Math.max(most, value * slope + intercept);
    }
  }
  const hasPadding = scales.some((each) => each.padding !== null);
  if (least === 0 && !hasPadding) return { slope: most / 0xffff || 1, type: "uint16" };
  return { slope: Math.max(most / 0x7fff, least / (hasPadding ? -0x7fff : -0x8000)) || 1, type: "int16" };
}

/** Brings stored values of a slice onto the common scale, rounded to the nearest. */
export function rescale(
  from: ArrayLike<number>,
  to: Int16Array | Uint16Array,
  own: Scale,
  common: CommonScale,
): void {
  const [slope, intercept] = [own.slope / common.slope, own.intercept / common.slope];
  const [low, high] = own.padding ?? [Infinity, -Infinity];
  for (let i = 0; i < to.length; i++) {
    const value = from[i] as number;
    to[i] = value >= low && value <= high ? paddingValue : Math.round(value * slope + intercept);
  }
}

/** Whether the slices of a stack need it. */
export function isOneScale(displays: readonly (DisplayValues | undefined)[]): boolean {
  const [head] = displays;
  return displays.every((each) => each?.slope === head?.slope && each?.intercept === head?.intercept);
}

/** The copy of a stack, made slice by slice as they come; slices in the order of memory. */
export class ScaledVolume {
  readonly #common: CommonScale;
  readonly #done: Uint8Array;

  private constructor(
    readonly address: number,
    private readonly memory: KernelMemory,
    private readonly stack: StackInfo,
    private readonly displays: readonly DisplayValues[],
  ) {
    const { signed, bitsStored } = stack;
    const most = 2 ** (signed ? bitsStored - 1 : bitsStored) - 1;
    this.#common = commonScale(displays, [signed ? -most - 1 : 0, most]);
    this.#done = new Uint8Array(displays.length);
  }

  static bytes({ rows, columns, count }: StackInfo): number {
    return rows * columns * count * 2;
  }

  /** `null` when there is no room. */
  static make(
    arena: Arena,
    memory: KernelMemory,
    stack: StackInfo,
    displays: readonly DisplayValues[],
  ): ScaledVolume | null {
    const address = arena.take(ScaledVolume.bytes(stack));
    return address === null ? null : new ScaledVolume(address, memory, stack, displays);
  }

  get type(): SampleType {
    return this.#common.type;
  }

  /** Follows the slices that are there. */
  update(pointer: number, type: SampleType, loaded: Uint8Array): void {
    const { memory, stack: { rows, columns } } = this;
    const count = rows * columns;
    this.displays.forEach((display, slice) => {
      if (loaded[slice] !== 1 || this.#done[slice] === 1) return;
      const at = pointer + slice * count * bytesPerPixel(type);
      const to = this.address + slice * count * 2;
      const from = type === "uint8"
        ? memory.uint8(at, count)
        : type === "int16"
        ? memory.int16(at, count)
        : memory.uint16(at, count);
      const target = this.#common.type === "int16" ? memory.int16(to, count) : memory.uint16(to, count);
      rescale(from, target, display, this.#common);
      this.#done[slice] = 1;
    });
  }

  /** The picture of a slice as the copy has it. */
  source(of: PictureSource, slice: number): PictureSource {
    const { slope, type } = this.#common;
    const padding = this.displays.some((each) => each.padding !== null) ? paddingValue : null;
    return {
      ...of,
      picture: {
        ...of.picture,
        type,
        address: this.address + slice * this.stack.rows * this.stack.columns * 2,
      },
      stack: { ...of.stack, bitsAllocated: 16, bitsStored: 16, signed: type === "int16" },
      display: { ...of.display, slope, intercept: 0, padding: padding === null ? null : [padding, padding] },
    };
  }
}
