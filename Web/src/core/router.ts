/** Places in the application, kept in the address's fragment: the server sees one page, and secrets stay out of its log. */
import { type ReadSignal, signal } from "../ui/signal.ts";

export type Route =
  | { screen: "studies" }
  | { screen: "viewer"; study: string }
  /** Read only, for clinicians. */
  | { screen: "light"; study: string }
  /** Test patterns for the display. */
  | { screen: "display" }
  | { screen: "setup"; token: string };

export function parseRoute(pathname: string, hash: string): Route {
  const setup = /^\/setup\/([^/]+)\/?$/.exec(pathname) ?? /^#\/setup\/([^/]+)$/.exec(hash);
  if (setup?.[1]) return { screen: "setup", token: setup[1] };
  const viewer = /^#\/viewer\/([0-9.]+)$/.exec(hash);
  if (viewer?.[1]) return { screen: "viewer", study: viewer[1] };
  const light = /^#\/light\/([0-9.]+)$/.exec(hash);
  if (light?.[1]) return { screen: "light", study: light[1] };
  if (hash === "#/display") return { screen: "display" };
  return { screen: "studies" };
}

export function viewerHash(study: string): string {
  return `#/viewer/${study}`;
}

/** The address of a study for somebody else: who opens it signs in first, unless they have. */
export function studyLink(study: string): string {
  return `${location.origin}/${viewerHash(study)}`;
}

/** Telephones: too small for the diagnostic viewer and its tools. */
const smallScreen = "(pointer: coarse) and (max-width: 640px), (pointer: coarse) and (max-height: 480px)";

/** Clinicians, and everybody on a telephone, get the light viewer for a study's address. */
export function wantsLight(role: string): boolean {
  return role === "clinician" || matchMedia(smallScreen).matches;
}

export interface Router {
  route: ReadSignal<Route>;
  go(hash: string): void;
}

export function startRouter(): Router {
  const route = signal(parseRoute(location.pathname, location.hash));
  addEventListener("hashchange", () => route.set(parseRoute("/", location.hash)));
  return {
    route,
    go(hash) {
      if (location.pathname !== "/") history.replaceState(null, "", "/");
      location.hash = hash;
      route.set(parseRoute("/", location.hash));
    },
  };
}
