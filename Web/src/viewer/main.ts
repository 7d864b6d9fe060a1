/** The screens that come in the viewer's bundle. */
export { LightScreen } from "./light.tsx";
export { forgetReadyStudies, readyStudies } from "./ready-studies.ts";
export { ViewerScreen } from "./screen.tsx";
