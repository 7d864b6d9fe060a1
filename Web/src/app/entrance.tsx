/** The two screens in front of the archive: sign in, and the creation of the first administrator. */
import type { App } from "../core/context.ts";
import type { Session } from "../core/api.ts";
import { explain } from "../core/errors.ts";
import { locale, locales, t } from "../core/i18n.ts";
import { Emblem, Icon } from "../ui/icons.tsx";
import type { Child } from "../ui/jsx-runtime.ts";
import { computed, signal } from "../ui/signal.ts";
import { Trouble } from "../ui/trouble.tsx";
import { passwordRules } from "./password.ts";

function Entrance(props: { app: App; title: string; lead?: string; children?: Child }) {
  return (
    <main class="entrance">
      <section class="entrance-card" aria-labelledby="entrance-title">
        <header class="entrance-brand">
          <Emblem />
          <span class="brand-name">{t("app.name")}</span>
          <span class="brand-note">{t("app.subtitle")}</span>
        </header>
        <h1 id="entrance-title">{props.title}</h1>
        {props.lead && <p class="lead">{props.lead}</p>}
        {props.children}
      </section>
      <nav class="entrance-languages" aria-label={t("menu.language")}>
        {locales.map((each) => (
          <button
            type="button"
            class="link"
            lang={each}
            aria-pressed={String(each === locale())}
            onClick={() => props.app.setLocale(each)}
          >
            {each === "en" ? t("language.en") : t("language.zh")}
          </button>
        ))}
      </nav>
    </main>
  );
}

function ErrorNote(props: { error: () => unknown }) {
  return (
    <div role="alert" class="form-alert">
      {() => {
        const error = props.error();
        if (error === null) return null;
        return (
          <div class="note note-error">
            <Icon name="warning" />
            <span>
              <Trouble of={explain(error)} />
            </span>
          </div>
        );
      }}
    </div>
  );
}

function Field(props: {
  id: string;
  label: string;
  type: string;
  autocomplete: string;
  describedBy?: string;
  invalid?: () => boolean;
  value: () => string;
  onInput: (value: string) => void;
}) {
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      <input
        id={props.id}
        name={props.id}
        type={props.type}
        required
        maxlength="256"
        autocomplete={props.autocomplete}
        autocapitalize="none"
        spellcheck="false"
        aria-describedby={props.describedBy ?? null}
        aria-invalid={() => (props.invalid?.() ? "true" : null)}
        value={() => props.value()}
        onInput={(event) => props.onInput((event.target as HTMLInputElement).value)}
      />
    </div>
  );
}

export function Login(props: { app: App; note: string | null }) {
  const name = signal("");
  const password = signal("");
  const busy = signal(false);
  const error = signal<unknown>(null);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.peek()) return;
    busy.set(true);
    error.set(null);
    try {
      props.app.session.set(await props.app.api.signIn(name.peek(), password.peek()));
    } catch (caught) {
      error.set(caught);
      password.set("");
      document.getElementById("password")?.focus();
    } finally {
      busy.set(false);
    }
  };

  focusLater("name");
  return (
    <Entrance app={props.app} title={t("login.title")} lead={props.note ?? undefined}>
      <form onSubmit={submit}>
        <Field
          id="name"
          label={t("login.name")}
          type="text"
          autocomplete="username"
          value={name}
          onInput={name.set}
        />
        <Field
          id="password"
          label={t("login.password")}
          type="password"
          autocomplete="current-password"
          value={password}
          onInput={password.set}
        />
        <ErrorNote error={error} />
        <button type="submit" class="button button-primary button-wide" disabled={busy}>
          {() => busy() ? t("login.busy") : t("login.submit")}
        </button>
      </form>
      <p class="fine">{t("login.help")}</p>
    </Entrance>
  );
}

type SetupState = "checking" | "ready" | "invalid";

export function Setup(props: { app: App; token: string; onDone: (session: Session) => void }) {
  const state = signal<SetupState>("checking");
  const name = signal("");
  const password = signal("");
  const again = signal("");
  const busy = signal(false);
  const error = signal<unknown>(null);
  const broken = computed(() => passwordRules.filter((rule) => !rule.holds(password(), name().trim())));
  const differs = computed(() => again() !== "" && again() !== password());
  const complete = computed(() => name().trim() !== "" && broken().length === 0 && again() === password());

  props.app.api.checkSetup(props.token).then(
    () => {
      state.set("ready");
      focusLater("name");
    },
    (caught) => {
      error.set(caught);
      state.set("invalid");
    },
  );

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.peek() || !complete.peek()) return;
    busy.set(true);
    error.set(null);
    try {
      props.onDone(await props.app.api.setUp(props.token, name.peek().trim(), password.peek()));
    } catch (caught) {
      error.set(caught);
    } finally {
      busy.set(false);
    }
  };

  const form = () => (
    <form onSubmit={submit}>
      <Field
        id="name"
        label={t("setup.name")}
        type="text"
        autocomplete="username"
        value={name}
        onInput={name.set}
      />
      <Field
        id="password"
        label={t("setup.password")}
        type="password"
        autocomplete="new-password"
        describedBy="password-rules"
        value={password}
        onInput={password.set}
      />
      <ul id="password-rules" class="rules" aria-label={t("password.rules")}>
        {passwordRules.map((rule) => {
          const holds = computed(() => !broken().includes(rule));
          return (
            <li class={() => (holds() ? "rule rule-met" : "rule")}>
              <span class="rule-mark" aria-hidden="true"></span>
              {t(rule.message, { n: rule.n })}
              <span class="visually-hidden">{() => holds() ? t("password.met") : t("password.unmet")}</span>
            </li>
          );
        })}
      </ul>
      <Field
        id="again"
        label={t("setup.again")}
        type="password"
        autocomplete="new-password"
        describedBy="again-note"
        invalid={differs}
        value={again}
        onInput={again.set}
      />
      <p id="again-note" class="field-note" role="status">{() => differs() ? t("setup.differs") : ""}</p>
      <ErrorNote error={error} />
      <button type="submit" class="button button-primary button-wide" disabled={() => busy() || !complete()}>
        {t("setup.submit")}
      </button>
    </form>
  );

  const invalid = () => (
    <div class="note note-error" role="alert">
      <Icon name="warning" />
      <span>
        <strong>{t("setup.invalid")}</strong> {t("setup.invalid.remedy")}
      </span>
    </div>
  );

  return (
    <Entrance app={props.app} title={t("setup.title")} lead={t("setup.lead")}>
      {() =>
        state() === "ready"
          ? form()
          : state() === "invalid"
          ? invalid()
          : <p role="status">{t("setup.checking")}</p>}
    </Entrance>
  );
}

function focusLater(id: string): void {
  queueMicrotask(() => requestAnimationFrame(() => document.getElementById(id)?.focus()));
}
