/** A page with nothing but the imaging service, for tests that ask it directly. */
import { API } from "../../src/core/api.ts";
import type {
  Picture,
  PictureRequest,
  SeriesImages,
  StudyManifest,
  ViewportPictures,
} from "../../src/imaging/pictures.ts";
import { ImagingService } from "../../src/imaging/service.ts";

interface Shown {
  shown: number;
  exact: boolean;
  level: number;
  milliseconds: number;
  /** Since the wish. */
  after: number;
  /** Red of the first pixels of the middle row. */
  row: number[];
}

class TestPage {
  readonly api = new API();
  service!: ImagingService;
  study!: StudyManifest;
  readonly series = new Map<string, SeriesImages>();
  readonly views = new Map<string, ViewportPictures>();
  /** The pictures of the newest wish of each view, for an earlier wish may be drawn once more. */
  readonly #newest = new Map<string, { request: PictureRequest; pictures: Shown[] }>();

  async signIn(name: string, password: string): Promise<void> {
    await this.api.signIn(name, password);
  }

  start(assets: { host: string; decoder: string; kernels: string }, budgetBytes?: number): void {
    this.service = new ImagingService(this.api, assets, budgetBytes);
  }

  async open(study: string): Promise<number> {
    this.study = await this.service.openStudy(study);
    return this.study.series.length;
  }

  openSeries(index: number, first = 0, name = String(index)): string {
    const uid = this.study.series[index]?.seriesInstanceUID ?? "";
    this.series.set(name, this.service.openSeries(this.study, uid, first));
    return uid;
  }

  view(name: string, series: string): void {
    const images = this.series.get(series) as SeriesImages;
    this.views.set(name, images.viewport((picture) => this.#note(name, picture)));
  }

  #asked = new Map<PictureRequest, number>();

  show(name: string, frame: number, settings = {}, width = 256, height = 256, zoom = 1): void {
    const request: PictureRequest = { frame, settings, transform: [zoom, 0, 0, zoom, 0, 0], width, height };
    this.#asked.set(request, performance.now());
    this.#newest.set(name, { request, pictures: [] });
    this.views.get(name)?.show(request);
  }

  #note(name: string, picture: Picture): void {
    const after = performance.now() - (this.#asked.get(picture.request) ?? 0);
    const { width, height } = picture.bitmap;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", {
      willReadFrequently: true,
    }) as OffscreenCanvasRenderingContext2D;
    context.drawImage(picture.bitmap, 0, 0);
    const { data } = context.getImageData(0, Math.floor(height / 2), width, 1);
    const row = Array.from({ length: width }, (_, x) => data[x * 4] ?? 0);
    picture.bitmap.close();
    const { shown, exact, level, milliseconds } = picture;
    const newest = this.#newest.get(name);
    if (newest?.request !== picture.request) return;
    newest.pictures.push({ shown, exact, level, milliseconds, after, row });
  }

  first(name: string): Shown | null {
    return this.#newest.get(name)?.pictures[0] ?? null;
  }

  last(name: string): Shown | null {
    return this.#newest.get(name)?.pictures.at(-1) ?? null;
  }

  async samples(
    series: string,
    frame: number,
    x: number,
    y: number,
    width: number,
    height: number,
  ): Promise<number[]> {
    const block = await (this.series.get(series) as SeriesImages).samples(frame, { x, y, width, height });
    return Array.from(block.values);
  }

  loaded(series: string): number {
    return this.series.get(series)?.loaded.peek().count ?? -1;
  }

  failures(series: string): Record<number, string> {
    const all = this.series.get(series)?.failures.peek() ?? new Map();
    return Object.fromEntries([...all].map(([frame, { code }]) => [frame, code]));
  }
}

(globalThis as unknown as { imagingTest: TestPage }).imagingTest = new TestPage();
