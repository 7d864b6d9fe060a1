/** The server's interface for marks (Documentation/marks.md). */
import { type API, APIError, errorFromBody, timed } from "../core/api.ts";
import { confirmed } from "../core/confirming.ts";
import { locale } from "../core/i18n.ts";
import { type Deletion, type Mark, readMark } from "./mark.ts";

export interface Draft {
  revision: number;
  marks: Mark[];
  deleted: Deletion[];
}

export interface Published {
  sopInstanceUID: string;
  seriesInstanceUID: string;
  sopClassUID: string;
  marks: string[];
}

/** Somebody else, or another window, has stored since: here is what. */
export class DraftConflict extends Error {
  constructor(readonly draft: Draft) {
    super("draft conflict");
  }
}

export interface MarksClient {
  draft(study: string): Promise<Draft>;
  saveDraft(study: string, draft: Draft, attempt: string): Promise<number>;
  published(study: string): Promise<Mark[]>;
  publish(study: string, marks: readonly Mark[], attempt: string): Promise<Published[]>;
  /** Takes published marks back; gives the objects that hold from now on what was published together with them. */
  withdraw(study: string, uids: readonly string[], attempt: string): Promise<Published[]>;
}

export function marksClient(api: API): MarksClient {
  const path = (study: string) => `/api/studies/${study}/marks`;
  return {
    async draft(study) {
      return draftFrom(await json(await request(`${path(study)}/draft`, "GET")));
    },
    async saveDraft(study, draft, attempt) {
      const response = await request(`${path(study)}/draft`, "PUT", { ...draft, attempt });
      const body = await json(response);
      return typeof body.revision === "number" ? body.revision : draft.revision + 1;
    },
    async published(study) {
      return marksIn((await json(await request(path(study), "GET"))).marks);
    },
    async publish(study, marks, attempt) {
      const { instances } = await json(await request(path(study), "POST", { marks, attempt }));
      return Array.isArray(instances) ? instances as Published[] : [];
    },
    async withdraw(study, uids, attempt) {
      const { instances } = await json(
        await request(`${path(study)}/withdraw`, "POST", { marks: uids, attempt }),
      );
      return Array.isArray(instances) ? instances as Published[] : [];
    },
  };

  async function request(address: string, method: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": locale() };
    if (method !== "GET") headers["X-Apus-CSRF"] = api.csrf;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response: Response;
    try {
      response = await confirmed((answer) =>
        timed(address, {
          method,
          headers: { ...headers, ...answer },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }), api.onQuestion);
    } catch (error) {
      if (error instanceof APIError) throw error;
      throw new APIError(0, "network", "", "");
    }
    if (response.ok) return response;
    const text = await response.text();
    if (response.status === 409) throwConflict(text);
    if (response.status === 401) api.onSignedOut();
    throw errorFromBody(response.status, text);
  }
}

function throwConflict(text: string): void {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return;
  }
  if (typeof body === "object" && body !== null && "revision" in body) {
    throw new DraftConflict(draftFrom(body as Record<string, unknown>));
  }
}

async function json(response: Response): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null) return body as Record<string, unknown>;
  } catch {
    // Falls through: a proxy's page.
  }
  throw new APIError(502, "answer", "", "");
}

function draftFrom(body: Record<string, unknown>): Draft {
  const deleted = Array.isArray(body.deleted) ? body.deleted : [];
  return {
    revision: typeof body.revision === "number" ? body.revision : 0,
    marks: marksIn(body.marks),
    deleted: deleted.filter((each): each is Deletion =>
      typeof each?.uid === "string" && typeof each?.modified === "string"
    ),
  };
}

function marksIn(list: unknown): Mark[] {
  return Array.isArray(list) ? list.flatMap((each) => readMark(each) ?? []) : [];
}
