/** A viewport, a server and a clock for the tests of marks. The mathematics is a stand-in: values are the kernels' business. */
import { APIError } from "../../src/core/api.ts";
import { History } from "../../src/core/history.ts";
import type { MeasureContext, Measured, MeasureTool } from "../../src/imaging/kernels.ts";
import type { FrameInfo, Rectangle, SampleBlock, SeriesManifest } from "../../src/imaging/pictures.ts";
import { type Draft, DraftConflict, type MarksClient } from "../../src/measure/client.ts";
import { MemoryJournal } from "../../src/measure/journal.ts";
import type { Mark } from "../../src/measure/mark.ts";
import type { MeasureMath } from "../../src/measure/math.ts";
import { Measuring } from "../../src/measure/measuring.ts";
import { Pen } from "../../src/measure/pen.ts";
import { MarkStore } from "../../src/measure/store.ts";
import { MarkSync, type Timer } from "../../src/measure/sync.ts";
import { signal } from "../../src/ui/signal.ts";
import type { Affine, Viewport, ViewportFrame, ViewportPointer } from "../../src/viewer/viewport-api.ts";

export const standInMath: MeasureMath = {
  measure(tool: MeasureTool, points: Float64Array, context: MeasureContext): Measured {
    const [row, column] = context.spacing;
    let length = 0;
    for (let i = 2; i + 1 < points.length; i += 2) {
      const dx = ((points[i] as number) - (points[i - 2] as number)) * column;
      const dy = ((points[i + 1] as number) - (points[i - 1] as number)) * row;
      length += Math.hypot(dx, dy);
    }
    const value = tool === "angle" || tool === "cobb" ? length % 180 : length;
    const part = context.anchor[0] / Math.sqrt(12);
    return {
      value,
      perimeter: length,
      parts: [0, 0],
      anchoring: part,
      rounding: context.displayStep / Math.sqrt(12),
      spacing: context.spacingUncertainty * value,
      combined: part,
      expanded: context.coverage * part,
    };
  },
  statistics: (block) => ({
    count: block.width * block.height,
    mean: 7,
    deviation: 2,
    meanUncertainty: 0.5,
    minimum: 1,
    maximum: 9,
    sum: 0,
    minimumAt: [0, 0],
    maximumAt: [0, 0],
    padding: 0,
    areaPixels: 0,
  }),
  volume: () => ({ value: 0, areas: 0, ends: 0, rounding: 0, combined: 0, expanded: 0 }),
  suvFactor: () => null,
};

export interface FrameChanges {
  spacing?: ViewportFrame["spacing"];
  attributes?: Partial<FrameInfo["instance"]["attributes"]>;
  stack?: Partial<FrameInfo["stack"]>;
  display?: Partial<FrameInfo["display"]>;
  modality?: string;
  sopInstanceUID?: string;
}

export const study = "1.2.3";

export function makeFrame(changes: FrameChanges = {}): ViewportFrame {
  const sopInstanceUID = changes.sopInstanceUID ?? "1.2.3.4.5";
  const attributes = { regions: [], imageType: [], pet: null, ...changes.attributes };
  const stack = {
    samplesPerPixel: 1,
    float: false,
    palette: null,
    magnification: null,
    pixelAspect: 1,
    normal: [0, 0, 1],
    ...changes.stack,
  };
  const display = {
    slope: 1,
    intercept: -1024,
    rescaleType: "HU",
    modalityTable: null,
    padding: null,
    ...changes.display,
  };
  const info = {
    index: 0,
    instance: { sopInstanceUID, attributes },
    frameNumber: 1,
    stack,
    display,
    position: [0, 0, 0],
  };
  return {
    studyInstanceUID: study,
    seriesInstanceUID: "1.2.3.4",
    sopInstanceUID,
    sopClassUID: "1.2.840.10008.5.1.4.1.1.2",
    modality: changes.modality ?? "CT",
    frameNumber: 1,
    numberOfFrames: 1,
    index: 0,
    columns: 512,
    rows: 400,
    spacing: changes.spacing ?? { rowMM: 0.5, columnMM: 0.5, source: "pixelSpacing" },
    orientation: [1, 0, 0, 0, 1, 0],
    position: [-100, -80, 30],
    frameOfReferenceUID: "1.2.9",
    info: info as unknown as FrameInfo,
    series: { modality: changes.modality ?? "CT", frames: [info] } as unknown as SeriesManifest,
  };
}

export interface Desk {
  measuring: Measuring;
  store: MarkStore;
  sync: MarkSync;
  pen: Pen;
  frame: ReturnType<typeof signal<ViewportFrame | null>>;
  view: ReturnType<typeof signal<Affine>>;
  full: ReturnType<typeof signal<boolean>>;
  ratio: ReturnType<typeof signal<number>>;
  tool: ReturnType<typeof signal<string>>;
  said: string[];
  history: History;
  journal: MemoryJournal;
  server: FakeServer;
  clock: FakeClock;
  /** Presses, moves and releases at places in CSS pixels. */
  pointer: ReturnType<typeof pointerOf>;
  last(): Mark | undefined;
}

export const identity: Affine = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };

