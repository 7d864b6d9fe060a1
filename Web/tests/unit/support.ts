/** Shared by the unit tests. */

/** Resolves once everything queued so far has run. */
export function settled(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function source(path: string): string {
  return Deno.readTextFileSync(new URL(`../../src/${path}`, import.meta.url));
}

/** Every source file with one of the endings, as [path, text]. */
export function sources(...endings: string[]): [string, string][] {
  const found: [string, string][] = [];
  const walk = (folder: URL) => {
    for (const entry of Deno.readDirSync(folder)) {
      const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
      if (entry.isDirectory) walk(url);
      else if (endings.some((each) => entry.name.endsWith(each))) {
        found.push([url.pathname.replace(/^.*\/src\//, ""), Deno.readTextFileSync(url)]);
      }
    }
  };
  walk(new URL("../../src/", import.meta.url));
  return found;
}

export function catalogue(locale: string): Record<string, string> {
  return JSON.parse(source(`locales/${locale}.json`)) as Record<string, string>;
}
