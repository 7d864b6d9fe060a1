/** Which of a viewport's requests an answer belongs to. */

/** Requests by number; those overtaken before they were drawn are never answered. */
export class Overtaken<Request> {
  #waiting: { serial: number; request: Request }[] = [];
  #serial = 0;

  add(request: Request): number {
    if (this.#waiting.length > 32) this.#waiting = this.#waiting.slice(-16);
    this.#waiting.push({ serial: ++this.#serial, request });
    return this.#serial;
  }

  /** It stays, for the same request may be answered again with a better picture. */
  answered(serial: number): Request | undefined {
    this.#waiting = this.#waiting.filter((each) => each.serial >= serial);
    const [first] = this.#waiting;
    return first?.serial === serial ? first.request : undefined;
  }
}
