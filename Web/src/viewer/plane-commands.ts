/** What can be done with planes through a volume. */
import type { Command } from "../core/commands.ts";
import { t } from "../core/i18n.ts";
import { slabModes } from "./reformat.ts";
import { slabNames } from "./plane-texts.ts";
import type { ViewerContext } from "./viewer-context.ts";

type Options = Partial<Pick<Command, "group" | "places" | "icon" | "checked" | "enabled" | "name">>;

/** Offered in the menu; steps and the wheel go through more. */
const offeredMM = [0, 5, 10, 20, 40];

export function planeCommands(
  table: { add(id: string, keys: readonly string[], run: () => void, options: Options): void },
  { workspace, planes }: ViewerContext,
  toggle: () => void,
): void {
  const pane = () => workspace.active.peek();
  const slab = () => workspace.active().reformat()?.slab ?? null;
  table.add("command.planes", ["V"], toggle, {
    group: "planes",
    places: ["toolbar", "context"],
    icon: "planes",
    enabled: () => workspace.active().stage() === "images",
    checked: () => planes.isOn(),
  });
  const add = (id: string, keys: readonly string[], run: () => void, options: Options = {}) =>
    table.add(id, keys, run, {
      group: "planes",
      places: ["context"],
      enabled: () => slab() !== null,
      ...options,
    });
  add("command.planesStraight", ["Alt+X"], () => planes.straighten(pane()));
  add("command.slabThicker", ["]"], () => planes.stepSlab(pane(), 1));
  add("command.slabThinner", ["["], () => planes.stepSlab(pane(), -1));
  for (const thicknessMM of offeredMM) {
    add(`planes.slab${thicknessMM}`, [], () => planes.setSlab(pane(), (now) => ({ ...now, thicknessMM })), {
      name: () => thicknessMM === 0 ? t("planes.single") : t("planes.thickness", { n: thicknessMM }),
      places: [],
      checked: () => slab()?.thicknessMM === thicknessMM,
    });
  }
  for (const mode of slabModes) {
    add(slabNames[mode], [], () => planes.setSlab(pane(), (now) => ({ ...now, mode })), {
      checked: () => slab()?.mode === mode,
    });
  }
  add("command.slabKind", ["\\"], () =>
    planes.setSlab(pane(), (now) => ({
      ...now,
      mode: slabModes[(slabModes.indexOf(now.mode) + 1) % slabModes.length] ?? now.mode,
    })), { places: [] });
}
