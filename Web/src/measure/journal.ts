/**
 * What has been drawn and is not yet with the server, kept in the browser: a lost network, a restarted server, an expired
 * session or a closed window loses nothing. An entry goes away once the server has everything, so that little about patients
 * stays on a shared machine.
 */
import type { Deletion, Mark } from "./mark.ts";

/** A drawing not finished yet. */
export interface Unfinished {
  kind: Mark["kind"];
  points: readonly (readonly [number, number])[];
  anchorUncertainty: readonly (readonly [number, number])[];
  sopInstanceUID: string;
  frameNumber: number;
}

export interface JournalEntry {
  /** Who drew in which study. */
  user: string;
  study: string;
  /** Own marks the server does not have in this form. */
  marks: readonly Mark[];
  deleted: readonly Deletion[];
  unfinished: Unfinished | null;
}

export interface Journal {
  /** False when the browser keeps nothing beyond the page. */
  readonly lasting: boolean;
  read(user: string, study: string): Promise<JournalEntry | null>;
  /** An entry without content is removed. */
  write(entry: JournalEntry): Promise<void>;
}

const database = "apus-marks";
const objectStore = "journal";

export async function openJournal(): Promise<Journal> {
  try {
    return new DatabaseJournal(await openDatabase());
  } catch {
    return new MemoryJournal();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(database, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(objectStore);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("journal blocked"));
  });
}

const keyOf = (user: string, study: string) => [user, study];

class DatabaseJournal implements Journal {
  readonly lasting = true;
  constructor(readonly db: IDBDatabase) {}

  async read(user: string, study: string): Promise<JournalEntry | null> {
    const transaction = this.db.transaction(objectStore, "readonly");
    return await answer<JournalEntry | undefined>(
      transaction.objectStore(objectStore).get(keyOf(user, study)),
    ) ?? null;
  }

  write(entry: JournalEntry): Promise<void> {
    // Strict: the answer comes when the entry would survive a power cut.
    const transaction = this.db.transaction(objectStore, "readwrite", { durability: "strict" });
    const place = transaction.objectStore(objectStore);
    const key = keyOf(entry.user, entry.study);
    if (isEmpty(entry)) place.delete(key);
    else place.put(entry, key);
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** For browsers that keep nothing, such as private windows of some. */
export class MemoryJournal implements Journal {
  readonly lasting: boolean = false;
  readonly #entries = new Map<string, JournalEntry>();

  read(user: string, study: string): Promise<JournalEntry | null> {
    return Promise.resolve(this.#entries.get(keyOf(user, study).join("\n")) ?? null);
  }

  write(entry: JournalEntry): Promise<void> {
    const key = keyOf(entry.user, entry.study).join("\n");
    if (isEmpty(entry)) this.#entries.delete(key);
    else this.#entries.set(key, entry);
    return Promise.resolve();
  }
}

export function isEmpty(entry: JournalEntry): boolean {
  return entry.marks.length === 0 && entry.deleted.length === 0 && entry.unfinished === null;
}
