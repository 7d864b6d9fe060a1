/** Message keys of the colour maps. */
import type { ColorMapName } from "./color-maps.ts";

export const colorMapKeys: Readonly<Record<ColorMapName, string>> = {
  hotIron: "palette.hotIron",
  pet: "palette.pet",
  hotMetalBlue: "palette.hotMetalBlue",
  pet20Step: "palette.pet20Step",
  rainbow: "palette.rainbow",
};
