/** Draws pictures and planes with the kernels: which tables, which window, which part. */
import type {
  DisplayTable,
  GreyState,
  Kernels,
  LookupTable as KernelTable,
  Padding,
  Projection,
  SampleType,
  Volume,
} from "./kernels.ts";
import { displayTableBytes, interpolationFor } from "./kernels.ts";
import type { WireRequest, WireSettings, WireSlab } from "./messages.ts";
import type { DisplayValues, LookupTable, Matrix, StackInfo, VOIFunction, Window } from "./pictures.ts";
import type { StoredPicture } from "./slots.ts";
import { identityWindow, tableWindow } from "./windows.ts";

interface Look {
  window: Window | null;
  function: VOIFunction;
}

export interface Drawn extends Look {
  bitmap: ImageBitmap;
}

/** Pixels of a picture, red first, to be copied before the next one is drawn. */
export interface DrawnPixels extends Look {
  pixels: ImageData;
}

export interface PictureSource {
  picture: StoredPicture;
  stack: StackInfo;
  display: DisplayValues;
  /** Serves a whole series without windows of its own, so that it does not flicker from slice to slice. */
  automatic: { window: Window | null };
}

const opaqueBlack = 0xff000000;
const tableMaximum = 24;
const neutralColor: Window = { center: 128, width: 256 };

export class Painter {
  readonly #kernels: Kernels;
  readonly #tables = new Map<string, LookupTable>();
  /** Least recently used first. */
  readonly #made = new Map<string, DisplayTable>();
  readonly #maps = new Map<string, number>();
  #output = { pointer: 0, bytes: 0 };
  #values = { pointer: 0, bytes: 0 };
  #pixels: ImageData | null = null;
  #surface: OffscreenCanvasRenderingContext2D | null = null;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** A table that settings may name. */
  learn(table: LookupTable): void {
    this.#tables.set(table.key, table);
  }

