/** The server's question before something with serious consequences: what it does and how much it affects. */
import { APIError } from "./api.ts";

export interface Question {
  function: string;
  consequence: string;
  affectedText: string;
  token: string;
}

export type Ask = (question: Question) => Promise<boolean>;

/** Sends; when the server asks back, asks the person and sends again with the answer. What then changed is asked anew. */
export async function confirmed(
  send: (headers: Readonly<Record<string, string>>) => Promise<Response>,
  ask: Ask,
): Promise<Response> {
  let response = await send({});
  for (;;) {
    const question = response.status === 409 ? await questionIn(response.clone()) : null;
    if (!question) return response;
    if (!(await ask(question))) throw new APIError(0, "cancelled", "", "");
    response = await send({ "X-Apus-Confirm": question.token });
  }
}

async function questionIn(response: Response): Promise<Question | null> {
  try {
    return ((await response.json()) as { confirmation?: Question }).confirmation ?? null;
  } catch {
    return null;
  }
}

/** Whether the person said no to the server's question. */
export function isCancelled(error: unknown): boolean {
  return error instanceof APIError && error.code === "cancelled";
}
