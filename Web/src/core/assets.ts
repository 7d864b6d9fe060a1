/** Addresses of the content-hashed files, put in by the build. */
interface Assets {
  /** The imaging kernels, WebAssembly. */
  readonly kernels: string;
  /** Loads and draws; decodes beside it. */
  readonly imageHost: string;
  readonly decodeWorker: string;
  readonly locales: Readonly<Record<string, string>>;
}

declare const APUS_ASSETS: Assets;

/** A function, so that unit tests may import modules that use it without a build. */
export function assets(): Assets {
  return APUS_ASSETS;
}