  /** The picture as a bitmap, which a canvas makes fastest; in Chromium it waits for the page's thread when that is busy. */
  draw(source: PictureSource, request: WireRequest): Drawn {
    const { pixels, ...look } = this.drawPixels(source, request);
    return { bitmap: this.#bitmap(pixels), ...look };
  }

  drawPixels(source: PictureSource, request: WireRequest): DrawnPixels {
    const { picture, stack } = source;
    const { width, height } = request;
    const look = this.#look(source, request.settings);
    const scale = 1 / 2 ** picture.level;
    const deviceToImage = scaled(inverse(request.transform), scale);
    const interpolation = interpolationFor(deviceToImage, request.settings.interpolation ?? "linear");
    const pointer = this.#room(this.#output, width * height * 4);
    this.#kernels.display(
      { pointer, width, height },
      {
        pointer: picture.address,
        columns: picture.columns,
        rows: picture.rows,
        type: picture.type,
        padding: paddingOf(source.display),
      },
      look.table,
      { deviceToImage, interpolation, background: opaqueBlack },
      stack.photometric === "PALETTE COLOR",
    );
    return { pixels: this.#copied(pointer, width, height), window: look.window, function: look.function };
  }

  drawSlab(
    volume: Volume,
    loaded: Uint8Array,
    source: PictureSource,
    request: WireSlab,
  ): Drawn {
    const { width, height } = request;
    const look = this.#look(source, request.settings);
    const values = this.#room(this.#values, width * height * 4);
    const flags = this.#kernels.allocate(Math.max(loaded.length, 1));
    this.#kernels.memory.copyIn(loaded, flags);
    const { origin, across, down } = request.plane;
    const corner = (axis: 0 | 1 | 2) => origin[axis] + (across[axis] + down[axis]) / 2;
    const projection: Projection = request.mode === "average" ? "mean" : request.mode;
    try {
      this.#kernels.reformat(
        { pointer: values, width, height },
        volume,
        { origin: [corner(0), corner(1), corner(2)], right: across, down },
        { projection, thickness: request.thickness },
        loaded.every((each) => each === 1) ? 0 : flags,
      );
    } finally {
      this.#kernels.release(flags);
    }
    const pointer = this.#room(this.#output, width * height * 4);
    this.#kernels.applyTable(pointer, values, width * height, look.table, opaqueBlack);
    const pixels = this.#copied(pointer, width, height);
    return { bitmap: this.#bitmap(pixels), window: look.window, function: look.function };
  }

  // Tables

  #look(
    source: PictureSource,
    settings: WireSettings,
  ): { table: DisplayTable; window: Window | null; function: VOIFunction } {
    const { picture, stack, display } = source;
    if (stack.photometric === "PALETTE COLOR" && stack.palette) {
      const key = `palette ${stack.palette.map((each) => each.key).join()} ${picture.type}`;
      const table = this.#table(key, (pointer) => this.#palette(pointer, stack, picture.type));
      return { table, window: null, function: "LINEAR" };
    }
    const isColor = picture.type === "rgb8";
    const { state, window } = this.#state(source, settings, isColor);
    const padding = isColor ? null : paddingOf(display);
    const range = isColor ? undefined : rangeOf(stack);
    const key = JSON.stringify([named(state), picture.type, padding, range]);
    const table = this.#table(
      key,
      (pointer) => this.#kernels.greyTable(pointer, state, isColor ? "uint8" : picture.type, padding, range),
    );
    return {
      table,
      window: isColor && !settings.window ? null : window,
      function: state.voi.function === "TABLE" ? "LINEAR" : state.voi.function,
    };
  }

  #state(
    source: PictureSource,
    settings: WireSettings,
    isColor: boolean,
  ): { state: GreyState; window: Window | null } {
    const { display } = source;
    const modality = isColor ? { slope: 1, intercept: 0 } : this.#modality(display, settings);
    const voiTable = this.#named(settings.voiTable) ??
      (settings.window || display.windows.length > 0 ? null : display.voiTables[0]?.table ?? null);
    const useTable = voiTable !== null && !settings.window && !isColor;
    const kind = settings.function ?? (isColor ? "LINEAR" : display.function);
    const window = useTable ? null : this.#window(source, settings, isColor);
    const shape = isColor ? "IDENTITY" : settings.presentationShape ?? display.presentationShape;
    const isInverse = (shape === "INVERSE") !== (settings.inverted ?? false);
    const table = this.#named(settings.presentationTable);
    return {
      state: {
        modality,
        voi: useTable
          ? { function: "TABLE", table: forKernels(voiTable) }
          : { function: kind, center: window?.center ?? 0, width: window?.width ?? 1 },
        presentation: table
          ? forKernels(settings.inverted ? upsideDown(table) : table)
          : isInverse
          ? "INVERSE"
          : "IDENTITY",
        colorMap: settings.colorMap ? this.#colorMap(settings.colorMap) : null,
      },
      window,
    };
  }

  #modality(display: DisplayValues, settings: WireSettings): GreyState["modality"] {
    if (typeof settings.modality === "object" && settings.modality) return settings.modality;
    const table = this.#named(settings.modality as string | null | undefined) ?? display.modalityTable;
    return table ? { table: forKernels(table) } : { slope: display.slope, intercept: display.intercept };
  }

  #window(source: PictureSource, settings: WireSettings, isColor: boolean): Window {
    if (settings.window) return settings.window;
    if (isColor) return neutralColor;
    const own = source.display.windows[0];
    if (own) return { center: own.center, width: own.width };
    return source.automatic.window ??= this.#automatic(source);
  }

  /** Of most of the picture's values, after the modality transformation; the same as the server's pictures. */
  #automatic({ picture, display, stack }: PictureSource): Window {
    const { slope, intercept, modalityTable } = display;
    if (!stack.float && stack.bitsStored <= 8 && !modalityTable && slope === 1 && intercept === 0) {
      return identityWindow(stack);
    }
    const found = this.#kernels.automaticWindow({
      pointer: picture.address,
      columns: picture.columns,
      rows: picture.rows,
      type: picture.type,
      padding: paddingOf(display),
    });
    if (!found) return identityWindow(stack);
    const half = (found.width - 1) / 2;
    const [low, high] = [found.center - 0.5 - half, found.center - 0.5 + half];
    if (modalityTable) return tableWindow(modalityTable, low, high);
    const [a, b] = [low * slope + intercept, high * slope + intercept];
    return { center: (a + b) / 2 + 0.5, width: Math.max(Math.abs(b - a), 1) + 1 };
  }

  #palette(pointer: number, stack: StackInfo, type: SampleType): DisplayTable {
    const [red, green, blue] = stack.palette ?? [];
    if (!red || !green || !blue) throw new RangeError("no palette");
    const channel = (table: LookupTable) => ({
      count: table.entries.length,
      firstMapped: table.first,
      bits: table.bits,
      data: table.entries,
      segmented: false,
    });
    return this.#kernels.paletteTable(
      pointer,
      { red: channel(red), green: channel(green), blue: channel(blue) },
      type,
    );
  }

  #table(key: string, make: (pointer: number) => DisplayTable): DisplayTable {
    const known = this.#made.get(key);
    if (known) {
      this.#made.delete(key);
      this.#made.set(key, known);
      return known;
    }
    let pointer: number | null = null;
    if (this.#made.size >= tableMaximum) {
      const [oldest] = this.#made;
      if (oldest) {
        this.#made.delete(oldest[0]);
        pointer = oldest[1].pointer;
      }
    }
    const table = make(pointer ?? this.#kernels.allocate(displayTableBytes));
    this.#made.set(key, table);
    return table;
  }

  #named(key: string | null | undefined): LookupTable | null {
    return key === null || key === undefined ? null : this.#tables.get(key) ?? null;
  }

  #colorMap(map: { key: string; rgb: Uint8Array }): number {
    const known = this.#maps.get(map.key);
    if (known !== undefined) return known;
    const pointer = this.#kernels.allocate(256 * 4);
    const colors = this.#kernels.memory.uint32(pointer, 256);
    for (let i = 0; i < 256; i++) {
      const [red = 0, green = 0, blue = 0] = map.rgb.subarray(i * 3, i * 3 + 3);
      colors[i] = (opaqueBlack | (blue << 16) | (green << 8) | red) >>> 0;
    }
    this.#maps.set(map.key, pointer);
    return pointer;
  }

  // Buffers

  #room(buffer: { pointer: number; bytes: number }, bytes: number): number {
    if (buffer.bytes < bytes) {
      if (buffer.pointer !== 0) this.#kernels.release(buffer.pointer);
      // Half as much again: a window being dragged larger would else take new memory at every step.
      const room = Math.ceil(bytes * 1.5);
      buffer.pointer = this.#kernels.allocate(room);
      buffer.bytes = room;
    }
    return buffer.pointer;
  }

  /** Shared memory cannot be drawn from; the copy is kept, for taking new memory costs more than filling it. */
  #copied(pointer: number, width: number, height: number): ImageData {
    let pixels = this.#pixels;
    if (pixels?.width !== width || pixels.height !== height) {
      this.#pixels = pixels = new ImageData(width, height);
    }
    pixels.data.set(this.#kernels.memory.uint8(pointer, width * height * 4));
    return pixels;
  }

  #bitmap(pixels: ImageData): ImageBitmap {
    const { width, height } = pixels;
    let surface = this.#surface;
    if (surface?.canvas.width !== width || surface.canvas.height !== height) {
      surface = new OffscreenCanvas(width, height).getContext("2d", { alpha: false });
      if (!surface) throw new Error("no canvas");
      this.#surface = surface;
    }
    surface.putImageData(pixels, 0, 0);
    return surface.canvas.transferToImageBitmap();
  }
}

