/** Uploads files a few at a time, keeps a verdict for each, and carries on after a failure. */
import { type APIError, errorFromBody, type ImportResult, type Verdict } from "../../core/api.ts";
import { locale } from "../../core/i18n.ts";
import { batch, computed, signal } from "../../ui/signal.ts";

export interface ImportFile {
  path: string;
  file: Blob;
}

/** `failed`: the server could not be reached or gave an error; such a file can be sent again. */
export type RowVerdict = Verdict | "failed" | "cancelled";

export interface ImportRow {
  id: number;
  path: string;
  verdict: RowVerdict;
  reason: string | null;
  code: string | null;
  studyInstanceUID: string | null;
}

export type ImportState = "idle" | "running" | "paused" | "finished";

export interface Upload {
  done: Promise<ImportResult[]>;
  cancel(): void;
}

/** Sends one file; `done` rejects with an `APIError`. */
export type Sender = (item: ImportFile, onProgress: (sentBytes: number) => void) => Upload;

const parallelUploads = 3;
/** Failures in a row after which asking further is pointless until someone looks. */
const failuresBeforePause = 5;

interface Transfer {
  item: ImportFile;
  upload: Upload;
}

export class ImportQueue {
  readonly state = signal<ImportState>("idle");
  readonly files = signal(0);
  readonly filesDone = signal(0);
  readonly bytes = signal(0);
  readonly bytesDone = signal(0);
  /** Still looking through dropped folders. */
  readonly collecting = signal(0);
  /** Why the queue stands still. */
  readonly pauseReason = signal<APIError | null>(null);
  readonly running = computed(() => this.state() === "running" || this.state() === "paused");

  readonly #send: Sender;
  // Grown in place: an import of a hundred thousand files must not copy its list for each of them.
  #list: ImportRow[] = [];
  #counts = new Map<RowVerdict, number>();
  readonly #version = signal(0);
  readonly #waiting: ImportFile[] = [];
  readonly #transfers = new Map<Transfer, number>();
  #failed = new Map<number, ImportFile>();
  #finishedBytes = 0;
  #failuresInARow = 0;
  #nextRow = 0;
  #generation = 0;

  constructor(send: Sender) {
    this.#send = send;
  }

  /** The verdicts so far; the same array each time, longer. */
  rows(): readonly ImportRow[] {
    this.#version();
    return this.#list;
  }

  count(verdict: RowVerdict): number {
    this.#version();
    return this.#counts.get(verdict) ?? 0;
  }

