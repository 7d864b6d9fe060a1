/**
 * Room for pixels within one block of the kernel memory: best fit, freed neighbours grow together again. The block is
 * reserved once; the system gives it real memory only where something is written.
 */

interface Gap {
  start: number;
  end: number;
}

const alignment = 64;

export class Arena {
  readonly #gaps: Gap[];
  readonly #taken = new Map<number, number>();
  #used = 0;

  constructor(readonly base: number, readonly capacity: number) {
    const start = Math.ceil(base / alignment) * alignment;
    this.#gaps = [{ start, end: base + capacity }];
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** Of the largest piece that can be had now. */
  get largestBytes(): number {
    return this.#gaps.reduce((most, gap) => Math.max(most, gap.end - gap.start), 0);
  }

  /** An address, or `null` when there is no such room. */
  take(bytes: number): number | null {
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
    let best: Gap | null = null;
    for (const gap of this.#gaps) {
      const room = gap.end - gap.start;
      if (room >= size && (best === null || room < best.end - best.start)) best = gap;
    }
    if (best === null) return null;
    const address = best.start;
    best.start += size;
    if (best.start === best.end) this.#gaps.splice(this.#gaps.indexOf(best), 1);
    this.#taken.set(address, size);
    this.#used += size;
    return address;
  }

  release(address: number): void {
    const size = this.#taken.get(address);
    if (size === undefined) return;
    this.#taken.delete(address);
    this.#used -= size;
    const end = address + size;
    const at = this.#gaps.findIndex((gap) => gap.start > address);
    const index = at < 0 ? this.#gaps.length : at;
    const [before, after] = [this.#gaps[index - 1], this.#gaps[index]];
    if (before?.end === address && after?.start === end) {
      before.end = after.end;
      this.#gaps.splice(index, 1);
    } else if (before?.end === address) before.end = end;
    else if (after?.start === end) after.start = address;
    else this.#gaps.splice(index, 0, { start: address, end });
  }
}
