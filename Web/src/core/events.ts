/** Server-sent events. What was missed while the line was down is asked for by `onReconnected`. */
import { type ReadSignal, signal } from "../ui/signal.ts";

export type Connection = "connecting" | "live" | "lost";

export interface EventStream {
  connection: ReadSignal<Connection>;
  close(): void;
}

/** After a refusal the browser gives up for good, unlike after a broken line; then we try again ourselves. */
const retryMilliseconds = 5000;

export function openEvents(onStudy: (uid: string) => void, onReconnected: () => void): EventStream {
  const connection = signal<Connection>("connecting");
  let source = connect();
  let retry: ReturnType<typeof setTimeout> | undefined;
  return {
    connection,
    close() {
      clearTimeout(retry);
      source.close();
    },
  };

  function connect(): EventSource {
    const opened = new EventSource("/api/events");
    opened.addEventListener("open", () => {
      if (connection.peek() === "lost") onReconnected();
      connection.set("live");
    });
    opened.addEventListener("error", () => {
      connection.set("lost");
      if (opened.readyState === EventSource.CLOSED) {
        retry = setTimeout(() => source = connect(), retryMilliseconds);
      }
    });
    opened.addEventListener("study", (event) => {
      const uid = studyOf((event as MessageEvent<string>).data);
      if (uid !== null) onStudy(uid);
    });
    return opened;
  }
}

function studyOf(data: string): string | null {
  try {
    const { studyInstanceUID } = JSON.parse(data) as { studyInstanceUID?: unknown };
    return typeof studyInstanceUID === "string" ? studyInstanceUID : null;
  } catch {
    return null;
  }
}
