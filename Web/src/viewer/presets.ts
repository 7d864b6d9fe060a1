/** Window presets: Hounsfield units for CT, changes of the window in force for values without a fixed unit. */
import type { DisplaySettings, DisplayValues, FrameInfo, LookupTable, Window } from "../imaging/pictures.ts";

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

export interface RelativePreset {
  id: string;
  key: string;
  change: (window: Window) => Window;
}

export const relativePresets: readonly RelativePreset[] = [
  { id: "preset.softer", key: "1", change: ({ center, width }) => ({ center, width: width * 1.4 }) },
  {
    id: "preset.harder",
    key: "2",
    change: ({ center, width }) => ({ center, width: Math.max(1, width / 1.4) }),
  },
  {
    id: "preset.brighter",
    key: "3",
    change: ({ center, width }) => ({ center: center - width * 0.15, width }),
  },
  {
    id: "preset.darker",
    key: "4",
    change: ({ center, width }) => ({ center: center + width * 0.15, width }),
  },
];

/** A window or a VOI table that an image brings along, for the reader to choose among (PS3.3 C.11.2.1). */
export interface Alternative {
  window?: Window;
  voiTable?: LookupTable;
}

/** The windows first, as the first of them is what an image is shown with. */
export function alternatives({ windows, voiTables }: DisplayValues): readonly Alternative[] {
  return [
    ...windows.map(({ center, width }) => ({ window: { center, width } })),
    ...voiTables.map(({ table }) => ({ voiTable: table })),
  ];
}

/** Whether stored values go through a table before the window: modality LUT of a state or of the image. */
export function hasTable({ modality }: DisplaySettings, frame: FrameInfo | null): boolean {
  return modality ? "entries" in modality : (frame?.display.modalityTable ?? null) !== null;
}
