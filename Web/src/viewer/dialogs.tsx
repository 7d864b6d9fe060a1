/** The viewer's dialogs: hanging protocols, key profiles, the monitor. */
import type { ProtocolTrial, TriedStudy } from "../core/api.ts";
import { locale, t } from "../core/i18n.ts";
import { type ProfileName, profileNames } from "../core/profiles.ts";
import { openDialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { signal } from "../ui/signal.ts";
import { calibrated, displayIssues } from "./display-check.ts";
import { issueText } from "./banners.tsx";
import type { Condition, Protocol } from "./hanging.ts";
import type { KeptProtocol } from "./protocol-store.ts";
import { type ScreenRole, screenRoles } from "./screens.ts";
import type { ViewerContext } from "./viewer-context.ts";

/** A protocol's rule as a sentence. */
export function ruleSentence(conditions: readonly Condition[]): string {
  return conditions.map(conditionText).join(t("hanging.and"));
}

const attributeKeys: Readonly<Record<string, string>> = {
  modalities: "hanging.attribute.modality",
  modality: "hanging.attribute.modality",
  description: "hanging.attribute.description",
  bodyParts: "hanging.attribute.bodyPart",
  bodyPart: "hanging.attribute.bodyPart",
  series: "hanging.attribute.series",
  age: "hanging.attribute.age",
  laterality: "hanging.attribute.laterality",
  view: "hanging.attribute.view",
  plane: "hanging.attribute.plane",
  images: "hanging.attribute.images",
};

function conditionText(condition: Condition): string {
  const key = attributeKeys[condition.attribute];
  const name = key === undefined ? condition.attribute : t(key);
  const parts = [
    condition.is ? t("hanging.is", { name, values: condition.is.join(" / ") }) : "",
    condition.contains ? t("hanging.contains", { name, values: condition.contains.join(" / ") }) : "",
    condition.atLeast === undefined ? "" : t("hanging.atLeast", { name, n: condition.atLeast }),
    condition.atMost === undefined ? "" : t("hanging.atMost", { name, n: condition.atMost }),
  ].filter((each) => each !== "").join(t("hanging.and"));
  return condition.not ? t("hanging.not", { rule: parts }) : parts;
}

export function openProtocols(
  kept: readonly KeptProtocol[],
  current: string | null,
  automatic: { isOn: boolean; set: (on: boolean) => void },
  actions: { apply: (protocol: Protocol) => void; remove: (protocol: Protocol) => void },
): void {
  openDialog({
    title: t("hanging.title"),
    className: "dialog-wide",
    body: (close) => (
      <>
        <label class="check">
          <input
            type="checkbox"
            checked={automatic.isOn}
            onChange={(event) => automatic.set((event.target as HTMLInputElement).checked)}
          />
          {t("hanging.automatic")}
        </label>
        <ul class="protocol-list">
          {kept.map(({ protocol: each, source }) => (
            <li aria-current={each.id === current ? "true" : null}>
              <button
                type="button"
                class="protocol-apply"
                onClick={() => {
                  close();
                  actions.apply(each);
                }}
              >
                <strong>{source === "shipped" ? t(each.name) : each.name}</strong>
                <span>{ruleSentence(each.match)}</span>
              </button>
              {source === "user" && (
                <button
                  type="button"
                  class="icon-button"
                  aria-label={t("hanging.remove", { name: each.name })}
                  onClick={() => {
                    close();
                    actions.remove(each);
                  }}
                >
                  <Icon name="close" />
                </button>
              )}
            </li>
          ))}
        </ul>
      </>
    ),
  });
}

const nameMaximum = 60;

/** Asks for a name, shows the rule, and on how many studies of the list it would have hung. */
export function openSaveProtocol(
  protocol: Protocol,
  place: "server" | "browser",
  test: () => Promise<ProtocolTrial>,
  save: (name: string) => Promise<void>,
): void {
  const name = signal(protocol.name);
  const tested = signal("");
  const trial = signal<ProtocolTrial | null>(null);
  const runTest = () =>
    test().then(
      (found) => {
        trial.set(found);
        tested.set(t("hanging.test.result", { hits: found.hits.length, n: found.tested }));
      },
      () => tested.set(t("hanging.test.failed")),
    );
  openDialog({
    title: t("command.saveProtocol"),
    body: (close) => (
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.peek().trim() === "") return;
          close();
          void save(name.peek().trim());
        }}
      >
        <div class="field">
          <label for="protocol-name">{t("hanging.name")}</label>
          <input
            id="protocol-name"
            type="text"
            required
            maxlength={String(nameMaximum)}
            value={protocol.name}
            onInput={(event) => name.set((event.target as HTMLInputElement).value)}
          />
        </div>
        <p>{t("hanging.rule", { rule: ruleSentence(protocol.match) })}</p>
        <p class="field-hint">
          {place === "server" ? t("hanging.place.server") : t("hanging.place.browser")}
        </p>
        <p role="status">{tested}</p>
        {() => trial() && <TrialLists trial={trial() as ProtocolTrial} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={() => void runTest()}>{t("hanging.test")}</button>
          <button type="submit" class="button button-primary">{t("action.save")}</button>
        </div>
      </form>
    ),
  });
}

