/** Where hanging protocols are kept: with the server, which has them follow the account, else in this browser. */
import { type API, APIError, type ProtocolTrial } from "../core/api.ts";
import { readStored, writeStored } from "../core/stored.ts";
import { parseProtocol, type Protocol } from "./hanging.ts";
import { shippedProtocols } from "./hanging-defaults.ts";

export interface KeptProtocol {
  protocol: Protocol;
  /** Whose it is; only the reader's own can be changed here. */
  source: "user" | "site" | "shipped";
}

export interface ProtocolStore {
  readonly place: "server" | "browser";
  /** In the order in which they are preferred when they match equally well. */
  list(): Promise<readonly KeptProtocol[]>;
  save(protocol: Protocol): Promise<void>;
  remove(id: string): Promise<void>;
  /** On which of the newest studies the rule hangs; `null` when that cannot be asked here. */
  test(protocol: Protocol, limit: number): Promise<ProtocolTrial | null>;
}

/** A first picture waits for the server's choice no longer than this. */
const answerMilliseconds = 1500;

class ServerProtocolStore implements ProtocolStore {
  readonly place = "server";

  constructor(private readonly api: API) {}

  async list(): Promise<readonly KeptProtocol[]> {
    const { protocols } = await this.api.hangingProtocols();
    return protocols.flatMap((each): KeptProtocol[] => {
      const protocol = parseProtocol(each);
      const { source } = each as { source?: unknown };
      return protocol
        ? [{ protocol, source: source === "user" || source === "site" ? source : "shipped" }]
        : [];
    });
  }

  save(protocol: Protocol): Promise<void> {
    return this.api.saveHangingProtocol(protocol);
  }

  remove(id: string): Promise<void> {
    return this.api.removeHangingProtocol(id);
  }

  test(protocol: Protocol, limit: number): Promise<ProtocolTrial> {
    return this.api.testHangingProtocol(protocol, limit);
  }
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value);

/**
 * The protocol that the server hangs a study by; `undefined` when that cannot be asked, or not in time: then the page's own rules decide,
 * which are the same.
 */
export async function bestOnServer(api: API, study: string): Promise<Protocol | null | undefined> {
  try {
    const chosen = await api.hanging(study, AbortSignal.timeout(answerMilliseconds));
    return chosen === null ? null : parseProtocol(chosen) ?? undefined;
  } catch {
    return undefined;
  }
}

/** On this computer only, beside the shipped ones; for servers that keep no protocols. */
export class BrowserProtocolStore implements ProtocolStore {
  readonly place = "browser";
  readonly #key: string;

  constructor(account: string) {
    this.#key = `apus.hanging.${account}`;
  }

  #own(): Protocol[] {
    const kept = readStored(this.#key, isList, []).map(parseProtocol);
    return kept.filter((each): each is Protocol => each !== null);
  }

  list(): Promise<readonly KeptProtocol[]> {
    const of = (source: KeptProtocol["source"]) => (protocol: Protocol) => ({ protocol, source });
    return Promise.resolve([...this.#own().map(of("user")), ...shippedProtocols.map(of("shipped"))]);
  }

  save(protocol: Protocol): Promise<void> {
    const others = this.#own().filter((each) => each.id !== protocol.id);
    return writeStored(this.#key, [protocol, ...others])
      ? Promise.resolve()
      : Promise.reject(new Error("the browser keeps nothing"));
  }

  remove(id: string): Promise<void> {
    writeStored(this.#key, this.#own().filter((each) => each.id !== id));
    return Promise.resolve();
  }

  test(): Promise<null> {
    return Promise.resolve(null);
  }
}

/** The server's, unless it knows no hanging protocols. */
export async function openProtocolStore(
  api: API,
  account: string,
): Promise<{ store: ProtocolStore; protocols: readonly KeptProtocol[] }> {
  const server = new ServerProtocolStore(api);
  try {
    return { store: server, protocols: await server.list() };
  } catch (error) {
    if (!(error instanceof APIError) || error.status === 401) throw error;
    const store = new BrowserProtocolStore(account);
    return { store, protocols: await store.list() };
  }
}
