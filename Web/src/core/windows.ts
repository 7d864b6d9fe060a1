/** The windows of one reader kept in step: which studies the viewer windows show, what the list asks them to open. */
import { onCleanup, type ReadSignal, signal } from "../ui/signal.ts";
import { connectedScreens, diagnosticFeatures, onScreensChange, type ScreenPlace } from "./monitors.ts";

type Message =
  | { type: "open"; study: string }
  /** These will likely be opened next. */
  | { type: "ready"; studies: readonly string[] }
  | { type: "showing"; window: string; studies: readonly string[] }
  | { type: "closed"; window: string }
  | { type: "whoIsThere" }
  /** A viewer asks what stands above and below a study in the list it was opened from. */
  | { type: "neighbours"; study: string }
  | { type: "neighboursAre"; study: string; neighbours: Neighbours }
  | { type: "signedOut" };

/** Study Instance UIDs of the studies above and below one in the study list. */
export interface Neighbours {
  above: string | null;
  below: string | null;
}

const channelName = "apus.windows";
/** Longer than this no window waits for another one's list. */
const answerMilliseconds = 400;
export const viewerWindowName = "apus-viewer";

function parsed(data: unknown): Message | null {
  if (typeof data !== "object" || data === null || !("type" in data)) return null;
  return data as Message;
}

/** A viewer's side: tells what it shows, opens and makes ready what it is asked to. */
export function joinAsViewer(
  studies: ReadSignal<readonly string[]>,
  asked: { open(study: string): void; ready(studies: readonly string[]): void },
): () => void {
  const channel = new BroadcastChannel(channelName);
  const name = crypto.getRandomValues(new Uint32Array(2)).join("-");
  const tell = () => channel.postMessage({ type: "showing", window: name, studies: studies.peek() });
  const leave = () => channel.postMessage({ type: "closed", window: name });
  channel.onmessage = (event) => {
    const message = parsed(event.data);
    if (message?.type === "whoIsThere") tell();
    // Only a window of its own follows the list; one the reader opened by hand stays as it is.
    else if (window.name !== viewerWindowName) return;
    else if (message?.type === "open") asked.open(message.study);
    else if (message?.type === "ready") asked.ready(message.studies);
  };
  addEventListener("pagehide", leave);
  onCleanup(() => {
    leave();
    removeEventListener("pagehide", leave);
    channel.close();
  });
  return tell;
}

export interface ViewerWindows {
  /** Study Instance UIDs shown in any other window. */
  shown: ReadSignal<ReadonlySet<string>>;
  /** Opens a study in the viewer's own window, which is made if it is not there. */
  open(study: string, address: string): void;
  /** Has the viewer's own window make studies ready; false when there is none. */
  ready(studies: readonly string[]): boolean;
  /** What stands beside a study in this window's list, or in another one's; `null` when it is in none. */
  neighbours(study: string): Promise<Neighbours | null>;
  signedOut(): void;
  close(): void;
}

/** The list's side. */
export function watchViewers(
  onSignedOut: () => void,
  ownNeighbours: (study: string) => Neighbours | null,
): ViewerWindows {
  const channel = new BroadcastChannel(channelName);
  const windows = new Map<string, readonly string[]>();
  const shown = signal<ReadonlySet<string>>(new Set());
  const waiting = new Map<string, (found: Neighbours | null) => void>();
  channel.onmessage = (event) => {
    const message = parsed(event.data);
    if (message?.type === "showing") windows.set(message.window, message.studies);
    else if (message?.type === "closed") windows.delete(message.window);
    else if (message?.type === "signedOut") return onSignedOut();
    else if (message?.type === "neighbours") {
      const neighbours = ownNeighbours(message.study);
      if (neighbours) channel.postMessage({ type: "neighboursAre", study: message.study, neighbours });
      return;
    } else if (message?.type === "neighboursAre") return waiting.get(message.study)?.(message.neighbours);
    else return;
    shown.set(new Set([...windows.values()].flat()));
  };
  channel.postMessage({ type: "whoIsThere" });
  let viewer: Window | null = null;
  // Known beforehand: a window opened later than the key press would be blocked.
  let screens: readonly ScreenPlace[] | null = null;
  const list = () => void connectedScreens(false).then((found) => screens = found);
  list();
  onScreensChange(list);
  return {
    shown,
    ready(studies) {
      if (!viewer || viewer.closed) return false;
      channel.postMessage({ type: "ready", studies });
      return true;
    },
    open(study, address) {
      if (viewer && !viewer.closed) {
        channel.postMessage({ type: "open", study });
        viewer.focus();
      } else {
        viewer = globalThis.open(address, viewerWindowName, diagnosticFeatures(screens));
      }
    },
    neighbours(study) {
      const own = ownNeighbours(study);
      if (own) return Promise.resolve(own);
      return new Promise((resolve) => {
        const answered = (found: Neighbours | null) => {
          waiting.delete(study);
          resolve(found);
        };
        waiting.set(study, answered);
        setTimeout(() => answered(null), answerMilliseconds);
        channel.postMessage({ type: "neighbours", study });
      });
    },
    signedOut: () => channel.postMessage({ type: "signedOut" }),
    close: () => channel.close(),
  };
}
