/**
 * What the first screen will ask for, asked while its scripts are still on their way. `start.ts` fills this from the page's address; who
 * needs an answer takes it from here and asks himself when it is not here. Kept at the window, for it is shared by two bundles.
 */

interface Answer {
  readonly response: Promise<Response>;
  readonly asked: number;
}

interface HeadStart {
  readonly answers: Map<string, Answer>;
  readonly modules: Map<string, Promise<WebAssembly.Module>>;
  readonly workers: Map<string, Worker>;
}

const place = globalThis as { apusHeadStart?: HeadStart };
/** An answer nobody wanted for so long says what was, not what is. */
const freshMilliseconds = 10_000;
const ahead = place.apusHeadStart ??= { answers: new Map(), modules: new Map(), workers: new Map() };

/** Asks now what will be asked for soon. */
export function askAhead(path: string, headers: Readonly<Record<string, string>>): void {
  const asked = ahead.answers.get(path)?.asked;
  if (asked !== undefined && performance.now() - asked < freshMilliseconds) return;
  const response = fetch(path, { headers, credentials: "same-origin" });
  // Who takes it sees the failure; an answer nobody takes must not be reported as an error of the page.
  response.catch(() => {});
  ahead.answers.set(path, { response, asked: performance.now() });
}

/** Asks what a viewer begins with: the study's manifest, and the protocol it hangs by; the light viewer hangs nothing. */
export function askStudyAhead(screen: "viewer" | "light", study: string, locale: string): void {
  const headers = { Accept: "application/json", "Accept-Language": locale };
  askAhead(`/api/studies/${study}/viewing`, headers);
  if (screen === "viewer") askAhead(`/api/studies/${study}/hanging`, headers);
}

/** The answer that is on its way, once, if it is a good one; `null` when it has to be asked for. */
export async function takeAnswer(path: string): Promise<Response | null> {
  const answer = ahead.answers.get(path);
  ahead.answers.delete(path);
  if (!answer || performance.now() - answer.asked > freshMilliseconds) return null;
  const response = await answer.response.catch(() => null);
  return response?.ok ? response : null;
}

/** The module at an address, compiled once for all who instantiate it. */
export function compiledModule(address: string): Promise<WebAssembly.Module> {
  let module = ahead.modules.get(address);
  if (!module) {
    module = compile(address);
    ahead.modules.set(address, module);
    // A failure is not kept: the next who needs it tries again.
    module.catch(() => ahead.modules.delete(address));
  }
  return module;
}

async function compile(address: string): Promise<WebAssembly.Module> {
  const response = await fetch(address, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return WebAssembly.compileStreaming(response);
}

/** Starts a worker's script before anybody talks to it. A worker says nothing before it is told something. */
export function launchWorker(address: string): void {
  ahead.workers.set(address, new Worker(address, { type: "module" }));
}

/** The worker that was started ahead, once; else a new one. */
export function takeWorker(address: string): Worker {
  const worker = ahead.workers.get(address);
  ahead.workers.delete(address);
  return worker ?? new Worker(address, { type: "module" });
}