/** Which studies a rule would hang, and of the others what they lack; alike ones once, with their number. */
function TrialLists(props: { trial: ProtocolTrial }) {
  const { hits, misses } = props.trial;
  return (
    <div class="protocol-trial">
      <TrialList title={t("hanging.test.hits")} studies={hits} />
      <TrialList title={t("hanging.test.misses")} studies={misses} />
    </div>
  );
}

const trialRows = 8;

function TrialList(props: { title: string; studies: readonly TriedStudy[] }) {
  const counts = new Map<string, number>();
  for (const { modalities, description, missing } of props.studies) {
    const why = missing?.[locale()];
    const text = `${modalities.join(" ")} ${description}${why ? ` · ${why}` : ""}`.trim();
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const rows = [...counts].slice(0, trialRows);
  return (
    <section hidden={rows.length === 0}>
      <h3>{props.title}</h3>
      <ul>
        {rows.map(([text, count]) => <li>{count > 1 ? `${text} × ${count}` : text}</li>)}
        {counts.size > trialRows && <li>…</li>}
      </ul>
    </section>
  );
}

const profileKeys: Readonly<Record<ProfileName, string>> = {
  apus: "profile.apus",
  weasis: "profile.weasis",
  ohif: "profile.ohif",
  osirix: "profile.osirix",
  classic: "profile.classic",
};

export function openProfiles(context: ViewerContext): void {
  openDialog({
    title: t("command.chooseProfile"),
    body: () => (
      <fieldset class="choices">
        <legend>{t("profile.hint")}</legend>
        {profileNames.map((each) => (
          <label class="check">
            <input
              type="radio"
              name="profile"
              checked={() => context.profile() === each}
              onChange={() => context.profile.set(each)}
            />
            {t(profileKeys[each])}
          </label>
        ))}
      </fieldset>
    ),
  });
}

const roleKeys: Readonly<Record<ScreenRole, string>> = {
  diagnostic: "screen.role.diagnostic",
  office: "screen.role.office",
  unset: "screen.role.unset",
};

/** Length the ruler on the screen is given, in millimetres: an ID-1 card is 85.6 mm wide (ISO/IEC 7810). */
const cardMM = 85.6;
const barStartPixels = 320;

/** What this monitor is for, and how large its pixels are: held against a bank card or a ruler. */
export function openCalibration(context: ViewerContext): void {
  const { screens } = context;
  const ratio = () => screens.facts().ratio;
  const known = screens.pixelsPerMM.peek();
  const bar = signal(known === null ? barStartPixels : (known * cardMM) / ratio());
  const value = () => calibrated(bar() * ratio(), cardMM);
  openDialog({
    title: t("command.calibrate"),
    className: "dialog-wide",
    body: (close) => (
      <>
        <p>{() => t("screen.this", { width: screens.facts().width, height: screens.facts().height })}</p>
        <fieldset class="choices">
          <legend>{t("screen.role")}</legend>
          {screenRoles.map((each) => (
            <label class="check">
              <input
                type="radio"
                name="screen-role"
                checked={() => screens.profile().role === each}
                onChange={() => screens.change({ role: each })}
              />
              {t(roleKeys[each])}
            </label>
          ))}
        </fieldset>
        <p>{t("screen.card", { mm: cardMM })}</p>
        <div class="calibration-bar" style={() => ({ width: `${bar()}px` })}></div>
        <label class="calibration-slider">
          {t("screen.length")}
          <input
            type="range"
            min="120"
            max="1600"
            step="0.5"
            value={String(bar.peek())}
            onInput={(event) => bar.set(Number((event.target as HTMLInputElement).value))}
          />
        </label>
        <p role="status">
          {() => {
            const now = value();
            return now === null ? t("screen.implausible") : t("screen.density", { n: now.toFixed(3) });
          }}
        </p>
        <ul class="note-list">
          {() => displayIssues(screens.facts()).map((each) => <li>{issueText(each, screens.facts())}</li>)}
        </ul>
        <div class="dialog-actions">
          <button
            type="button"
            class="button"
            onClick={() => screens.change({ ownRatio: ratio() })}
          >
            {t("screen.ownScale")}
          </button>
          <button type="button" class="button" onClick={() => screens.change({ pixelsPerMM: null })}>
            {t("screen.forget")}
          </button>
          <button
            type="button"
            class="button button-primary"
            disabled={() => value() === null}
            onClick={() => {
              screens.change({ pixelsPerMM: value() });
              close();
            }}
          >
            {t("action.save")}
          </button>
        </div>
      </>
    ),
  });
}
