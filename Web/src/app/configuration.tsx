/** Tells administrators of a configuration that nobody has accepted: what differs, and what to do. */
import type { ConfigurationChange } from "../core/api.ts";
import { isCancelled } from "../core/confirming.ts";
import type { App } from "../core/context.ts";
import { explain } from "../core/errors.ts";
import { t } from "../core/i18n.ts";
import { openDialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { signal } from "../ui/signal.ts";
import { Trouble } from "../ui/trouble.tsx";

export function ConfigurationBanner(props: { app: App }) {
  const { app } = props;
  /** Until the server's state is read again. */
  const accepted = signal(false);
  return (
    <div role="alert">
      {() => {
        const isAdministrator = app.session()?.user.role.includes("administrator") ?? false;
        if (accepted() || !isAdministrator || app.server()?.configurationAccepted !== false) return null;
        return (
          <div class="banner banner-warning configuration-banner">
            <Icon name="warning" />
            <strong>{t("configuration.changed")}</strong>
            <span>{t("configuration.changed.remedy")}</span>
            <button type="button" class="button" onClick={() => openChanges(app, () => accepted.set(true))}>
              {t("configuration.review")}
            </button>
          </div>
        );
      }}
    </div>
  );
}

function openChanges(app: App, onAccepted: () => void): void {
  const changes = signal<readonly ConfigurationChange[] | null>(null);
  const problem = signal<unknown>(null);
  app.api.configurationChanges().then(changes.set, problem.set);
  const accept = (close: () => void) =>
    app.api.acceptConfiguration().then(() => {
      close();
      onAccepted();
      app.announce(t("configuration.accepted"));
    }, (error: unknown) => isCancelled(error) || problem.set(error));
  openDialog({
    title: t("configuration.changed"),
    className: "dialog-wide",
    body: (close) => (
      <>
        <p>{t("configuration.explain")}</p>
        {() =>
          problem() !== null && (
            <p role="alert">
              <Trouble of={explain(problem())} />
            </p>
          )}
        {() => <Changes changes={changes() ?? []} />}
        <div class="dialog-actions">
          <button type="button" class="button" autofocus onClick={close}>{t("action.close")}</button>
          <button
            type="button"
            class="button button-danger"
            disabled={() => (changes() ?? []).length === 0}
            onClick={() => void accept(close)}
          >
            {t("configuration.accept")}
          </button>
        </div>
      </>
    ),
  });
}

function Changes(props: { changes: readonly ConfigurationChange[] }) {
  return (
    <table class="configuration-changes">
      <thead>
        <tr>
          <th scope="col">{t("configuration.setting")}</th>
          <th scope="col">{t("configuration.before")}</th>
          <th scope="col">{t("configuration.now")}</th>
        </tr>
      </thead>
      <tbody>
        {props.changes.map(({ key, accepted, present }) => (
          <tr>
            <th scope="row">{key}</th>
            <td>{accepted ?? t("configuration.none")}</td>
            <td>{present ?? t("configuration.none")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
