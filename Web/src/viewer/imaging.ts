/** Where pictures come from: one imaging service for the window, so that a second study finds it warm. */
import type { API } from "../core/api.ts";
import { assets } from "../core/assets.ts";
import type { Imaging } from "../imaging/pictures.ts";
import { ImagingService } from "../imaging/service.ts";

let service: ImagingService | null = null;

export function sharedImaging(api: API): Imaging & Pick<ImagingService, "unusable"> {
  const { imageHost, decodeWorker, kernels } = assets();
  return service ??= new ImagingService(api, { host: imageHost, decoder: decodeWorker, kernels });
}

/** Nothing of what one reader looked at stays for the next. */
export function forgetImages(): void {
  service?.close();
  service = null;
}
