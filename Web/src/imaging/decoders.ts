/**
 * Decoding beside the image worker, in as many workers as there are processors to spare; in the image worker when alone, and while
 * the workers still start: they are begun with the first frame that needs them, which should not wait for them. The page begins them:
 * a worker that makes workers waits for the page's thread meanwhile, in Firefox now and then for ever.
 */
import { type Codec, type FrameFormat, KernelError, type Kernels } from "./kernels.ts";
import type { DecodeJob, FromDecoder, ToDecoder } from "./messages.ts";

interface Waiting {
  decoder: number;
  done: (code: number) => void;
}

/** Jobs handed to each worker: one it works at, one it takes next. */
const jobsPerWorker = 2;
const workersMaximum = 4;

export class Decoders {
  readonly #kernels: Kernels;
  readonly #module: WebAssembly.Module;
  readonly #askForDecoders: (count: number) => void;
  /** How many have not been asked for yet. */
  #unbegun: number;
  /** Those that take jobs. */
  readonly #ready: { decoder: number; port: MessagePort }[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #room: (() => void)[] = [];
  #nextJob = 1;
  #next = 0;

  /**
   * @param processors of the machine; 0 decodes here.
   * @param ask for that many decoders, which `add` is to be told of.
   */
  constructor(
    kernels: Kernels,
    module: WebAssembly.Module,
    processors: number,
    ask: (count: number) => void,
  ) {
    this.#kernels = kernels;
    this.#module = module;
    this.#askForDecoders = ask;
    this.#unbegun = processors === 0 ? 0 : Math.min(Math.max(processors - 1, 1), workersMaximum);
  }

  #begin(): void {
    if (this.#unbegun > 0) this.#askForDecoders(this.#unbegun);
    this.#unbegun = 0;
  }

  add(decoder: number, port: MessagePort): void {
    port.onmessage = ({ data }: MessageEvent<FromDecoder>) => {
      if ("ready" in data) this.#ready.push({ decoder, port });
      else this.#finish(data.job, data.code);
    };
    port.postMessage({ module: this.#module, memory: this.#kernels.memory.memory } satisfies ToDecoder);
  }

  /** One that ended fails its frames; the others go on. */
  lost(decoder: number): void {
    const at = this.#ready.findIndex((each) => each.decoder === decoder);
    if (at >= 0) this.#ready.splice(at, 1);
    for (const [job, waiting] of [...this.#waiting]) if (waiting.decoder === decoder) this.#finish(job, 200);
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
    while (this.#ready.length > 0 && this.#waiting.size >= this.#ready.length * jobsPerWorker) {
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
    this.#begin();
    const chosen = this.#ready[this.#next++ % Math.max(this.#ready.length, 1)];
    if (!chosen) {
      finish(codeOf(() => this.#kernels.decode(codec, source, sourceBytes, format, slot)));
      return;
    }
    const job: DecodeJob = { job: this.#nextJob++, codec, source, sourceBytes, format, slot };
    this.#waiting.set(job.job, { decoder: chosen.decoder, done: finish });
    chosen.port.postMessage(job satisfies ToDecoder);
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
