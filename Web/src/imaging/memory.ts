/**
 * The one memory that workers and kernels share. Pixels live here once: decoders write slices where reformatting reads
 * them. Addresses are byte offsets, 0 to 4 GiB.
 */

const pageBytes = 65536;
/** What the kernel module asks for at least; must not be less than its own `--initial-memory`. */
const initialPages = 32;

export class OutOfMemory extends Error {}

/**
 * Shared, whether or not the page is isolated: without isolation the memory works in one context and cannot be posted.
 * Browsers that refuse to reserve 4 GiB get less.
 */
export function createMemory(): WebAssembly.Memory {
  for (const maximum of [65536, 32768, 16384, 8192]) {
    try {
      return new WebAssembly.Memory({ initial: initialPages, maximum, shared: true });
    } catch {
      // Less, then.
    }
  }
  throw new OutOfMemory("no shared memory");
}

/** Typed views on the memory, made anew after it has grown. */
export class KernelMemory {
  #bytes: Uint8Array;

  constructor(readonly memory: WebAssembly.Memory) {
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** The whole memory. Do not keep: a view does not follow growth. */
  get bytes(): Uint8Array {
    if (this.#bytes.byteLength !== this.memory.buffer.byteLength) {
      this.#bytes = new Uint8Array(this.memory.buffer);
    }
    return this.#bytes;
  }

  get size(): number {
    return this.bytes.byteLength;
  }

  uint8(pointer: number, count: number): Uint8Array {
    return new Uint8Array(this.bytes.buffer, pointer, count);
  }

  int8(pointer: number, count: number): Int8Array {
    return new Int8Array(this.bytes.buffer, pointer, count);
  }

  uint16(pointer: number, count: number): Uint16Array {
    return new Uint16Array(this.bytes.buffer, pointer, count);
  }

  int16(pointer: number, count: number): Int16Array {
    return new Int16Array(this.bytes.buffer, pointer, count);
  }

  uint32(pointer: number, count: number): Uint32Array {
    return new Uint32Array(this.bytes.buffer, pointer, count);
  }

  int32(pointer: number, count: number): Int32Array {
    return new Int32Array(this.bytes.buffer, pointer, count);
  }

  float64(pointer: number, count: number): Float64Array {
    return new Float64Array(this.bytes.buffer, pointer, count);
  }

  copyIn(source: ArrayLike<number> & ArrayBufferView, pointer: number): void {
    this.bytes.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength), pointer);
  }
}

export const pagesOf = (bytes: number): number => Math.ceil(bytes / pageBytes);
