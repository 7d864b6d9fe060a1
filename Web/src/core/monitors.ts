/** The monitors of this computer as the browser's Window Management tells them, and where windows for diagnosis belong. */

/** Where the roles of monitors are kept in the browser. */
export const screensKey = "apus.screens";

export interface ScreenPlace {
  key: string;
  left: number;
  top: number;
  width: number;
  height: number;
  screen: Screen;
}

interface DetailedScreen extends Screen {
  availLeft: number;
  availTop: number;
  devicePixelRatio: number;
}

interface ScreenDetails extends EventTarget {
  screens: readonly DetailedScreen[];
}

/** Browsers tell no serial number: size, depth and place on the desktop name a monitor. */
export function screenKey(screen: Screen, ratio: number): string {
  const { width, height, colorDepth } = screen;
  const left = (screen as Screen & { availLeft?: number }).availLeft ?? 0;
  return `${Math.round(width * ratio)}x${Math.round(height * ratio)} ${colorDepth} ${
    Math.round(left * ratio)
  }`;
}

let details: ScreenDetails | null = null;
const changes = new EventTarget();

/** All monitors; `null` where the browser does not tell. Only with `asks` the person may be asked for the permission. */
export async function connectedScreens(asks: boolean): Promise<readonly ScreenPlace[] | null> {
  const page = globalThis as typeof globalThis & { getScreenDetails?: () => Promise<ScreenDetails> };
  if (!page.getScreenDetails) return null;
  try {
    const permission = await navigator.permissions.query({ name: "window-management" as PermissionName });
    if (permission.state === "denied" || permission.state === "prompt" && !asks) return null;
    if (!details) {
      details = await page.getScreenDetails();
      details.addEventListener("screenschange", () => changes.dispatchEvent(new Event("change")));
    }
    return details.screens.map((screen) => ({
      key: screenKey(screen, screen.devicePixelRatio || 1),
      left: screen.availLeft,
      top: screen.availTop,
      width: screen.availWidth,
      height: screen.availHeight,
      screen,
    }));
  } catch {
    return null;
  }
}

/** Runs when a monitor comes or goes; gives what ends that. */
export function onScreensChange(run: () => void): () => void {
  changes.addEventListener("change", run);
  return () => changes.removeEventListener("change", run);
}

function isDiagnostic(key: string): boolean {
  try {
    const kept = JSON.parse(localStorage.getItem(screensKey) ?? "{}") as Record<string, { role?: unknown }>;
    return kept[key]?.role === "diagnostic";
  } catch {
    return false;
  }
}

/** What `open` takes to put a window onto the connected monitor for diagnosis; empty without one. */
export function diagnosticFeatures(screens: readonly ScreenPlace[] | null): string {
  const target = screens?.find((each) => isDiagnostic(each.key));
  if (!target) return "";
  const { left, top, width, height } = target;
  return `popup,left=${left},top=${top},width=${width},height=${height}`;
}
