/** What the parts of the viewer share; made once per viewer by its screen. */
import type { App } from "../core/context.ts";
import type { History } from "../core/history.ts";
import type { MouseProfile, ProfileName } from "../core/profiles.ts";
import type { ReadSignal, Signal } from "../ui/signal.ts";
import type { OverlayPlanes } from "./image-overlays.ts";
import type { KeyImages } from "./key-images.ts";
import type { PlaneViews } from "./plane-views.ts";
import type { Screens } from "./screens.ts";
import type { Structures } from "./structures.ts";
import type { ViewerExtension, Viewport } from "./viewport-api.ts";
import type { Workspace } from "./workspace.ts";

export type OverlayText = "all" | "minimal" | "none";
export const overlayTexts: readonly OverlayText[] = ["all", "minimal", "none"];

export interface ViewerContext {
  app: App;
  workspace: Workspace;
  history: History;
  /** Planes through volumes. */
  planes: PlaneViews;
  screens: Screens;
  keyImages: KeyImages;
  /** Segments and regions of other objects. */
  structures: Structures;
  /** Overlay planes (60xx) of the images themselves, and whether they are shown. */
  overlayPlanes: OverlayPlanes;
  imageOverlays: Signal<boolean>;
  tool: Signal<string>;
  overlay: Signal<OverlayText>;
  /** Marks are hidden while the reader holds the key. */
  marksHidden: Signal<boolean>;
  profile: Signal<ProfileName>;
  mouse: () => MouseProfile;
  /** What one finger does. */
  finger: () => string;
  viewports: Signal<readonly Viewport[]>;
  extensions: readonly ViewerExtension[];
  /** Name of the panel at the right; `null` when it is closed. */
  panel: Signal<string | null>;
  /** Pictures here are not meant for diagnosis, whatever the screen. */
  nonDiagnostic: boolean;
  /** Why this browser can draw no pictures; `null` as long as it can. */
  unusable: ReadSignal<string | null>;
}