export function makeDesk(
  options: {
    server?: FakeServer;
    journal?: MemoryJournal;
    clock?: FakeClock;
    user?: string;
    math?: MeasureMath;
    /** Stored values under a rectangle; zeros when left out. */
    samples?: (box: Rectangle) => Int16Array;
  } = {},
): Desk {
  const clock = options.clock ?? new FakeClock();
  const server = options.server ?? new FakeServer();
  const journal = options.journal ?? new MemoryJournal();
  const history = new History();
  const user = options.user ?? "reader";
  const author = { name: user, displayName: user };
  const store = new MarkStore(study, author, history, () => new Date(clock.now));
  const sync = new MarkSync(store, server.client(user), journal, clock);
  const frame = signal<ViewportFrame | null>(makeFrame());
  const view = signal<Affine>(identity);
  const full = signal(true);
  const ratio = signal(1);
  const tool = signal("window");
  const said: string[] = [];
  const viewport = {
    frame,
    transform: view,
    pixelRatio: ratio,
    fullResolution: full,
    marksVisible: signal(true),
    samples: (box: Rectangle) =>
      Promise.resolve(
        {
          ...box,
          frame: 0,
          samplesPerPixel: 1,
          values: options.samples?.(box) ?? new Int16Array(box.width * box.height),
        } as SampleBlock,
      ),
  } as unknown as Viewport;
  const measuring = new Measuring({ tool, viewports: signal([viewport]) }, {
    announce: (message) => said.push(message),
    askLength: () => Promise.resolve(50),
    editText() {},
    withdraw() {},
  });
  measuring.math.set(options.math ?? standInMath);
  measuring.studies.set(new Map([[study, { store, sync }]]));
  const pen = new Pen(measuring, viewport);
  return {
    measuring,
    store,
    sync,
    pen,
    frame,
    view,
    full,
    ratio,
    tool,
    said,
    history,
    journal,
    server,
    clock,
    pointer: pointerOf(pen, () => ratio.peek()),
    last: () => store.own().at(-1),
  };
}

type Place = readonly [x: number, y: number];

function pointerOf(pen: Pen, ratio: () => number) {
  const event = ([x, y]: Place, more: Partial<ViewportPointer> = {}): ViewportPointer => ({
    screen: { x: x * ratio(), y: y * ratio() },
    image: { x: 0, y: 0 },
    button: 0,
    buttons: 1,
    shiftKey: false,
    ctrlKey: false,
    altKey: false,
    pointerType: "mouse",
    pointerId: 1,
    detail: 1,
    ...more,
  });
  const tools = {
    down: (at: Place, more?: Partial<ViewportPointer>) => pen.pointerDown(event(at, more)),
    move: (at: Place, more?: Partial<ViewportPointer>) => pen.pointerMove(event(at, more)),
    up: (at: Place, more?: Partial<ViewportPointer>) => pen.pointerUp(event(at, more)),
    hover: (at: Place) => pen.pointerHover(event(at, { buttons: 0 })),
    click(at: Place, more?: Partial<ViewportPointer>) {
      tools.down(at, more);
      tools.up(at, more);
    },
    drag(from: Place, to: Place, more?: Partial<ViewportPointer>) {
      tools.down(from, more);
      tools.move([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], more);
      tools.move(to, more);
      tools.up(to, more);
    },
    doubleClick(at: Place) {
      tools.click(at);
      tools.down(at, { detail: 2 });
      tools.up(at, { detail: 2 });
      pen.doubleClick(event(at, { detail: 2 }));
    },
  };
  return tools;
}

/** Time that passes only when told to. */
export class FakeClock implements Timer {
  now = Date.parse("2026-01-02T03:04:05.000Z");
  #due: { at: number; run: () => void }[] = [];

  after(milliseconds: number, run: () => void): () => void {
    const entry = { at: this.now + milliseconds, run };
    this.#due.push(entry);
    return () => this.#due = this.#due.filter((each) => each !== entry);
  }

  /** Lets time pass and everything that falls due happen, with its answers. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    for (;;) {
      // An exchange takes a few turns of the event loop.
      for (let i = 0; i < 12; i++) await idle();
      const next = this.#due.filter((each) => each.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#due = this.#due.filter((each) => each !== next);
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
}

export function idle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Keeps working copies as Documentation/marks.md says, and can fail in every way. */
export class FakeServer {
  readonly drafts = new Map<string, Draft>();
  readonly attempts = new Map<string, number>();
  publishedMarks: Mark[] = [];
  saves = 0;
  mode: "well" | "unreachable" | "signedOut" | "broken" | "losesAnswers" = "well";

  client(user: string): MarksClient {
    const stored = () => this.drafts.get(user) ?? { revision: 0, marks: [], deleted: [] };
    const check = () => {
      if (this.mode === "unreachable") throw new APIError(0, "network", "", "");
      if (this.mode === "signedOut") throw new APIError(401, "", "", "");
      if (this.mode === "broken") throw new APIError(503, "", "", "");
    };
    return {
      draft: async () => {
        await idle();
        check();
        return structuredClone(stored());
      },
      saveDraft: async (_, draft, attempt) => {
        await idle();
        check();
        const before = this.attempts.get(attempt);
        if (before !== undefined) return before;
        const now = stored();
        if (draft.revision !== now.revision) throw new DraftConflict(structuredClone(now));
        this.saves++;
        this.drafts.set(user, structuredClone({ ...draft, revision: now.revision + 1 }));
        this.attempts.set(attempt, now.revision + 1);
        if (this.mode === "losesAnswers") throw new APIError(0, "network", "", "");
        return now.revision + 1;
      },
      published: async () => {
        await idle();
        check();
        return structuredClone(this.publishedMarks);
      },
      withdraw: () => Promise.resolve([]),
      publish: async (_, marks) => {
        await idle();
        check();
        this.publishedMarks = structuredClone([...marks]);
        const object = {
          sopInstanceUID: "9.1",
          seriesInstanceUID: "9",
          sopClassUID: "1.2.840.10008.5.1.4.1.1.88.34",
        };
        return [{ ...object, marks: marks.map((each) => each.uid) }];
      },
    };
  }

  marks(user = "reader"): Mark[] {
    return this.drafts.get(user)?.marks ?? [];
  }
}
