/** Finds the files in what was dropped or picked; folders are walked to the bottom. */
import type { ImportFile } from "./queue.ts";

export type Found = ImportFile | { path: string; unreadable: true };

/** Deeper than any sensible export; a guard against folders that contain themselves. */
const depthMaximum = 64;

/** The entries must be taken during the drop event itself; afterwards the browser empties the list. */
export function entriesOf(items: DataTransferItemList): FileSystemEntry[] {
  const entries: FileSystemEntry[] = [];
  for (const item of items) {
    const entry = item.kind === "file" ? item.webkitGetAsEntry() : null;
    if (entry) entries.push(entry);
  }
  return entries;
}

export async function* filesOfEntries(entries: readonly FileSystemEntry[], depth = 0): AsyncGenerator<Found> {
  for (const entry of entries) {
    const path = entry.fullPath.replace(/^\//, "");
    try {
      if (entry.isFile) yield { path, file: await fileOf(entry as FileSystemFileEntry) };
      else if (depth < depthMaximum) yield* filesOfFolder(entry as FileSystemDirectoryEntry, depth);
      else yield { path, unreadable: true };
    } catch {
      yield { path, unreadable: true };
    }
  }
}

async function* filesOfFolder(folder: FileSystemDirectoryEntry, depth: number): AsyncGenerator<Found> {
  const reader = folder.createReader();
  // A folder is read in portions; an empty one is the end.
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (portion.length === 0) return;
    yield* filesOfEntries(portion, depth + 1);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

export async function* filesOfInput(files: Iterable<File>): AsyncGenerator<Found> {
  for (const file of files) yield { path: file.webkitRelativePath || file.name, file };
}
