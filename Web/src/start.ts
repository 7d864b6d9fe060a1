/**
 * Runs before the application's scripts are there: asks for what the address says the first screen will need, so that answers, kernels
 * and the image worker come beside the scripts instead of after them. Stands in the page itself, small, and needed by nothing: without it
 * everything is asked later.
 */
import { assets } from "./core/assets.ts";
import { askAhead, askStudyAhead, compiledModule, launchWorker } from "./core/head-start.ts";
import { preferredLocale } from "./core/i18n.ts";
import { parseRoute } from "./core/router.ts";

/** The viewer's script and what it imports, put in by the build. */
declare const APUS_VIEWER_SCRIPTS: readonly string[];

function fetchScript(address: string): void {
  const link = document.createElement("link");
  link.rel = "modulepreload";
  link.href = address;
  document.head.append(link);
}

function begin(): void {
  const locale = preferredLocale();
  const headers = { Accept: "application/json", "Accept-Language": locale };
  const route = parseRoute(location.pathname, location.hash);
  askAhead("/api/session", headers);
  askAhead(assets().locales[locale] ?? "", {});
  if (route.screen !== "viewer" && route.screen !== "light") return;
  askStudyAhead(route.screen, route.study, locale);
  if (route.screen === "viewer") askAhead("/api/hanging-protocols", headers);
  for (const each of APUS_VIEWER_SCRIPTS) fetchScript(each);
  launchWorker(assets().imageHost);
  // Who instantiates it sees the failure.
  compiledModule(assets().kernels).catch(() => {});
}

begin();
