/** The right button's menu: what lies under the pointer first, then the commands that say they belong there. */
import { type Command, type CommandGroup, keyCaps } from "../core/commands.ts";
import { t } from "../core/i18n.ts";
import { openPopupMenu, type PopupGroup } from "../ui/popup-menu.tsx";
import type { Pane } from "./pane.ts";
import type { ViewerContext } from "./viewer-context.ts";
import type { ViewportLayer, ViewportPointer } from "./viewport-api.ts";

export const groupTitles: Readonly<Record<CommandGroup, string>> = {
  tools: "group.tools",
  measure: "group.measure",
  window: "group.window",
  presentation: "group.presentation",
  cine: "group.cine",
  layout: "group.layout",
  planes: "group.planes",
  link: "group.link",
  hanging: "group.hanging",
  series: "group.series",
  image: "group.image",
  information: "group.information",
  edit: "group.edit",
  display: "group.display",
};

export function openContextMenu(
  context: ViewerContext,
  pane: Pane,
  layers: readonly ViewportLayer[],
  event: MouseEvent,
  pointer: ViewportPointer,
): void {
  context.workspace.activate(pane);
  const { commands } = context.app;
  const here = layers.flatMap((each) => each.contextCommands?.(pointer) ?? [])
    .map((id) => commands.get(id)).filter((each): each is Command => each !== undefined);
  openMenuAt(context, here, event.clientX, event.clientY);
}

function openMenuAt(context: ViewerContext, here: readonly Command[], x: number, y: number): void {
  const { commands } = context.app;
  const groups: PopupGroup[] = [];
  if (here.length > 0) groups.push(menuGroup(context, t("group.here"), here));
  for (const [group, offered] of commands.offered("context")) {
    groups.push(menuGroup(context, t(groupTitles[group]), offered));
  }
  const host = document.querySelector(".viewer") ?? document.body;
  openPopupMenu(host, t("viewer.contextMenu"), x, y, groups);
}

/** The menu of the active view, asked for by key. */
export function openActiveMenu(context: ViewerContext): void {
  const pane = context.workspace.active.peek();
  const box = document.querySelector(`[data-pane="${pane.id}"]`)?.getBoundingClientRect();
  const [x, y] = box ? [box.left + box.width / 2, box.top + box.height / 3] : [0, 0];
  openMenuAt(context, [], x, y);
}

export function menuGroup(context: ViewerContext, title: string, commands: readonly Command[]): PopupGroup {
  const registry = context.app.commands;
  return {
    title,
    items: commands.map((command) => {
      const [key] = registry.keysOf(command);
      return {
        label: registry.nameOf(command),
        enabled: command.enabled?.() ?? true,
        run: () => registry.run(command.id),
        ...(key === undefined ? {} : { hint: keyCaps(key).join("+") }),
        ...(command.checked ? { checked: command.checked() } : {}),
      };
    }),
  };
}
