/** Where the reader's own hanging protocols are kept. */
import { readStored, writeStored } from "../core/stored.ts";
import { parseProtocol, type Protocol } from "./hanging.ts";

export interface ProtocolStore {
  /** Where the protocols are: on the server they follow the account, in the browser they stay on this computer. */
  readonly place: "server" | "browser";
  list(): Promise<readonly Protocol[]>;
  save(protocol: Protocol): Promise<void>;
  remove(id: string): Promise<void>;
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value);

/** On this computer only; for servers that keep no protocols. */
export class BrowserProtocolStore implements ProtocolStore {
  readonly place = "browser";
  readonly #key: string;

  constructor(account: string) {
    this.#key = `apus.hanging.${account}`;
  }

  list(): Promise<readonly Protocol[]> {
    const kept = readStored(this.#key, isList, []).map(parseProtocol);
    return Promise.resolve(kept.filter((each): each is Protocol => each !== null));
  }

  async save(protocol: Protocol): Promise<void> {
    const others = (await this.list()).filter((each) => each.id !== protocol.id);
    if (!writeStored(this.#key, [protocol, ...others])) throw new Error("the browser keeps nothing");
  }

  async remove(id: string): Promise<void> {
    writeStored(this.#key, (await this.list()).filter((each) => each.id !== id));
  }
}
