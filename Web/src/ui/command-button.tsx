/** A button that runs a command and tells its name and key. */
import type { CommandRegistry } from "../core/commands.ts";
import { ariaKeys, keyCaps } from "../core/commands.ts";
import { t } from "../core/i18n.ts";
import { Icon, type IconName } from "./icons.tsx";

export function CommandButton(props: {
  commands: CommandRegistry;
  id: string;
  icon: IconName | (() => IconName);
  pressed?: () => boolean;
}): Node {
  const command = props.commands.get(props.id);
  const keys = command?.keys ?? [];
  const name = t(props.id);
  const hint = keys[0] ? `${name} (${keyCaps(keys[0]).join("+")})` : name;
  const icon = props.icon;
  return (
    <button
      type="button"
      class="tool"
      title={hint}
      aria-label={name}
      aria-keyshortcuts={ariaKeys(keys)}
      aria-pressed={() => (props.pressed ? String(props.pressed()) : null)}
      disabled={() => !(command?.enabled?.() ?? true)}
      onClick={() => props.commands.run(props.id)}
    >
      {typeof icon === "function" ? () => <Icon name={icon()} /> : <Icon name={icon} />}
    </button>
  );
}
