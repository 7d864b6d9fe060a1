/**
 * Turns a failure into what happened, what to do about it, and what to tell whom one asks for help: its code in the catalogue and
 * the identifier of the entry in the log. What a library or a browser says is never shown; it goes into that entry.
 */
import { APIError } from "./api.ts";
import { hasMessage, t } from "./i18n.ts";

export interface Explanation {
  message: string;
  remedy: string;
  code: string;
  /** Empty where there is no entry in the log. */
  id: string;
}

export interface ErrorReport {
  id: string;
  code: string;
  detail: string;
}

/** Answers whose body is not ours, by their status. */
const byStatus: Readonly<Record<number, string>> = {
  401: "signedOut",
  403: "forbidden",
  404: "notFound",
  408: "timeout",
  410: "notFound",
  413: "tooLarge",
  429: "tooMany",
  504: "timeout",
  507: "full",
};

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const reportsMaximum = 50;

/** One failure keeps its identifier, however often it is shown. */
const identifiers = new WeakMap<object, string>();
const waiting: ErrorReport[] = [];
let send: ((report: ErrorReport) => Promise<void>) | null = null;
let isSending = false;

/** Where reports go; those made before, or while the server was away, follow. */
export function sendReports(to: (report: ErrorReport) => Promise<void>): void {
  send = to;
  void flushReports();
}

export async function flushReports(): Promise<void> {
  if (isSending) return;
  isSending = true;
  while (send && waiting[0]) {
    try {
      await send(waiting[0]);
    } catch (error) {
      // A report that is refused is given up; without an answer all wait.
      if (!(error instanceof APIError) || error.status === 0 || error.status === 401) break;
    }
    waiting.shift();
  }
  isSending = false;
}

function reported(error: unknown, code: string): string {
  const known = typeof error === "object" && error !== null ? identifiers.get(error) : undefined;
  if (known !== undefined) return known;
  const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (each) => alphabet[each & 31]).join("");
  if (typeof error === "object" && error !== null) identifiers.set(error, id);
  if (waiting.length < reportsMaximum) waiting.push({ id, code, detail: detailOf(error) });
  void flushReports();
  return id;
}

function detailOf(error: unknown): string {
  const { message, status } = (error ?? {}) as { message?: unknown; status?: unknown };
  const text = error instanceof Error ? `${error.name} ${error.message}` : String(message ?? error);
  return `${status === undefined ? "" : `${String(status)} `}${text}`.slice(0, 200);
}

export function explain(error: unknown): Explanation {
  if (!(error instanceof APIError)) return explainCode("unexpected", error);
  const { code, message, remedy, id } = error;
  // The server words its own codes, in the language of the page.
  if (message !== "" && !hasMessage(`error.${code}`)) return { message, remedy, code, id };
  const found = hasMessage(`error.${code}`) ? code : byStatus[error.status] ?? "server";
  return id === "" ? explainCode(found, error) : { ...worded(found), code, id };
}

/** For failures that come as a code, such as a frame's; `error` is what goes to the log. */
export function explainCode(code: string, error: unknown): Explanation {
  const found = hasMessage(`error.${code}`)
    ? code
    : byStatus[Number(code.replace(/^http/, ""))] ?? "unreadable";
  return { ...worded(found), code: found, id: reported(error, found) };
}

const worded = (code: string) => ({ message: t(`error.${code}`), remedy: t(`error.${code}.remedy`) });