export function paddingOf(display: DisplayValues): Padding | null {
  return display.padding ? { low: display.padding[0], high: display.padding[1] } : null;
}

/** All values the stored bits can hold: a table for these is enough. */
function rangeOf(stack: StackInfo): [number, number] | undefined {
  const bits = stack.bitsAllocated === 1 ? 1 : stack.bitsStored;
  if (bits > 16) return stack.signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  return stack.signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

const names = new WeakMap<Uint16Array, number>();
let nextName = 1;

/** The state with tables by name, to compare it. */
function named(state: GreyState): unknown {
  const name = (table: KernelTable) => {
    const known = names.get(table.entries) ?? nextName++;
    names.set(table.entries, known);
    return known;
  };
  return [
    "table" in state.modality ? name(state.modality.table) : state.modality,
    state.voi.function === "TABLE" ? name(state.voi.table) : state.voi,
    typeof state.presentation === "string" ? state.presentation : name(state.presentation),
    state.colorMap,
  ];
}

function forKernels(table: LookupTable): KernelTable {
  return { firstMapped: table.first, bits: table.bits, entries: table.entries };
}

const turned = new WeakMap<LookupTable, LookupTable>();

function upsideDown(table: LookupTable): LookupTable {
  const known = turned.get(table);
  if (known) return known;
  const top = 2 ** table.bits - 1;
  const made = { ...table, key: `${table.key} inverted`, entries: table.entries.map((each) => top - each) };
  turned.set(table, made);
  return made;
}

/** Of an invertible canvas matrix. */
export function inverse([a, b, c, d, e, f]: Matrix): Matrix {
  const determinant = a * d - b * c;
  if (determinant === 0 || !Number.isFinite(determinant)) return [0, 0, 0, 0, -1, -1];
  const [p, q, r, s] = [d / determinant, -b / determinant, -c / determinant, a / determinant];
  return [p, q, r, s, -(p * e + r * f), -(q * e + s * f)];
}

function scaled([a, b, c, d, e, f]: Matrix, by: number): Matrix {
  return [a * by, b * by, c * by, d * by, e * by, f * by];
}
