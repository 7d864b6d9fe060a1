/** Window presets for CT, in Hounsfield units. */
import type { Window } from "../imaging/voi.ts";

export interface Preset {
  id: string;
  key: string;
  window: Window;
}

export const ctPresets: readonly Preset[] = [
  { id: "preset.soft", key: "1", window: { center: 40, width: 400 } },
  { id: "preset.lung", key: "2", window: { center: -600, width: 1500 } },
  { id: "preset.bone", key: "3", window: { center: 500, width: 2000 } },
  { id: "preset.brain", key: "4", window: { center: 40, width: 80 } },
  { id: "preset.liver", key: "5", window: { center: 60, width: 150 } },
  { id: "preset.mediastinum", key: "6", window: { center: 50, width: 350 } },
  { id: "preset.stroke", key: "7", window: { center: 32, width: 8 } },
  { id: "preset.angio", key: "8", window: { center: 300, width: 600 } },
  { id: "preset.spine", key: "9", window: { center: 50, width: 250 } },
];
