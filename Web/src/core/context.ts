/** The application's collaborators, made once in `main` and handed to the screens. */
import type { ImportQueue } from "../app/import/queue.ts";
import type { StudyList } from "../app/studies/model.ts";
import type { ReadSignal, Signal } from "../ui/signal.ts";
import type { API, ServerState, Session } from "./api.ts";
import type { CommandRegistry } from "./commands.ts";
import type { Connection } from "./events.ts";
import type { Locale } from "./i18n.ts";
import type { Router } from "./router.ts";
import type { ViewerWindows } from "./windows.ts";

export interface App {
  api: API;
  router: Router;
  commands: CommandRegistry;
  session: Signal<Session | null>;
  server: ReadSignal<ServerState | null>;
  connection: ReadSignal<Connection>;
  studies: StudyList;
  imports: ImportQueue;
  /** Has studies that will likely be opened next made ready, the likeliest first; others are given up. */
  makeReady(studyInstanceUIDs: readonly string[]): void;
  /** The reader's other windows. */
  windows: ViewerWindows;
  /** Says something through the live region for screen readers. */
  announce(message: string): void;
  setLocale(locale: Locale): void;
  signOut(): void;
}
