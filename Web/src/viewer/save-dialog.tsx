/** Saves what stands in a view, or in all of them, as presentation states. */
import { explain } from "../core/errors.ts";
import { t } from "../core/i18n.ts";
import { openDialog } from "../ui/dialog.tsx";
import { Trouble } from "../ui/trouble.tsx";
import { signal } from "../ui/signal.ts";
import { overlayGroups } from "./laid-over.tsx";
import type { Pane } from "./pane.ts";
import { isRounded, stateToSave } from "./saving.ts";
import type { ViewerContext } from "./viewer-context.ts";

const problemKeys = { noImages: "saving.noImages" } as const;

export function openSaveState(context: ViewerContext): void {
  const { workspace } = context;
  const active = workspace.active.peek();
  const others = workspace.visible.peek().filter((each) => each.stage.peek() === "images");
  const all = signal(false);
  const saving = signal(false);
  const problem = signal<unknown>(null);
  const chosen = () => all() ? others : [active];
  const rounded = () => chosen().some((each) => isRounded(each.appearance.peek().view));
  const turned = () => chosen().some((each) => each.appearance.peek().view.rotation % 90 !== 0);
  const blended = () => chosen().some((each) => Boolean(each.state.peek()?.blending));
  openDialog({
    title: t("command.saveState"),
    body: (close) => (
      <form
        class="save-state"
        onSubmit={(event) => {
          event.preventDefault();
          const fields = (event.target as HTMLFormElement).elements;
          const field = (name: string) => (fields.namedItem(name) as HTMLInputElement).value;
          const text = { label: field("label"), description: field("description") };
          saving.set(true);
          problem.set(null);
          save(context, all.peek() ? others : [active], text).then((count) => {
            close();
            context.app.announce(t("saving.done", { n: count }));
          }, (error) => {
            saving.set(false);
            problem.set(error);
          });
        }}
      >
        <label>
          {t("saving.label")}
          <input name="label" maxlength="16" pattern="[A-Za-z0-9 _]*" autofocus autocomplete="off" />
        </label>
        <label>
          {t("saving.description")}
          <input name="description" maxlength="64" autocomplete="off" />
        </label>
        {others.length > 1 && (
          <label class="check">
            <input
              type="checkbox"
              onChange={(event) => all.set((event.target as HTMLInputElement).checked)}
            />
            {t("saving.all", { n: others.length })}
          </label>
        )}
        {() => rounded() && <p class="panel-note">{t(turned() ? "saving.turned" : "saving.rounded")}</p>}
        {() => blended() && <p class="panel-note">{t("saving.noBlending")}</p>}
        {() => {
          const now = problem();
          if (now === null) return null;
          return <p role="alert">{typeof now === "string" ? t(now) : <Trouble of={explain(now)} />}</p>;
        }}
        <div class="dialog-actions">
          <button type="submit" class="button button-primary" disabled={() => saving()}>
            {t("action.save")}
          </button>
        </div>
      </form>
    ),
  });
}

/** Writes one after the other; gives how many objects were made. Throws a message key for what no state can hold. */
async function save(
  context: ViewerContext,
  panes: readonly Pane[],
  text: { label: string; description: string },
): Promise<number> {
  const states = panes.map((pane) => {
    const place = pane.place.peek();
    const study = place?.study.study.studyInstanceUID ?? "";
    const series = place?.series.seriesInstanceUID ?? "";
    const annotations = context.extensions.flatMap((each) => each.annotations?.(study, series) ?? []);
    const isShown = context.imageOverlays.peek() ? overlayGroups(pane) : () => false;
    const state = stateToSave(pane, annotations, isShown, text);
    if (typeof state === "string") throw problemKeys[state];
    return { study, state };
  });
  let count = 0;
  for (const { study, state } of states) {
    const { instances } = await context.app.api.savePresentationState(study, state);
    count += instances.length;
  }
  return count;
}
