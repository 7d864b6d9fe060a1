/** Pseudo-colour maps: those of PS3.6 Annex B that radiology uses, and a rainbow. 256 entries of red, green, blue. */

/** Each colour as differences from one entry to the next, `difference*times`. */
const encoded = {
  hotIron: [
    "0 2*127 1 0*127",
    "0*129 2*126 3",
    "0*192 4*63 3",
  ],
  pet: [
    "0*64 1 2*42 1 2*42 1 2*42 0*63",
    "0 2*31 3 2*30 3 -2*32 -1 -2*31 -1 2*126 3",
    "0 1 2*127 -3 -4*63 4*20 5 4*20 5 4*20 5",
  ],
  hotMetalBlue: [
    "0*86 3*8 2 3*8 2 3 2*2 3 2*2 3 2 3 2*2 3 2*2 3 2 3*8 2 3*16 2 3*8 4*2 3 4*5 3 4*5 3 4*2 0*85",
    "0*120 2*4 1 2*7 1 2*8 1 2*7 1 2*8 1 2*7 1 2*8 1 2*7 1 2*8 1 2*7 1 2*8 1 2*7 1 2*8 1 2*7 1 2*6 1 2*5 1 2*5 1 2*2",
    "0 2*8 1 2*33 1 2*16 1 2*33 1 2*8 -3*8 -2 -3*8 -6*4 -5 -6*7 -5 -6*4 -3*8 -2 -3*8 0*17 3*8 2 3*16 2 3*16 2 3*16 2 3*10 4 3*3 4 3*3 4 3*3 4 3*2",
  ],
  pet20Step: [
    "0*13 96 0*12 -48 0*24 32 0*12 16 0*12 16 0*12 16 0*11 -80 0*25 32 0*12 -16 0*11 160 0*12 -16 0*37 -16 0*12 -16 0*12 79 0*25",
    "0*26 48 0*24 32 0*12 16 0*12 16 0*12 16 0*11 -32 0*12 48 0*12 48 0*12 32 0*24 -16 0*12 -32 0*12 -32 0*11 -48 0*12 -48 0*12 -48 0*12 255 0*12",
    "0*13 80 0*25 32 0*11 16 0*12 48 0*12 16 0*12 32 0*11 -176 0*25 32 0*12 -16 0*11 16 0*12 16 0*12 -32 0*12 -64 0*50 255 0*12",
  ],
} as const;

export type ColorMapName = keyof typeof encoded | "rainbow";

export const colorMapNames: readonly ColorMapName[] = [
  "hotIron",
  "pet",
  "hotMetalBlue",
  "pet20Step",
  "rainbow",
];

export interface ColorMap {
  key: string;
  rgb: Uint8Array;
}

const made = new Map<ColorMapName, ColorMap>();

export function colorMap(name: ColorMapName): ColorMap {
  let map = made.get(name);
  if (!map) made.set(name, map = { key: name, rgb: name === "rainbow" ? rainbow() : decoded(encoded[name]) });
  return map;
}

function decoded(colors: readonly string[]): Uint8Array {
  const rgb = new Uint8Array(768);
  colors.forEach((runs, color) => {
    let [value, at] = [0, 0];
    for (const run of runs.split(" ")) {
      const [difference = 0, times = 1] = run.split("*").map(Number);
      for (let i = 0; i < times; i++, at++) rgb[at * 3 + color] = value += difference;
    }
  });
  return rgb;
}

/** From blue through green to red, all fully saturated. */
function rainbow(): Uint8Array {
  const rgb = new Uint8Array(768);
  for (let i = 0; i < 256; i++) {
    const hue = ((255 - i) / 255) * 4;
    const level = (offset: number) => {
      const away = Math.abs(((hue - offset + 9) % 6) - 3);
      return Math.round(255 * Math.min(Math.max(2 - away, 0), 1));
    };
    rgb.set([level(0), level(2), level(4)], i * 3);
  }
  return rgb;
}
