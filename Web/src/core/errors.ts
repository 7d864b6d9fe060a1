/** Turns a failure into what happened and what to do about it, in the reader's language. */
import { APIError } from "./api.ts";
import { t } from "./i18n.ts";

export interface Explanation {
  message: string;
  remedy: string;
}

const known: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  network: ["error.network", "error.network.remedy"],
  http401: ["error.signedOut", "error.signedOut.remedy"],
  http403: ["error.forbidden", "error.forbidden.remedy"],
  http404: ["error.notFound", "error.notFound.remedy"],
  http410: ["error.notFound", "error.notFound.remedy"],
  http413: ["error.tooLarge", "error.tooLarge.remedy"],
  http429: ["error.tooMany", "error.tooMany.remedy"],
  http507: ["error.storageFull", "error.storageFull.remedy"],
};

/** The catalogue speaks where it knows the case; otherwise the server's own words, which name no patient. */
export function explain(error: unknown): Explanation {
  if (!(error instanceof APIError)) {
    return { message: t("error.unexpected"), remedy: t("error.unexpected.remedy") };
  }
  const status = `http${error.status}`;
  const [message, remedy] = known[error.code] ?? known[status] ?? ["error.server", "error.server.remedy"];
  // The server speaks Chinese or English as it is configured; a catalogued case is worded here instead.
  if (error.message !== "" && known[error.code] === undefined) {
    return { message: error.message, remedy: error.remedy || t(remedy) };
  }
  return { message: t(message, { status: String(error.status) }), remedy: t(remedy) };
}

/** For failures that come as a code, such as a frame's; an unknown one leaves the message empty. */
export function explainCode(code: string, message: string): Explanation {
  const keys = known[code];
  if (keys) return { message: t(keys[0]), remedy: t(keys[1]) };
  return { message, remedy: t("viewer.unreadable.remedy") };
}
