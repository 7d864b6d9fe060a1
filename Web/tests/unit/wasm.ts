/** The built kernel module, for the tests that run it. `Web/build` makes it. */
import { Kernels } from "../../src/imaging/kernels.ts";

const dist = new URL("../../dist/", import.meta.url);
const manifest = JSON.parse(Deno.readTextFileSync(new URL("manifest.json", dist))) as { kernels: string };

export const kernelModule = new WebAssembly.Module(
  Deno.readFileSync(new URL(manifest.kernels.slice(1), dist)),
);
export const kernels = await Kernels.instantiate(kernelModule);
