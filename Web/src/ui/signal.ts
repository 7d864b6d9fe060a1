/**
 * Signals: values that know who reads them. `computed` is lazy and only wakes its readers when its value really changed;
 * effects belong to the effect or root they were created in and end with it.
 */

interface Source {
  version: number;
  readonly observers: Set<Observer>;
  /** Brings a derived value up to date before its version is compared. */
  refresh(): void;
}

interface Observer {
  readonly sources: Map<Source, number>;
  invalidate(): void;
}

type Cleanup = () => void;

export interface ReadSignal<T> {
  (): T;
  /** The value without subscribing the running effect. */
  peek(): T;
}

export interface Signal<T> extends ReadSignal<T> {
  set(value: T): void;
  update(change: (value: T) => T): void;
}

const flushLimit = 10_000;
let observer: Observer | null = null;
let owner: Cleanup[] | null = null;
let batchDepth = 0;
let flushing = false;
const queue = new Set<() => void>();

function track(source: Source): void {
  if (observer === null) return;
  observer.sources.set(source, source.version);
  source.observers.add(observer);
}

function detach(target: Observer): void {
  for (const source of target.sources.keys()) source.observers.delete(target);
  target.sources.clear();
}

function hasChanged(target: Observer): boolean {
  for (const [source, version] of target.sources) {
    source.refresh();
    if (source.version !== version) return true;
  }
  return false;
}

function flush(): void {
  if (flushing || batchDepth > 0) return;
  flushing = true;
  let runs = 0;
  try {
    for (const run of queue) {
      queue.delete(run);
      if (++runs > flushLimit) throw new Error("signal effects do not settle");
      run();
    }
  } finally {
    flushing = false;
  }
}

function runWith<T>(nextObserver: Observer | null, nextOwner: Cleanup[] | null, body: () => T): T {
  const [savedObserver, savedOwner] = [observer, owner];
  observer = nextObserver;
  owner = nextOwner;
  try {
    return body();
  } finally {
    observer = savedObserver;
    owner = savedOwner;
  }
}

function dispose(cleanups: Cleanup[]): void {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
}

export function signal<T>(initial: T): Signal<T> {
  let value = initial;
  const source: Source = { version: 0, observers: new Set(), refresh() {} };
  const read = (): T => {
    track(source);
    return value;
  };
  const set = (next: T): void => {
    if (Object.is(next, value)) return;
    value = next;
    source.version++;
    for (const each of [...source.observers]) each.invalidate();
    flush();
  };
  return Object.assign(read, { peek: () => value, set, update: (f: (v: T) => T) => set(f(value)) });
}

export function computed<T>(compute: () => T): ReadSignal<T> {
  let value: T;
  let state: "new" | "stale" | "fresh" = "new";
  const self: Source & Observer = {
    version: 0,
    observers: new Set(),
    sources: new Map(),
    invalidate() {
      if (state !== "fresh") return;
      state = "stale";
      for (const each of [...self.observers]) each.invalidate();
    },
    refresh() {
      if (state === "fresh") return;
      if (state === "stale" && !hasChanged(self)) {
        state = "fresh";
        return;
      }
      detach(self);
      const next = runWith(self, null, compute);
      if (state === "new" || !Object.is(next, value)) {
        value = next;
        self.version++;
      }
      state = "fresh";
    },
  };
  owner?.push(() => detach(self));
  const peek = (): T => {
    self.refresh();
    return value;
  };
  const read = (): T => {
    self.refresh();
    track(self);
    return value;
  };
  return Object.assign(read, { peek });
}

/** Runs `body` now and whenever a signal it read has changed; returns a function that ends it. */
export function effect(body: () => void): Cleanup {
  const cleanups: Cleanup[] = [];
  let ended = false;
  const run = (): void => {
    if (ended || (self.sources.size > 0 && !hasChanged(self))) return;
    dispose(cleanups);
    detach(self);
    runWith(self, cleanups, body);
  };
  const self: Observer = { sources: new Map(), invalidate: () => queue.add(run) };
  const end = (): void => {
    ended = true;
    queue.delete(run);
    detach(self);
    dispose(cleanups);
  };
  owner?.push(end);
  run();
  return end;
}

/** A scope of its own: what `body` creates lives until the returned `end` is called. */
export function root<T>(body: () => T): { value: T; end: Cleanup } {
  const cleanups: Cleanup[] = [];
  const value = runWith(null, cleanups, body);
  return { value, end: () => dispose(cleanups) };
}

export function onCleanup(cleanup: Cleanup): void {
  owner?.push(cleanup);
}

export function untrack<T>(body: () => T): T {
  return runWith(null, owner, body);
}

/** Delays effects until `body` has returned, so that several changes are seen at once. */
export function batch<T>(body: () => T): T {
  batchDepth++;
  try {
    return body();
  } finally {
    batchDepth--;
    flush();
  }
}
