/** Keeps the values of marks: geometry at once, statistics of pixels when these have come. */
import type { Statistics } from "../imaging/kernels.ts";
import type { ViewportFrame } from "../viewer/viewport-api.ts";
import { calibrationAt, patientPointsOf } from "./calibration.ts";
import { quantities } from "./codes.ts";
import { valuesOf } from "./evaluate.ts";
import { isOn, type Mark, type Value } from "./mark.ts";
import type { Measuring } from "./measuring.ts";
import { markAspect } from "./pen.ts";
import { boxOf, type PixelMeaning, pixelMeaning, regionOf, statisticValues } from "./pixel-values.ts";
import type { MarkStore } from "./store.ts";

export class Valuation {
  constructor(readonly measuring: Measuring) {}

  /** The mark with its geometric values; those of pixels follow by `addStatistics`. */
  measured(mark: Mark, frame: ViewportFrame): Mark {
    const math = this.measuring.math.peek();
    const store = this.measuring.storeFor(frame);
    const calibration = calibrationAt(frame, mark.points, this.#fullResolution(frame), store?.own() ?? []);
    const placed = { ...mark, calibration, patientPoints: patientPointsOf(frame, mark.points) };
    if (mark.kind === "calibration" || !math || calibration.reason === "notFullResolution") return placed;
    const { kind, points, anchorUncertainty } = mark;
    const aspect = markAspect(placed, frame);
    try {
      return { ...placed, values: valuesOf({ kind, points, calibration, anchorUncertainty, aspect }, math) };
    } catch {
      // A figure the kernels refuse, such as a ratio to nothing: what was drawn stays, without a value.
      return { ...placed, values: [] };
    }
  }

  #fullResolution(frame: ViewportFrame): boolean {
    const shows = this.measuring.host.viewports.peek().filter((each) => {
      const shown = each.frame.peek();
      return shown !== null && isOn(shown, frame);
    });
    return shows.length === 0 || shows.some((each) => each.fullResolution.peek());
  }

  /** Fetches the pixels under a region and adds their statistics, unless the region has moved on meanwhile. */
  async addStatistics(uid: string): Promise<void> {
    const store = this.measuring.storeOf(uid);
    const mark = store?.get(uid);
    if (!store || !mark) return;
    const found = await this.#statistics(mark);
    const now = store.get(uid);
    if (!found || !now || now.points !== mark.points) return;
    const values = [
      ...now.values.filter(isGeometric),
      ...statisticValues(now.kind, found.statistics, found.meaning),
    ];
    store.amend({ ...now, values });
  }

  async #statistics(mark: Mark): Promise<{ statistics: Statistics; meaning: PixelMeaning } | null> {
    const viewport = this.measuring.host.viewports.peek().find((each) => {
      const shown = each.frame.peek();
      return shown !== null && isOn(mark, shown);
    });
    const frame = viewport?.frame.peek();
    const math = this.measuring.math.peek();
    if (!viewport || !frame || !math) return null;
    const region = regionOf(mark.kind, mark.points, markAspect(mark, frame));
    const meaning = region && this.meaning(frame);
    const box = region && boxOf(region, frame.columns, frame.rows);
    if (!region || !meaning || !box) return null;
    try {
      const block = await viewport.samples(box);
      const statistics = math.statistics(block, region, meaning.values);
      return statistics && { statistics, meaning };
    } catch {
      // The frame could not be had; the viewport says so. The geometry stands.
      return null;
    }
  }

  meaning(frame: ViewportFrame): PixelMeaning | null {
    const math = this.measuring.math.peek();
    return math && pixelMeaning(frame, math);
  }

  /** New versions of the own, unpublished marks on an image whose calibration has changed. */
  remeasured(sopInstanceUID: string, store: MarkStore): Mark[] {
    return store.own().filter((each) =>
      each.sopInstanceUID === sopInstanceUID && each.kind !== "calibration" && !each.origin &&
      each.values.length > 0
    ).flatMap((mark) => {
      const frame = this.shownFrame(mark);
      if (!frame) return [];
      const statistics = mark.values.filter((each) => !isGeometric(each));
      const again = this.measured(mark, frame);
      return [{ ...again, values: [...again.values, ...statistics] }];
    });
  }

  shownFrame(mark: Mark): ViewportFrame | null {
    const shown = this.measuring.host.viewports.peek().map((each) => each.frame.peek());
    return shown.find((each) => each !== null && each.sopInstanceUID === mark.sopInstanceUID) ?? null;
  }
}

const geometricCodes: ReadonlySet<string> = new Set([
  quantities.length,
  quantities.pathLength,
  quantities.radius,
  quantities.perimeter,
  quantities.angle,
  quantities.cobbAngle,
  quantities.ratio,
  quantities.area,
  quantities.volume,
].map((each) => each.value));

export function isGeometric(value: Value): boolean {
  return value.derivation === null && geometricCodes.has(value.quantity.value);
}
