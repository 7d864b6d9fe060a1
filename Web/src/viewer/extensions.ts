/** Parts of the viewer that come from other folders. */
import { makeMeasuring } from "../measure/extension.tsx";
import type { MakeExtension } from "./viewport-api.ts";

export const extensionMakers: readonly MakeExtension[] = [makeMeasuring];
