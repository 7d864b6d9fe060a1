/** A decoder: turns codestreams in the shared memory into pixels there. */
import { codeOf } from "./decoders.ts";
import { Kernels } from "./kernels.ts";
import type { FromDecoder, ToDecoder } from "./messages.ts";

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToDecoder>) => void) | null;
  postMessage(message: FromDecoder): void;
}

const scope = self as unknown as WorkerScope;
/** A trap leaves an instance in an unknown state; the next frame then gets a new one. */
const trapped = 200;

let begin: (() => Promise<Kernels>) | null = null;
let kernels: Promise<Kernels> | null = null;

scope.onmessage = ({ data }) => {
  if ("module" in data) {
    const { module, memory } = data;
    begin = () => Kernels.instantiate(module, memory);
    kernels = begin();
    kernels.then(() => scope.postMessage({ ready: true }), (error: unknown) => {
      // Reported to who began this worker, which then goes on without it.
      setTimeout(() => {
        throw error;
      });
    });
    return;
  }
  void (async () => {
    const ready = await kernels;
    const code = ready
      ? codeOf(() => ready.decode(data.codec, data.source, data.sourceBytes, data.format, data.slot))
      : trapped;
    if (code === trapped && begin) kernels = begin();
    scope.postMessage({ job: data.job, code });
  })();
};
