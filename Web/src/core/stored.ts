/** Values kept in this browser: read with a check, because anything may stand there. */
import { type Signal, signal } from "../ui/signal.ts";

export interface KeyValueStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** What is stored under `key` if `check` accepts it, else `fallback`. */
export function readStored<T>(
  key: string,
  check: (value: unknown) => value is T,
  fallback: T,
  storage: KeyValueStore = localStorage,
): T {
  try {
    const value: unknown = JSON.parse(storage.getItem(key) ?? "null");
    return check(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

/** False when the browser refuses, because storage is full or switched off. */
export function writeStored(key: string, value: unknown, storage: KeyValueStore = localStorage): boolean {
  try {
    storage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** A signal whose value outlives the page. */
export function storedSignal<T>(key: string, check: (value: unknown) => value is T, fallback: T): Signal<T> {
  const inner = signal(readStored(key, check, fallback));
  const set = (value: T) => {
    inner.set(value);
    writeStored(key, value);
  };
  return Object.assign(() => inner(), {
    peek: inner.peek,
    set,
    update: (change: (value: T) => T) => set(change(inner.peek())),
  });
}