  /** Takes in files as they are found. A new batch after a finished one starts a new list. */
  async add(found: AsyncIterable<ImportFile | { path: string; unreadable: true }>): Promise<void> {
    if (this.state.peek() === "finished" && this.collecting.peek() === 0) this.clear();
    const generation = this.#generation;
    batch(() => {
      this.collecting.update((n) => n + 1);
      if (this.state.peek() === "idle") this.state.set("running");
    });
    for await (const item of found) {
      if (generation !== this.#generation) return;
      if ("file" in item) this.#enqueue(item);
      else this.#report(item.path, "failed", "import.reason.unreadable");
    }
    if (generation !== this.#generation) return;
    this.collecting.update((n) => n - 1);
    this.#pump();
  }

  /** Stops everything not yet answered; what the server holds already stays there. */
  cancel(): void {
    this.#generation++;
    const open = [...[...this.#transfers.keys()].map((each) => each.item), ...this.#waiting.splice(0)];
    for (const transfer of this.#transfers.keys()) transfer.upload.cancel();
    this.#transfers.clear();
    batch(() => {
      for (const item of open) this.#append(item.path, "cancelled", null);
      this.collecting.set(0);
      this.pauseReason.set(null);
      this.state.set("finished");
    });
  }

  /** Goes on after a pause. */
  resume(): void {
    if (this.state.peek() !== "paused") return;
    this.#failuresInARow = 0;
    batch(() => {
      this.pauseReason.set(null);
      this.state.set("running");
    });
    this.#pump();
  }

  /** Sends again what failed for reasons other than the file itself. */
  retryFailed(): void {
    const again = this.#failed;
    if (again.size === 0) return;
    this.#failed = new Map();
    batch(() => {
      this.#list = this.#list.filter((row) => !again.has(row.id));
      this.#counts.set("failed", this.count("failed") - again.size);
      this.#version.update((n) => n + 1);
      this.filesDone.update((n) => n - again.size);
      this.#waiting.push(...again.values());
      for (const item of again.values()) this.#finishedBytes -= item.file.size;
      if (this.state.peek() === "finished") this.state.set("running");
    });
    this.resume();
    this.#pump();
  }

  get canRetry(): boolean {
    this.rows();
    return this.#failed.size > 0;
  }

  clear(): void {
    this.#generation++;
    this.#failed = new Map();
    this.#finishedBytes = 0;
    this.#failuresInARow = 0;
    batch(() => {
      this.#list = [];
      this.#counts = new Map();
      this.#version.update((n) => n + 1);
      this.files.set(0);
      this.filesDone.set(0);
      this.bytes.set(0);
      this.bytesDone.set(0);
      this.pauseReason.set(null);
      this.collecting.set(0);
      this.state.set("idle");
    });
  }

  #enqueue(item: ImportFile): void {
    this.#waiting.push(item);
    batch(() => {
      this.files.update((n) => n + 1);
      this.bytes.update((n) => n + item.file.size);
    });
    this.#pump();
  }

  #pump(): void {
    while (this.state.peek() === "running" && this.#transfers.size < parallelUploads) {
      const item = this.#waiting.shift();
      if (!item) break;
      void this.#transfer(item);
    }
    const idle = this.#waiting.length === 0 && this.#transfers.size === 0 && this.collecting.peek() === 0;
    if (this.state.peek() === "running" && idle) this.state.set("finished");
  }

  async #transfer(item: ImportFile): Promise<void> {
    const transfer: Transfer = {
      item,
      upload: this.#send(item, (sent) => {
        if (!this.#transfers.has(transfer)) return;
        this.#transfers.set(transfer, Math.min(sent, item.file.size));
        this.#sumBytes();
      }),
    };
    this.#transfers.set(transfer, 0);
    try {
      const results = await transfer.upload.done;
      if (this.#transfers.delete(transfer)) this.#succeeded(item, results);
    } catch (error) {
      if (this.#transfers.delete(transfer)) this.#refused(item, error as APIError);
    }
    this.#pump();
  }

  #succeeded(item: ImportFile, results: readonly ImportResult[]): void {
    this.#failuresInARow = 0;
    batch(() => {
      for (const each of results) {
        this.#append(each.path || item.path, each.verdict, each.reason, each.code, each.studyInstanceUID);
      }
      this.#finish(item);
    });
  }

  #refused(item: ImportFile, error: APIError): void {
    const stops = error.status === 507 || error.status === 401 || error.status === 403;
    batch(() => {
      if (stops) {
        this.#waiting.unshift(item);
        this.#sumBytes();
      } else {
        const id = this.#append(item.path, "failed", error.message || null, error.code);
        if (error.status !== 413) this.#failed.set(id, item);
        this.#finish(item);
      }
      const hopeless = ++this.#failuresInARow >= failuresBeforePause && this.#waiting.length > 0;
      if (stops || hopeless) {
        this.pauseReason.set(error);
        this.state.set("paused");
      }
    });
  }

  #finish(item: ImportFile): void {
    this.#finishedBytes += item.file.size;
    this.filesDone.update((n) => n + 1);
    this.#sumBytes();
  }

  #sumBytes(): void {
    let sum = this.#finishedBytes;
    for (const sent of this.#transfers.values()) sum += sent;
    this.bytesDone.set(sum);
  }

  #report(path: string, verdict: RowVerdict, code: string): void {
    batch(() => {
      this.files.update((n) => n + 1);
      this.filesDone.update((n) => n + 1);
      this.#append(path, verdict, null, code);
    });
  }

  #append(
    path: string,
    verdict: RowVerdict,
    reason: string | null,
    code: string | null = null,
    studyInstanceUID: string | null = null,
  ): number {
    const id = this.#nextRow++;
    this.#list.push({ id, path, verdict, reason, code, studyInstanceUID });
    this.#counts.set(verdict, (this.#counts.get(verdict) ?? 0) + 1);
    this.#version.update((n) => n + 1);
    return id;
  }
}

/** A `Sender` over XMLHttpRequest, the only browser interface that tells how much of a body has been sent. */
export function httpSender(csrf: () => string): Sender {
  return (item, onProgress) => {
    const request = new XMLHttpRequest();
    const done = new Promise<ImportResult[]>((resolve, reject) => {
      request.open("POST", "/api/import");
      // Not in the address, which gets into logs: names of files can be names of patients.
      request.setRequestHeader("X-Apus-Name", encodeURIComponent(item.path));
      request.setRequestHeader("X-Apus-CSRF", csrf());
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("Accept-Language", locale());
      request.upload.onprogress = (event) => onProgress(event.loaded);
      request.onerror = () => reject(errorFromBody(0, '{"error":{"code":"network"}}'));
      request.onabort = () => reject(errorFromBody(0, '{"error":{"code":"aborted"}}'));
      request.onload = () => {
        if (request.status !== 200) return reject(errorFromBody(request.status, request.responseText));
        try {
          resolve((JSON.parse(request.responseText) as { results: ImportResult[] }).results);
        } catch {
          reject(errorFromBody(request.status, ""));
        }
      };
      request.send(item.file);
    });
    return { done, cancel: () => request.abort() };
  };
}

/** The totals a screen shows, as a fraction for the progress bar. */
export function progress(queue: ImportQueue): number {
  const all = queue.bytes();
  if (queue.state() === "finished") return 1;
  return all === 0 ? 0 : queue.bytesDone() / all;
}
