/** The kernel module in one agent: its exports, the memory, and how a call is made. */
import { createMemory, KernelMemory, OutOfMemory } from "./memory.ts";
import type { Region } from "./measuring.ts";

/** Code 1 to 15: `CodecError.Reason` in its order. 100: bad arguments. 200: the kernel trapped. */
export class KernelError extends Error {
  constructor(readonly code: number, readonly offset = 0) {
    super(`kernel error ${code} at ${offset}`);
  }
}

/** What the module exports; `Sources/BrowserKernel` has the other half. Each takes one block of numbers. */
export interface KernelExports {
  readonly __stack_pointer: WebAssembly.Global;
  malloc(bytes: number): number;
  free(pointer: number): void;
  apus_decode(block: number): number;
  apus_grey_table(block: number): number;
  apus_palette_table(block: number): number;
  apus_color_map(block: number): number;
  apus_ddl_table(block: number): number;
  apus_display(block: number): number;
  apus_apply_table(block: number): number;
  apus_downscale(block: number): number;
  apus_value_range(block: number): number;
  apus_automatic_window(block: number): number;
  apus_histogram(block: number): number;
  apus_statistics(block: number): number;
  apus_mask_region(block: number): number;
  apus_mask_overlay(block: number): number;
  apus_reformat(block: number): number;
  apus_measure(block: number): number;
  apus_volume(block: number): number;
  apus_gsdf(block: number): number;
  apus_suv_factor(block: number): number;
}

export const exportNames: readonly (keyof KernelExports)[] = [
  "__stack_pointer",
  "malloc",
  "free",
  "apus_decode",
  "apus_grey_table",
  "apus_palette_table",
  "apus_color_map",
  "apus_ddl_table",
  "apus_display",
  "apus_apply_table",
  "apus_downscale",
  "apus_value_range",
  "apus_automatic_window",
  "apus_histogram",
  "apus_statistics",
  "apus_mask_region",
  "apus_mask_overlay",
  "apus_reformat",
  "apus_measure",
  "apus_volume",
  "apus_gsdf",
  "apus_suv_factor",
];

const blockNumbers = 64;
const stackBytes = 256 * 1024;

export class KernelModule {
  readonly memory: KernelMemory;
  readonly #exports: KernelExports;
  readonly #block: number;

  protected constructor(memory: WebAssembly.Memory, exports: KernelExports) {
    this.memory = new KernelMemory(memory);
    this.#exports = exports;
    this.#block = this.allocate(blockNumbers * 8);
  }

  /**
   * The first agent of a memory makes it (leave `memory` out) and keeps the module's own stack; every other gives the memory it
   * was sent and gets a stack of its own.
   */
  protected static async start(
    module: WebAssembly.Module,
    memory?: WebAssembly.Memory,
  ): Promise<[WebAssembly.Memory, KernelExports]> {
    const shared = memory ?? createMemory();
    const instance = await WebAssembly.instantiate(module, { env: { memory: shared } });
    const exports = instance.exports as unknown as KernelExports;
    if (memory) {
      const stack = exports.malloc(stackBytes) >>> 0;
      if (stack === 0) throw new OutOfMemory(`${stackBytes} bytes`);
      exports.__stack_pointer.value = stack + stackBytes;
    }
    return [shared, exports];
  }

  /** Bytes on a boundary of 16, not cleared. */
  allocate(bytes: number): number {
    const pointer = this.#exports.malloc(bytes) >>> 0;
    if (pointer === 0) throw new OutOfMemory(`${bytes} bytes`);
    return pointer;
  }

  release(pointer: number): void {
    this.#exports.free(pointer);
  }

  /** Writes the block, calls, and gives the first `results` numbers of the block. */
  protected run(
    name: Exclude<keyof KernelExports, "malloc" | "free" | "__stack_pointer">,
    numbers: number[],
    results = 0,
  ): number[] {
    const block = this.memory.float64(this.#block, blockNumbers);
    block.set(numbers);
    let code: number;
    try {
      code = this.#exports[name](this.#block);
    } catch {
      throw new KernelError(200);
    }
    // The memory may have grown.
    const after = this.memory.float64(this.#block, blockNumbers);
    if (code !== 0) throw new KernelError(code, after[0]);
    return Array.from(after.subarray(0, results));
  }

  protected copied(source: Float64Array | Uint16Array | Uint8Array, temporaries: number[]): number {
    const pointer = this.allocate(Math.max(source.byteLength, 1));
    temporaries.push(pointer);
    this.memory.copyIn(source, pointer);
    return pointer;
  }

  protected withRegion<Result>(region: Region, use: (numbers: number[]) => Result): Result {
    if (region.shape === "rectangle") {
      return use([0, region.left, region.top, region.right, region.bottom, 0, 0]);
    }
    if (region.shape === "ellipse") return use([1, ...region.center, ...region.axes]);
    const temporaries: number[] = [];
    try {
      return use([2, this.copied(region.points, temporaries), region.points.length / 2, 0, 0, 0, 0]);
    } finally {
      for (const each of temporaries) this.release(each);
    }
  }
}
