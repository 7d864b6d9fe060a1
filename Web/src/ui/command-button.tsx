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
  const keys = () => (command ? props.commands.keysOf(command) : []);
  const name = command ? props.commands.nameOf(command) : t(props.id);
  const hint = () => {
    const [key] = keys();
    return key ? `${name} (${keyCaps(key).join("+")})` : name;
  };
  const pressed = props.pressed ?? command?.checked;
  const icon = props.icon;
  return (
    <button
      type="button"
      class="tool"
      title={hint}
      aria-label={name}
      aria-keyshortcuts={() => ariaKeys(keys())}
      aria-pressed={() => (pressed ? String(pressed()) : null)}
      disabled={() => !(command?.enabled?.() ?? true)}
      onClick={(event) => {
        props.commands.run(props.id);
        // After the mouse, keys such as Space belong to the views again; who came by keyboard stays here.
        if (event.detail > 0) (event.currentTarget as HTMLElement).blur();
      }}
    >
      {typeof icon === "function" ? () => <Icon name={icon()} /> : <Icon name={icon} />}
    </button>
  );
}
