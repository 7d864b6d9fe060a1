/** The presentation states there are for the series in a view. */
import { isCancelled } from "../core/confirming.ts";
import { explain } from "../core/errors.ts";
import { locale, t } from "../core/i18n.ts";
import { openDialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import type { Child } from "../ui/jsx-runtime.ts";
import { type Signal, signal } from "../ui/signal.ts";
import { Trouble } from "../ui/trouble.tsx";
import type { Pane } from "./pane.ts";
import { appliesTo, isFor, type PresentationState, presentationStates, stateView } from "./presentation.ts";
import { initialView } from "./view.ts";
import type { ViewerContext } from "./viewer-context.ts";

export function openStates(context: ViewerContext, pane: Pane): void {
  const place = pane.place.peek();
  if (!place) return;
  const states = signal<readonly PresentationState[] | null>(null);
  const failed = signal<unknown>(null);
  presentationStates(context.app.api, place.study.study.studyInstanceUID).then(
    (all) => states.set(all.filter((each) => appliesTo(each, place.series))),
    failed.set,
  );
  openDialog({
    title: t("command.chooseState"),
    body: (close) => () => {
      const found = states();
      if (failed() !== null) {
        return (
          <p role="alert">
            <Trouble of={explain(failed())} />
          </p>
        );
      }
      if (found === null) return <p role="status">{t("viewer.opening")}</p>;
      if (found.length === 0) return <p role="status">{t("viewer.noStates")}</p>;
      const choose = (state: PresentationState | null) => {
        close();
        show(context, pane, state);
      };
      return (
        <ul class="protocol-list">
          <li>{entry(t("viewer.withoutState"), "", () => choose(null))}</li>
          {found.map((each) => (
            <li aria-current={pane.appearance.peek().state === each ? "true" : null}>
              {entry(each.label, detail(each), () => choose(each))}
              {each.withdrawable && (
                <button
                  type="button"
                  class="icon-button"
                  aria-label={t("saving.withdraw", { name: each.label })}
                  title={t("saving.withdraw", { name: each.label })}
                  onClick={() => void withdraw(context, pane, each, states, failed)}
                >
                  <Icon name="close" />
                </button>
              )}
            </li>
          ))}
        </ul>
      );
    },
  });
}

/** By a rejection note; views that show the state go back to the images' own look. */
async function withdraw(
  context: ViewerContext,
  pane: Pane,
  state: PresentationState,
  states: Signal<readonly PresentationState[] | null>,
  failed: Signal<unknown>,
): Promise<void> {
  const study = pane.place.peek()?.study.study.studyInstanceUID;
  if (study === undefined) return;
  try {
    await context.app.api.withdrawPresentationState(study, state.sopInstanceUID);
  } catch (error) {
    if (!isCancelled(error)) failed.set(error);
    return;
  }
  states.update((all) => all?.filter((each) => each !== state) ?? null);
  for (const each of context.workspace.panes) {
    if (each.appearance.peek().state?.sopInstanceUID === state.sopInstanceUID) show(context, each, null);
  }
  context.app.announce(t("saving.withdrawn"));
}

function entry(title: string, text: string, run: () => void): Child {
  return (
    <button type="button" class="protocol-apply" onClick={run}>
      <strong>{title}</strong>
      <span>{text}</span>
    </button>
  );
}

function detail(state: PresentationState): string {
  const missing = state.notUnderstood.length > 0 ? t("viewer.stateIncomplete") : "";
  const when = Number.isNaN(Date.parse(state.created))
    ? ""
    : new Date(state.created).toLocaleString(locale());
  return [state.description, state.creator, when, missing].filter((each) => each !== "" && each !== null)
    .join(
      "  ",
    );
}

/** Shows the images as the state says, going to the first one it is for. */
function show(context: ViewerContext, pane: Pane, state: PresentationState | null): void {
  const index = state ? pane.frames.peek().findIndex((each) => isFor(state, each)) : -1;
  if (index >= 0) context.workspace.goTo(pane, index);
  context.workspace.changeAppearance(pane, "history.state", (now) => {
    const [frame, stage] = [pane.frame.peek(), pane.stageSize.peek()];
    const view = state && frame && stage ? stateView(state, frame, stage) : initialView;
    return { ...now, window: null, inverted: false, state, view };
  });
}
