/** Segments and regions of the study in the active view: which are shown, how, and why one is not to be seen. */
import { explain } from "../core/errors.ts";
import { number } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import type { Child } from "../ui/jsx-runtime.ts";
import { effect } from "../ui/signal.ts";
import { Trouble } from "../ui/trouble.tsx";
import { groundOf, placedOn, type Structure, type StructureDocument } from "./structures.ts";
import type { NotDrawn } from "./placing.ts";
import type { ViewerContext } from "./viewer-context.ts";

const reasonKeys: Readonly<Record<NotDrawn, string>> = {
  otherFrame: "structures.otherFrame",
  noPlane: "structures.noPlane",
  notParallel: "structures.notParallel",
  notHere: "structures.notHere",
};

export function StructuresPanel(props: { context: ViewerContext }): Child {
  const { context } = props;
  const manifest = () => context.workspace.active().place()?.study ?? null;
  effect(() => {
    const study = manifest();
    if (study) context.structures.look(study);
  });
  return () => {
    const study = manifest();
    const documents = study ? context.structures.of(study) : [];
    if (documents.length === 0) return <p class="panel-note">{t("structures.none")}</p>;
    return documents.map((each) => <DocumentPart context={context} document={each} />);
  };
}

function DocumentPart(props: { context: ViewerContext; document: StructureDocument }): Child {
  const { context, document } = props;
  const all = (on: boolean) => {
    for (const each of document.parts.peek()) each.visible.set(on);
  };
  return (
    <section class="structures" aria-label={() => document.title}>
      <h3>{() => document.title || t("structures.untitled")}</h3>
      {() => failureText(document.failure())}
      {() => document.loading() && <p class="panel-note" role="status">{t("viewer.opening")}</p>}
      {() =>
        document.parts().length > 0 && (
          <p class="structures-all">
            <button type="button" class="button" onClick={() => all(true)}>{t("structures.showAll")}</button>
            <button type="button" class="button" onClick={() => all(false)}>{t("structures.hideAll")}</button>
          </p>
        )}
      <ul>{() => document.parts().map((each) => <Row context={context} part={each} />)}</ul>
    </section>
  );
}

function failureText(error: unknown): Child {
  if (error === null) return null;
  return (
    <p class="panel-note" role="alert">
      <Trouble of={explain(error)} />
    </p>
  );
}

function Row(props: { context: ViewerContext; part: Structure }): Child {
  const { context, part } = props;
  const name = part.name || t("structures.unnamed", { n: part.number });
  return (
    <li class="structure" data-part={part.number}>
      <label>
        <input
          type="checkbox"
          checked={() => part.visible()}
          onChange={(event) => part.visible.set((event.target as HTMLInputElement).checked)}
        />
        <span class="structure-color" style={{ background: `rgb(${part.color.join(" ")})` }}></span>
        <span class="structure-name">{name}</span>
      </label>
      <input
        type="range"
        min="5"
        max="100"
        step="5"
        aria-label={t("structures.opacity", { name })}
        title={() => `${number(part.opacity() * 100)}%`}
        value={() => String(part.opacity() * 100)}
        onInput={(event) => part.opacity.set((event.target as HTMLInputElement).valueAsNumber / 100)}
      />
      <small>{part.detail}</small>
      {() => failureText(part.failure())}
      {() => part.visible() && <Reason context={context} part={part} />}
    </li>
  );
}

/** Why nothing of it stands on the image in the active view, and where there is some. */
function Reason(props: { context: ViewerContext; part: Structure }): Child {
  const { context, part } = props;
  return () => {
    const pane = context.workspace.active();
    const frame = pane.shownFrame();
    if (!frame || part.failure() !== null) return null;
    const placed = placedOn(part, groundOf(frame, pane.planes()[frame.index] ?? null));
    if (!placed) return <small role="status">{t("viewer.opening")}</small>;
    if (!("reason" in placed)) return null;
    const go = () => {
      const planes = pane.planes.peek();
      const index = pane.frames.peek().findIndex((each) => {
        const there = placedOn(part, groundOf(each, planes[each.index] ?? null));
        return there !== null && !("reason" in there);
      });
      if (index < 0) context.app.announce(t("structures.nowhere"));
      else context.workspace.goTo(pane, index);
    };
    return (
      <small class="structure-reason">
        {t(reasonKeys[placed.reason])}
        {placed.reason === "notHere" && (
          <button type="button" class="button" onClick={go}>{t("structures.goTo")}</button>
        )}
      </small>
    );
  };
}
