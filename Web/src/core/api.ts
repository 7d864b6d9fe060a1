/** The server's HTTP interface as typed functions. Everything goes to the origin the page came from. */
import { type Ask, confirmed } from "./confirming.ts";
import type { ErrorReport } from "./errors.ts";
import { takeAnswer } from "./head-start.ts";
import { locale } from "./i18n.ts";

export interface User {
  name: string;
  displayName: string;
  role: string;
  /** What the account may do, such as `annotation.write`; servers of before did not say. */
  rights?: readonly string[];
}

export interface Session {
  user: User;
  csrf: string;
}

export interface Study {
  studyInstanceUID: string;
  patientName: string;
  patientID: string;
  patientSex: string;
  patientBirthDate: string;
  studyDate: string;
  studyTime: string;
  modalities: string[];
  studyDescription: string;
  accessionNumber: string;
  numberOfSeries: number;
  numberOfInstances: number;
  /** How many objects of the study are set apart as not conforming. */
  quarantined: number;
}

export interface StudyPage {
  studies: Study[];
  next: string | null;
  total: number | null;
}

export interface StudyQuery {
  text: string;
  modalities: readonly string[];
  /** DA, inclusive; empty for no limit. */
  from: string;
  to: string;
  sort: string;
}

export interface SeriesInstance {
  sopInstanceUID: string;
  sopClassUID: string;
  instanceNumber: number | null;
  numberOfFrames: number | null;
  transferSyntaxUID: string;
}

export interface Series {
  seriesInstanceUID: string;
  modality: string;
  seriesNumber: number | null;
  seriesDescription: string;
  numberOfInstances: number;
  instances: SeriesInstance[];
}

export interface StudyDetail {
  study: Study;
  series: Series[];
}

export type Verdict = "stored" | "duplicate" | "quarantined" | "conflict" | "refused" | "skipped";

export interface ImportResult {
  path: string;
  verdict: Verdict;
  reason: string | null;
  code?: string | null;
  studyInstanceUID?: string | null;
  sopInstanceUID?: string | null;
}

export interface ServerState {
  version: string;
  dicom: { aeTitle: string; host: string; port: number };
  storage: { freeBytes: number; totalBytes: number; state: "ok" | "low" | "full" };
  counts: { studies: number; series: number; instances: number };
  /** Whether somebody who may has accepted the configuration as it stands. */
  configurationAccepted?: boolean;
}

/** A value of the configuration that nobody has accepted. */
export interface ConfigurationChange {
  key: string;
  accepted: string | null;
  present: string | null;
}

/** How a hanging protocol does on the newest studies. */
export interface ProtocolTrial {
  tested: number;
  hits: readonly TriedStudy[];
  misses: readonly TriedStudy[];
}

export interface TriedStudy {
  description: string;
  modalities: readonly string[];
  /** What a study that is no hit lacks, by language. */
  missing?: Readonly<Record<string, string>>;
}

/** A refusal by the server, or no answer at all (`status` 0, code `network`). */
export class APIError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly remedy: string,
    /** Of the entry in the server's log. */
    readonly id = "",
  ) {
    super(message);
  }
}

/** Reads an error answer; a body that is not ours leaves a code made from the status. */
export function errorFromBody(status: number, body: string): APIError {
  try {
    const { error } = JSON.parse(body) as {
      error?: Partial<Record<"code" | "message" | "remedy" | "id", string>>;
    };
    if (error) {
      return new APIError(status, error.code ?? "", error.message ?? "", error.remedy ?? "", error.id);
    }
  } catch {
    // Falls through: a proxy's page, or nothing.
  }
  return new APIError(status, `http${status}`, "", "");
}

export class API {
  #csrf = "";
  /** Called when the server no longer knows the session. */
  onSignedOut: () => void = () => {};
  /** Asks before what the server holds back until it is confirmed. */
  onQuestion: Ask = () => Promise.resolve(false);

  get csrf(): string {
    return this.#csrf;
  }

  async session(): Promise<Session | null> {
    const response = await this.#fetch("/api/session", {});
    if (response.status === 401) return null;
    return this.#began(response);
  }

  async signIn(name: string, password: string): Promise<Session> {
    return this.#began(await this.#fetch("/api/session", post({ name, password })));
  }

  async signOut(): Promise<void> {
    await this.#request("/api/session", { method: "DELETE" });
    this.#csrf = "";
  }

  async checkSetup(token: string): Promise<void> {
    await this.#checked(await this.#fetch(`/api/setup/${encodeURIComponent(token)}`, {}));
  }

