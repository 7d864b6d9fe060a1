/** The key help: made from the command registry, so it cannot differ from what the keys do. */
import { type CommandRegistry, keyCaps, type Scope } from "../core/commands.ts";
import { t } from "../core/i18n.ts";
import { openDialog } from "../ui/dialog.tsx";
import type { Child } from "../ui/jsx-runtime.ts";

const scopes: readonly (readonly [Scope, string])[] = [
  ["viewer", "help.viewer"],
  ["studies", "help.studies"],
  ["global", "help.global"],
];

export function openKeyHelp(commands: CommandRegistry): void {
  openDialog({ title: t("help.title"), className: "dialog-help", body: () => tables(commands) });
}

function tables(commands: CommandRegistry): Child {
  return scopes.map(([scope, title]) => {
    const keyed = commands.list().filter((each) => each.scope === scope && commands.keysOf(each).length > 0);
    const gestures = commands.gestures().filter((each) => each.scope === scope);
    if (keyed.length + gestures.length === 0) return null;
    return (
      <section class="help-section">
        <h3>{t(title)}</h3>
        <table class="help-table">
          <tbody>
            {keyed.map((each) => (
              <tr>
                <td>{commands.keysOf(each).map(keys)}</td>
                <th scope="row">{commands.nameOf(each)}</th>
              </tr>
            ))}
            {gestures.map((each) => (
              <tr>
                <td class="gesture">{t(each.gesture)}</td>
                <th scope="row">{t(each.id)}</th>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    );
  });
}

function keys(key: string, index: number): Child {
  const caps = keyCaps(key).map((cap) => <kbd>{cap === "Space" ? t("key.space") : cap}</kbd>);
  return (
    <span class="key">
      {index > 0 ? t("help.or") : ""}
      {caps}
    </span>
  );
}
