/** Starts the application: makes the collaborators, then shows the screen the address and the session ask for. */
import { ConfigurationBanner } from "./app/configuration.tsx";
import { Login, Setup } from "./app/entrance.tsx";
import { ImportPanel, mayInterrupt } from "./app/import/panel.tsx";
import { httpSender, ImportQueue } from "./app/import/queue.ts";
import { openKeyHelp } from "./app/key-help.tsx";
import { StorageBanner } from "./app/status-bar.tsx";
import { StudiesScreen } from "./app/studies/screen.tsx";
import { StudyList } from "./app/studies/model.ts";
import { Shell } from "./app/shell.tsx";
import { API, type ServerState, type Session } from "./core/api.ts";
import { CommandRegistry, isTextField } from "./core/commands.ts";
import type { App } from "./core/context.ts";
import { type Connection, openEvents } from "./core/events.ts";
import { copyLink } from "./app/copy-link.tsx";
import { flushReports, sendReports } from "./core/errors.ts";
import { askStudyAhead } from "./core/head-start.ts";
import { loadLocale, type Locale, locale, preferredLocale, rememberLocale, t } from "./core/i18n.ts";
import { startRouter, studyLink, wantsLight } from "./core/router.ts";
import { watchViewers } from "./core/windows.ts";
import { offerFullText } from "./ui/full-text.ts";
import { applyTheme, followSystemTheme, savedTheme } from "./core/theme.ts";
import { confirm, modalIsOpen } from "./ui/dialog.tsx";
import type { Child } from "./ui/jsx-runtime.ts";
import { Lazy } from "./ui/lazy.tsx";
import { computed, effect, onCleanup, root, signal } from "./ui/signal.ts";

const serverStateMilliseconds = 30_000;

function createApp(): {
  app: App;
  server: ReturnType<typeof signal<ServerState | null>>;
  connection: ReturnType<typeof signal<Connection>>;
} {
  const api = new API();
  const server = signal<ServerState | null>(null);
  const connection = signal<Connection>("connecting");
  const live = document.getElementById("announcements") as HTMLElement;
  const app: App = {
    api,
    router: startRouter(),
    commands: new CommandRegistry(),
    session: signal<Session | null>(null),
    server,
    connection,
    studies: new StudyList(api),
    imports: new ImportQueue(httpSender(() => api.csrf)),
    windows: watchViewers(() => app.session.set(null), (study) => app.studies.neighbours(study)),
    makeReady: (studies) => {
      if (app.windows.ready(studies)) return;
      hasMadeReady = true;
      // What fails now fails again, and says so, when it is opened.
      viewerBundle().then((all) => all.readyStudies(api).want(studies)).catch(() => {});
    },
    announce: (message) => live.textContent = message,
    setLocale: (next) => void changeLocale(next),
    signOut: () => void signOut(),
  };

  async function signOut(): Promise<void> {
    if (!(await mayInterrupt(app.imports))) return;
    app.imports.cancel();
    app.imports.clear();
    try {
      await api.signOut();
    } finally {
      app.windows.signedOut();
      app.session.set(null);
    }
  }
  return { app, server, connection };
}

const { app, server, connection } = createApp();
offerFullText();
const expired = signal(false);
/** Images may be in memory although no viewer stands open. */
let hasMadeReady = false;
let unmount = () => {};

async function changeLocale(next: Locale): Promise<void> {
  rememberLocale(next);
  await loadLocale(next);
  mount();
}

app.api.onQuestion = ({ consequence, affectedText }) => {
  const message = `${consequence} ${t("confirm.affected", { what: affectedText })}`;
  return confirm(t("confirm.title"), message, t("confirm.action"), t("action.cancel"));
};

app.api.onSignedOut = () => {
  if (app.session.peek() === null) return;
  expired.set(true);
  app.session.set(null);
};

/** Builds the page for the current language; everything worth keeping lives in `app`. */
function mount(): void {
  unmount();
  const host = document.getElementById("app") as HTMLElement;
  host.replaceChildren();
  document.title = t("app.title");
  const page = root(() => {
    onCleanup(app.commands.add([
      { id: "command.help", scope: "global", keys: ["F1", "?"], run: () => openKeyHelp(app.commands) },
      {
        id: "command.copyLink",
        scope: "global",
        keys: ["Alt+U"],
        group: "series",
        places: ["context"],
        enabled: () => studyHere() !== null,
        run: () => void copyLink(app, studyLink(studyHere() ?? "")),
      },
    ]));
    return (
      <>
        <Screens />
        <ImportPanel app={app} />
      </>
    );
  });
  host.appendChild(page.value);
  unmount = page.end;
}