  async setUp(token: string, name: string, password: string): Promise<Session> {
    const path = `/api/setup/${encodeURIComponent(token)}`;
    return this.#began(await this.#fetch(path, post({ name, password })));
  }

  async studies(
    query: StudyQuery,
    limit: number,
    cursor: string | null,
    signal: AbortSignal,
  ): Promise<StudyPage> {
    // In the body: what is searched for may be a name, which has no place in an address.
    const body = studyParameters(query, limit, cursor);
    const page = await this.#json<StudyPage>("/api/studies/search", { method: "POST", body, signal });
    return { ...page, studies: page.studies.map(withTexts) };
  }

  study(uid: string, signal: AbortSignal): Promise<StudyDetail> {
    return this.#json(`/api/studies/${uid}/series`, { signal });
  }

  /**
   * The manifest of a study, as it comes; `parseStudy` reads it.
   * @param isAhead it is made ready, not looked at: the audit log tells the two apart.
   */
  viewing(uid: string, signal: AbortSignal, isAhead = false): Promise<unknown> {
    return this.#json(`/api/studies/${uid}/viewing${isAhead ? "?ahead=1" : ""}`, { signal });
  }

  metadata(study: string, series: string, signal: AbortSignal): Promise<unknown[]> {
    const headers = { Accept: "application/dicom+json" };
    return this.#json(`${seriesPath(study, series)}/metadata`, { signal, headers });
  }

  instanceMetadata(
    study: string,
    series: string,
    instance: string,
    signal: AbortSignal,
  ): Promise<unknown[]> {
    const headers = { Accept: "application/dicom+json" };
    return this.#json(`${seriesPath(study, series)}/instances/${instance}/metadata`, { signal, headers });
  }

  /** What an object that is no picture says (Documentation/viewing.md). */
  object(study: string, instance: string, signal: AbortSignal): Promise<unknown> {
    return this.#json(`/api/studies/${study}/objects/${instance}`, { signal });
  }

  /** The person's own hanging protocols, the site's and the shipped ones, each with its `source`. */
  hangingProtocols(): Promise<{ protocols: unknown[] }> {
    return this.#json("/api/hanging-protocols", {});
  }

  async saveHangingProtocol(protocol: unknown): Promise<void> {
    await this.#request("/api/hanging-protocols", post(protocol));
  }

  async removeHangingProtocol(id: string): Promise<void> {
    await this.#request(`/api/hanging-protocols/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  /** The protocol that the server hangs a study by; `null` when none matches. */
  async hanging(study: string, signal: AbortSignal): Promise<unknown> {
    const { protocol } = await this.#json<{ protocol: unknown }>(`/api/studies/${study}/hanging`, { signal });
    return protocol;
  }

  /** What the person keeps under a name. */
  preference(name: string): Promise<unknown> {
    return this.#json(`/api/preferences/${encodeURIComponent(name)}`, {});
  }

  async savePreference(name: string, value: unknown): Promise<void> {
    await this.#request(`/api/preferences/${encodeURIComponent(name)}`, { ...post(value), method: "PUT" });
  }

  /** The monitors of a workstation. */
  screens(workstation: string): Promise<unknown> {
    return this.#json(`/api/workstations/${encodeURIComponent(workstation)}/screens`, {});
  }

  async saveScreens(workstation: string, value: unknown): Promise<void> {
    const path = `/api/workstations/${encodeURIComponent(workstation)}/screens`;
    await this.#request(path, { ...post(value), method: "PUT" });
  }

  /** The log of display checks, newest first. */
  displayChecks(limit: number): Promise<{ checks: unknown[] }> {
    return this.#json(`/api/display-checks?limit=${limit}`, {});
  }

  /** Adds to the log; author and time are the server's. */
  recordDisplayCheck(check: unknown): Promise<unknown> {
    return this.#json("/api/display-checks", post(check));
  }

  /** Tries a rule on the newest studies. */
  testHangingProtocol(protocol: unknown, limit: number): Promise<ProtocolTrial> {
    return this.#json(`/api/hanging-protocols/test?limit=${limit}`, post(protocol));
  }

  presentationStates(study: string): Promise<{ states: unknown[] }> {
    return this.#json(`/api/studies/${study}/presentation-states`, {});
  }

  /** Overlay planes of an image for some of its frames. */
  overlays(study: string, instance: string, first: number, last: number): Promise<unknown> {
    return this.#json(`/api/studies/${study}/overlays/${instance}?frames=${first}-${last}`, {});
  }

  /** A segmentation or structure set: what is in it, or one of its parts with its masks or contours. */
  structures(
    study: string,
    kind: "segmentation" | "contours",
    instance: string,
    part: number | null,
  ): Promise<unknown> {
    const [folder, name, none] = kind === "contours"
      ? ["contours", "region", "points=none"]
      : ["segmentations", "segment", "masks=none"];
    return this.#json(
      `/api/studies/${study}/${folder}/${instance}?${part === null ? none : `${name}=${part}`}`,
      {},
    );
  }

