/** What the picture on the screen is worth: everything that makes it less than the stored one, and what to do. */
import { number } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { openDialog } from "../ui/dialog.tsx";
import { fidelity } from "./overlays.tsx";
import type { Pane } from "./pane.ts";
import { baseScale } from "./view.ts";
import type { ViewerContext } from "./viewer-context.ts";

export function openFidelity(context: ViewerContext, pane: Pane): void {
  openDialog({
    title: t("fidelity.title"),
    body: () => {
      const found = fidelity(context, pane);
      return (
        <>
          {found.length === 0 && <p>{t("fidelity.none")}</p>}
          <dl class="fact-list">
            {found.map((each) => [<dt>{each.label}</dt>, <dd>{each.detail}</dd>])}
            {facts(pane).map(([name, value]) => [<dt>{name}</dt>, <dd>{value}</dd>])}
          </dl>
        </>
      );
    },
  });
}

function facts(pane: Pane): [string, string][] {
  const frame = pane.frame.peek();
  const stage = pane.stageSize.peek();
  if (!frame || !stage) return [];
  const { view } = pane.appearance.peek();
  const scale = baseScale(view, stage) * view.zoom;
  return [
    [t("info.size"), `${frame.stack.columns} × ${frame.stack.rows}`],
    [t("info.bits"), String(frame.stack.bitsStored)],
    [t("info.scale"), t("info.scale.value", { n: number(scale, 2) })],
    [t("info.loaded"), `${pane.loadedCount.peek()} / ${pane.count.peek()}`],
  ];
}
