/** A decoder: turns codestreams in the shared memory into pixels there. */
import { codeOf } from "./decoders.ts";
import { Kernels } from "./kernels.ts";
import type { DecoderStart, FromDecoder, ToDecoder } from "./messages.ts";

const scope = self as unknown as { onmessage: ((event: MessageEvent<DecoderStart>) => void) | null };
/** A trap leaves an instance in an unknown state; the next frame then gets a new one. */
const trapped = 200;

let begin: (() => Promise<Kernels>) | null = null;
let kernels: Promise<Kernels> | null = null;

scope.onmessage = ({ data: { port } }) => {
  const answer = (message: FromDecoder) => port.postMessage(message);
  port.onmessage = ({ data }: MessageEvent<ToDecoder>) => serve(data, answer);
};

function serve(data: ToDecoder, answer: (message: FromDecoder) => void): void {
  if ("module" in data) {
    const { module, memory } = data;
    begin = () => Kernels.instantiate(module, memory);
    kernels = begin();
    kernels.then(() => answer({ ready: true }), (error: unknown) => {
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
    answer({ job: data.job, code });
  })();
}
