/** Where pictures come from. */
import type { API } from "../core/api.ts";
import type { Imaging } from "../imaging/pictures.ts";
import { FrameImaging } from "./frame-imaging.ts";

export function makeImaging(api: API): Imaging {
  return new FrameImaging(api);
}