/** The study on the screen, or chosen in the list. */
function studyHere(): string | null {
  if (app.session() === null) return null;
  const route = app.router.route();
  if (route.screen === "viewer" || route.screen === "light") return route.study;
  return route.screen === "studies" ? app.studies.selected() : null;
}

function Screens() {
  const screen = computed(() => {
    const route = app.router.route();
    if (route.screen === "setup") return `setup ${route.token}`;
    const session = app.session();
    if (session === null) return "login";
    if (route.screen === "viewer" && wantsLight(session.user.role)) return `light ${route.study}`;
    if (route.screen === "viewer" || route.screen === "light") return `${route.screen} ${route.study}`;
    return route.screen;
  });
  return (): Child => {
    const [name, argument = ""] = screen().split(" ");
    if (name === "setup") return <Setup app={app} token={argument} onDone={enter} />;
    if (name === "login") return <Login app={app} note={expired.peek() ? t("login.expired") : null} />;
    if (name === "viewer") {
      return <Lazy load={() => fromViewer((all) => all.ViewerScreen)} given={{ app, study: argument }} />;
    }
    if (name === "light") {
      return <Lazy load={() => fromViewer((all) => all.LightScreen)} given={{ app, study: argument }} />;
    }
    if (name === "display") {
      const load = () => import("./viewer/display-screen.tsx").then((all) => all.DisplayScreen);
      return <Lazy load={load} given={{ app }} />;
    }
    return (
      <Shell app={app}>
        <StorageBanner app={app} />
        <ConfigurationBanner app={app} />
        <StudiesScreen app={app} />
      </Shell>
    );
  };
}

function enter(session: Session): void {
  app.session.set(session);
  app.router.go("#/studies");
}

/** The viewer is a bundle of its own, so that the list appears without waiting for it. */
type ViewerBundle = typeof import("./viewer/main.ts");
let loadedViewer: ViewerBundle | null = null;
const viewerBundle = () => import("./viewer/main.ts").then((all) => loadedViewer = all);

type StudyScreen = (props: { app: App; study: string }) => Child;

function fromViewer(part: (all: ViewerBundle) => StudyScreen): StudyScreen | Promise<StudyScreen> {
  return loadedViewer ? part(loadedViewer) : viewerBundle().then(part);
}

/** The next study is asked for before the screen that shows another one is taken down; not what was made ready, which is there. */
function askBeforeScreens(): void {
  effect(() => {
    const route = app.router.route();
    if (route.screen !== "viewer" || app.session.peek() === null) return;
    if (loadedViewer?.readyStudies(app.api).has(route.study)) return;
    askStudyAhead(route.screen, route.study, locale());
  });
}

/** What a signed-in session keeps running: events and the server's state. */
function followSession(): void {
  const signedIn = computed(() => app.session() !== null);
  effect(() => {
    if (!signedIn()) {
      app.studies.clear();
      server.set(null);
      if (hasMadeReady) void viewerBundle().then((all) => all.forgetReadyStudies());
      hasMadeReady = false;
      return;
    }
    expired.set(false);
    sendReports((report) => app.api.report(report));
    const refresh = () => void app.api.server().then(server.set, () => {});
    refresh();
    const timer = setInterval(refresh, serverStateMilliseconds);
    const events = openEvents((uid) => app.studies.studyChanged(uid), () => app.studies.studyChanged(""));
    effect(() => {
      connection.set(events.connection());
      if (events.connection() === "live") void flushReports();
    });
    onCleanup(() => {
      clearInterval(timer);
      events.close();
    });
  });
  followImports();
}

function followImports(): void {
  const { imports, session, studies } = app;
  // A finished import changes the figures at the foot, and the list even if its event was missed.
  effect(() => {
    if (imports.state() !== "finished" || session.peek() === null) return;
    void app.api.server().then(server.set, () => {});
    studies.studyChanged("");
  });
  effect(() => {
    if (imports.pauseReason()?.status === 401) app.api.onSignedOut();
  });
  // Whoever signs in next may go on with the import only if they began it.
  let importer: string | null = null;
  effect(() => {
    const name = session()?.user.name ?? null;
    if (name === null) return;
    if (importer !== null && importer !== name) {
      imports.cancel();
      imports.clear();
    }
    importer = name;
  });
}

async function start(): Promise<void> {
  applyTheme(savedTheme());
  followSystemTheme();
  app.commands.suspended = modalIsOpen;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (app.commands.handle(event, isTextField(event.target))) event.preventDefault();
  });
  // A file let go beside the drop target must not replace the page.
  for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
  const session = app.api.session().catch(() => null);
  await loadLocale(preferredLocale());
  app.session.set(await session);
  root(askBeforeScreens);
  mount();
  root(followSession);
}

void start();
