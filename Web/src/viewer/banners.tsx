/** Notices over the whole viewer: an unfit screen, a wrong monitor, several patients, not for diagnosis. */
import { number } from "../core/format.ts";
import { explainCode } from "../core/errors.ts";
import { t } from "../core/i18n.ts";
import { Icon } from "../ui/icons.tsx";
import type { Child } from "../ui/jsx-runtime.ts";
import { signal } from "../ui/signal.ts";
import { Trouble } from "../ui/trouble.tsx";
import { type DisplayFacts, type DisplayIssue, displayLimits, scaleOf } from "./display-check.ts";
import type { ViewerContext } from "./viewer-context.ts";

export function issueText(issue: DisplayIssue, facts: DisplayFacts): string {
  const { width, height } = displayLimits;
  switch (issue) {
    case "resolution":
      return t("display.resolution", {
        width: facts.width,
        height: facts.height,
        minimum: `${width} × ${height}`,
      });
    case "colorDepth":
      return t("display.colorDepth", { n: facts.colorDepth, minimum: displayLimits.colorDepth });
    case "scale":
      return t("display.scale", { percent: number(scaleOf(facts) * 100) });
    case "pinch":
      return t("display.pinch");
  }
}

export function Banners(props: { context: ViewerContext }) {
  const { context } = props;
  const { screens, workspace } = context;
  /** Put away by the reader; another issue shows again. */
  const dismissed = signal("");
  // Limits of diagnostic displays say nothing about a telephone whose pictures are not for diagnosis.
  const issues = () => context.nonDiagnostic ? [] : screens.issues();
  return (
    <div class="viewer-banners">
      <div role="alert">
        {() =>
          context.nonDiagnostic && <Notice name="nonDiagnostic">{t("fidelity.nonDiagnostic.banner")}</Notice>}
        {() => {
          const reason = context.unusable();
          if (reason === null) return null;
          return (
            <Notice name="unusable">
              <Trouble of={explainCode("unusable", reason)} />
            </Notice>
          );
        }}
        {() => workspace.patients() > 1 && <Notice name="patients">{t("viewer.patients")}</Notice>}
        {() =>
          screens.misplaced() && !context.nonDiagnostic && (
            <Notice name="screen">
              {t(screens.absent() ? "screen.absent" : "screen.misplaced")}
              {!screens.absent() && "getScreenDetails" in globalThis && (
                <button
                  type="button"
                  class="link"
                  onClick={() =>
                    void screens.moveToDiagnostic().then((done) => {
                      if (!done) context.app.announce(t("screen.notMoved"));
                    })}
                >
                  {t("screen.move")}
                </button>
              )}
            </Notice>
          )}
      </div>
      <div role="status">
        {() => {
          const found = issues();
          if (found.length === 0 || dismissed() === found.join(" ")) return null;
          return (
            <Notice name="display">
              {found.map((each) => issueText(each, screens.facts())).join(" ")}
              {found.includes("scale") && (
                <button
                  type="button"
                  class="link"
                  onClick={() => screens.change({ ownRatio: screens.facts().ratio })}
                >
                  {t("screen.ownScale")}
                </button>
              )}
              <button type="button" class="link" onClick={() => dismissed.set(found.join(" "))}>
                {t("action.understood")}
              </button>
            </Notice>
          );
        }}
      </div>
    </div>
  );
}

function Notice(props: { name: string; children?: Child }) {
  return (
    <div class={`viewer-banner banner-${props.name}`}>
      <Icon name="warning" />
      <span>{props.children}</span>
    </div>
  );
}
