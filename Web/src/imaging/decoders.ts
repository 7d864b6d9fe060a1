/**
 * Decoding beside the image worker, in as many workers as there are processors to spare; in the image worker when alone, and while
 * the workers still start: they are begun with the first frame that needs them, which should not wait for them.
 */
import { type Codec, type FrameFormat, KernelError, type Kernels } from "./kernels.ts";
import type { DecodeJob, FromDecoder, ToDecoder } from "./messages.ts";

interface Waiting {
  worker: Worker | null;
  done: (code: number) => void;
}

/** Jobs handed to each worker: one it works at, one it takes next. */
const jobsPerWorker = 2;
const workersMaximum = 4;

export class Decoders {
  readonly #kernels: Kernels;
  readonly #module: WebAssembly.Module;
  readonly #address: string | null;
  /** How many more may be begun. */
  #unbegun: number;
  /** Those that take jobs. */
  readonly #workers: Worker[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #room: (() => void)[] = [];
  #nextJob = 1;
  #nextWorker = 0;

  /** @param address of the decoding worker's script; `null` decodes here. */
  constructor(kernels: Kernels, module: WebAssembly.Module, address: string | null, processors: number) {
    this.#kernels = kernels;
    this.#module = module;
    this.#address = address;
    this.#unbegun = address === null ? 0 : Math.min(Math.max(processors - 1, 1), workersMaximum);
  }

  #beginWorkers(): void {
    const address = this.#address;
    if (address === null) return;
    for (; this.#unbegun > 0; this.#unbegun--) {
      const worker = new Worker(address, { type: "module" });
      worker.onmessage = ({ data }: MessageEvent<FromDecoder>) => {
        if ("ready" in data) this.#workers.push(worker);
        else this.#finish(data.job, data.code);
      };
      worker.onerror = () => this.#lost(worker);
      worker.postMessage({ module: this.#module, memory: this.#kernels.memory.memory } satisfies ToDecoder);
    }
  }

  /** A worker that ended fails its frames; the others go on. */
  #lost(worker: Worker): void {
    const at = this.#workers.indexOf(worker);
    if (at >= 0) this.#workers.splice(at, 1);
    for (const [job, waiting] of [...this.#waiting]) if (waiting.worker === worker) this.#finish(job, 200);
  }

  #finish(job: number, code: number): void {
    const waiting = this.#waiting.get(job);
    this.#waiting.delete(job);
    const room = this.#room;
    this.#room = [];
    for (const each of room) each();
    waiting?.done(code);
  }

  /** Resolves as soon as another frame may be handed over: what holds the stream back when decoding is slower. */
  async ready(): Promise<void> {
    while (this.#workers.length > 0 && this.#waiting.size >= this.#workers.length * jobsPerWorker) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
  }

  /** The frame's pixels to its slot; `done` gets the code of a `KernelError`, 0 for none. The source is released. */
  decode(
    codec: Codec,
    source: number,
    sourceBytes: number,
    format: FrameFormat,
    slot: number,
    done: (code: number) => void,
  ): void {
    const finish = (code: number) => {
      this.#kernels.release(source);
      done(code);
    };
    this.#beginWorkers();
    const worker = this.#workers[this.#nextWorker++ % Math.max(this.#workers.length, 1)];
    if (!worker) {
      finish(codeOf(() => this.#kernels.decode(codec, source, sourceBytes, format, slot)));
      return;
    }
    const job: DecodeJob = { job: this.#nextJob++, codec, source, sourceBytes, format, slot };
    this.#waiting.set(job.job, { worker, done: finish });
    worker.postMessage(job satisfies ToDecoder);
  }
}

export function codeOf(action: () => void): number {
  try {
    action();
    return 0;
  } catch (error) {
    return error instanceof KernelError ? error.code : 200;
  }
}