  /** Writes presentation states; on the answer they are durable. */
  savePresentationState(study: string, state: unknown): Promise<{ instances: unknown[] }> {
    return this.#json(`/api/studies/${study}/presentation-states`, post(state));
  }

  /** Takes back the reader's own state by a rejection note. */
  withdrawPresentationState(study: string, state: string): Promise<unknown> {
    return this.#json(`/api/studies/${study}/presentation-states/withdraw`, post({ state }));
  }

  keyImages(study: string): Promise<{ documents: unknown[] }> {
    return this.#json(`/api/studies/${study}/key-images`, {});
  }

  /** Writes a Key Object Selection document of the images. */
  async publishKeyImages(
    study: string,
    images: readonly { sopInstanceUID: string; frameNumbers: readonly number[] }[],
  ): Promise<void> {
    await this.#request(`/api/studies/${study}/key-images`, post({ images }));
  }

  server(): Promise<ServerState> {
    return this.#json("/api/server", {});
  }

  async configurationChanges(): Promise<readonly ConfigurationChange[]> {
    return (await this.#json<{ changes: ConfigurationChange[] }>("/api/configuration/changes", {})).changes;
  }

  async acceptConfiguration(): Promise<void> {
    await this.#request("/api/configuration/accept", { method: "POST" });
  }

  async report(report: ErrorReport): Promise<void> {
    await this.#checked(await this.#fetch("/api/errors", post(report)));
  }

  async #began(response: Response): Promise<Session> {
    await this.#checked(response);
    const session = (await response.json()) as Session;
    this.#csrf = session.csrf;
    return session;
  }

  async #json<T>(path: string, init: RequestInit): Promise<T> {
    return (await (await this.#request(path, init)).json()) as T;
  }

  /** A request that needs a session. */
  async #request(path: string, init: RequestInit): Promise<Response> {
    const response = await confirmed(
      (headers) => this.#fetch(path, { ...init, headers: { ...init.headers, ...headers } as HeadersInit }),
      this.onQuestion,
    );
    if (response.status === 401) this.onSignedOut();
    return this.#checked(response);
  }

  async #checked(response: Response): Promise<Response> {
    if (!response.ok) throw errorFromBody(response.status, await response.text());
    return response;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has("Accept")) headers.set("Accept", "application/json");
    // So that the server words its refusals in the language of the page.
    headers.set("Accept-Language", locale());
    if (this.#csrf !== "" && init.method !== undefined) headers.set("X-Apus-CSRF", this.#csrf);
    try {
      const early = init.method === undefined ? await takeAnswer(path) : null;
      if (early) return early;
      return await timed(path, { ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw error instanceof APIError ? error : new APIError(0, "network", "", "");
    }
  }
}

/** No answer after this long is an error that says so; what a person waits for must not stay silent. */
const answerMilliseconds = 120_000;

/** `fetch` to our own origin that ends with an error when no answer begins. */
export async function timed(path: string, init: RequestInit): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), answerMilliseconds);
  const signal = init.signal ? AbortSignal.any([init.signal, late.signal]) : late.signal;
  try {
    return await fetch(path, { ...init, credentials: "same-origin", signal });
  } catch (error) {
    throw late.signal.aborted ? new APIError(0, "timeout", "", "") : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Attributes an object does not have come as `null`; here they are empty texts. */
export function withTexts(study: Study): Study {
  const entries = Object.entries(study).map((
    [key, value],
  ) => [key, value ?? (key === "modalities" ? [] : "")]);
  return Object.fromEntries(entries) as Study;
}

function post(body: unknown): RequestInit {
  return { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

export function studyParameters(query: StudyQuery, limit: number, cursor: string | null): URLSearchParams {
  const parameters = new URLSearchParams();
  if (query.text !== "") parameters.set("q", query.text);
  for (const modality of query.modalities) parameters.append("modality", modality);
  if (query.from !== "") parameters.set("from", query.from);
  if (query.to !== "") parameters.set("to", query.to);
  parameters.set("sort", query.sort);
  parameters.set("limit", String(limit));
  if (cursor !== null) parameters.set("cursor", cursor);
  return parameters;
}

export function seriesPath(study: string, series: string): string {
  return `/dicom-web/studies/${study}/series/${series}`;
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
