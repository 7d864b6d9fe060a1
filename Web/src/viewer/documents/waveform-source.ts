/** Samples of a group as they are looked at: fetched a piece at a time, few pieces kept, however long the recording is. */
import { type ReadSignal, type Signal, signal } from "../../ui/signal.ts";
import { type Group, reader } from "./waveform-model.ts";

const pieceBytes = 1 << 20;
const piecesKept = 16;

export type FetchBytes = (first: number, last: number, signal: AbortSignal) => Promise<ArrayBuffer>;

export class WaveformSource {
  /** Counts up when samples have come. */
  readonly changed: ReadSignal<number>;
  readonly failed: ReadSignal<boolean>;
  readonly samplesPerPiece: number;
  readonly #changed: Signal<number> = signal(0);
  readonly #failed = signal(false);
  /** By piece, least recently used first; `null` while it is on its way. */
  readonly #pieces = new Map<number, ((index: number) => number) | null>();
  readonly #lengths = new Map<number, number>();
  readonly #abort = new AbortController();
  readonly #frameBytes: number;

  constructor(readonly group: Group, readonly fetchBytes: FetchBytes) {
    this.changed = this.#changed;
    this.failed = this.#failed;
    this.#frameBytes = group.bytesPerSample * group.channels.length;
    this.samplesPerPiece = Math.max(1, Math.floor(pieceBytes / this.#frameBytes));
  }

  /** Asks for what is missing of samples `from` up to `to`. */
  want(from: number, to: number): void {
    const last = Math.min(Math.max(to, from + 1), this.group.samples) - 1;
    const first = Math.floor(Math.max(0, from) / this.samplesPerPiece);
    const end = Math.min(Math.floor(last / this.samplesPerPiece), first + piecesKept - 1);
    for (let piece = first; piece <= end; piece++) {
      const known = this.#pieces.get(piece);
      if (known !== undefined) {
        this.#pieces.delete(piece);
        this.#pieces.set(piece, known);
      } else void this.#fetch(piece);
    }
    for (const piece of this.#pieces.keys()) {
      if (this.#pieces.size <= piecesKept) break;
      this.#pieces.delete(piece);
      this.#lengths.delete(piece);
    }
  }

  async #fetch(piece: number): Promise<void> {
    this.#pieces.set(piece, null);
    const first = piece * this.samplesPerPiece;
    const count = Math.min(this.samplesPerPiece, this.group.samples - first);
    const start = first * this.#frameBytes;
    try {
      const bytes = await this.fetchBytes(start, start + count * this.#frameBytes - 1, this.#abort.signal);
      if (this.#pieces.get(piece) !== null) return;
      this.#pieces.set(piece, reader(this.group.interpretation, new DataView(bytes)));
      this.#lengths.set(piece, Math.floor(bytes.byteLength / this.#frameBytes));
      this.#changed.update((now) => now + 1);
    } catch {
      if (this.#abort.signal.aborted) return;
      this.#pieces.delete(piece);
      this.#failed.set(true);
    }
  }

  /** The value in the channel's unit; `NaN` while it is not there, beyond the end, and where nothing was measured. */
  value(channel: number, sample: number): number {
    const piece = Math.floor(sample / this.samplesPerPiece);
    const read = this.#pieces.get(piece);
    const place = sample - piece * this.samplesPerPiece;
    const about = this.group.channels[channel];
    if (!read || !about || place < 0 || place >= (this.#lengths.get(piece) ?? 0)) return NaN;
    const stored = read(place * this.group.channels.length + channel);
    return stored === this.group.padding ? NaN : stored * about.factor + about.baseline;
  }

  end(): void {
    this.#abort.abort();
    this.#pieces.clear();
  }
}
