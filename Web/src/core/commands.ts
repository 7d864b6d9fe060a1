/**
 * Every action is a command in one registry. Keys, tool-tips, `aria-keyshortcuts` and the key help are all made from it,
 * so that what is documented is what works.
 */
import type { IconName } from "../ui/icons.tsx";
import { signal } from "../ui/signal.ts";
import { t } from "./i18n.ts";

export type Scope = "global" | "studies" | "viewer";

export interface Command {
  /** The key of its name in the message catalogue, unless `name` says it. */
  id: string;
  name?: () => string;
  scope: Scope;
  /** As `Shift+ArrowUp`, `Mod+Enter`, `/`; Mod is Ctrl, or Command on a Mac. The first one is shown. */
  keys: readonly string[];
  run: () => void;
  enabled?: () => boolean;
  /** Works while a text field has the focus. */
  inTextFields?: boolean;
  /** Menu group; commands of one group stand together in menus, tool bar and key help. Absent: keys only. */
  group?: CommandGroup;
  /** Where it is offered besides keys and help. */
  places?: readonly ("toolbar" | "context")[];
  icon?: IconName;
  /** The state of a toggle, or of one choice among several. */
  checked?: () => boolean;
}

export type CommandGroup =
  | "tools"
  | "measure"
  | "window"
  | "presentation"
  | "cine"
  | "layout"
  | "planes"
  | "link"
  | "hanging"
  | "series"
  | "image"
  | "information"
  | "edit"
  | "display";

/** Keys of some commands in place of their own; a key given away is taken from whoever had it. */
export type KeyProfile = Readonly<Record<string, readonly string[]>>;

/** What the mouse does; shown in the key help beside the commands. */
export interface Gesture {
  id: string;
  scope: Scope;
  /** Message key of the movement. */
  gesture: string;
}

interface KeyStroke {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** The stroke in the notation of `Command.keys`. */
export function strokeName(event: KeyStroke): string {
  const named = keyName(event);
  const modifiers = [
    event.ctrlKey || event.metaKey ? "Mod" : "",
    event.altKey ? "Alt" : "",
    // The shift that makes a sign such as `?` is part of the sign.
    event.shiftKey && (named.length > 1 || /[A-Z]/.test(named)) ? "Shift" : "",
  ];
  return [...modifiers.filter((each) => each !== ""), named].join("+");
}

function keyName(event: KeyStroke): string {
  // With a Chinese input method switched on the key is reported as "Process"; the place of the key still tells.
  const physical = /^(?:Key([A-Z])|(?:Digit|Numpad)([0-9]))$/.exec(event.code);
  if (event.key === "Process" || event.key === "Unidentified") {
    return physical?.[1] ?? physical?.[2] ?? event.code;
  }
  if (event.key === " ") return "Space";
  if (/^[a-z]$/.test(event.key)) return event.key.toUpperCase();
  return event.key;
}

export class CommandRegistry {
  readonly #commands = new Map<string, Command>();
  readonly #gestures = new Map<string, Gesture>();
  readonly #changed = signal(0);
  readonly #profile = signal<KeyProfile>({});
  /** False while a modal dialog owns the keyboard. */
  suspended: () => boolean = () => false;

  /** Adds commands; returns a function that takes them out again. */
  add(commands: readonly Command[], gestures: readonly Gesture[] = []): () => void {
    for (const command of commands) {
      if (this.#commands.has(command.id)) throw new Error(`command ${command.id} exists already`);
      this.#commands.set(command.id, command);
    }
    for (const gesture of gestures) this.#gestures.set(gesture.id, gesture);
    this.#changed.update((n) => n + 1);
    return () => {
      for (const command of commands) this.#commands.delete(command.id);
      for (const gesture of gestures) this.#gestures.delete(gesture.id);
      this.#changed.update((n) => n + 1);
    };
  }

  get(id: string): Command | undefined {
    return this.#commands.get(id);
  }

  /** The name for the reader. */
  nameOf(command: Command): string {
    return command.name?.() ?? t(command.id);
  }

  useProfile(profile: KeyProfile): void {
    this.#profile.set(profile);
    this.#changed.update((n) => n + 1);
  }

  /** The keys of a command in the profile in use. */
  keysOf(command: Command): readonly string[] {
    const profile = this.#profile();
    const own = profile[command.id];
    if (own) return own;
    const taken = new Set(
      Object.entries(profile).flatMap(([id, keys]) => (this.#commands.has(id) ? keys : [])),
    );
    return command.keys.filter((key) => !taken.has(key));
  }

  /** Commands offered in one place, by group, in the order they were added. */
  offered(place: "toolbar" | "context"): Map<CommandGroup, Command[]> {
    const groups = new Map<CommandGroup, Command[]>();
    for (const command of this.list()) {
      if (!command.group || !command.places?.includes(place)) continue;
      groups.set(command.group, [...(groups.get(command.group) ?? []), command]);
    }
    return groups;
  }

  list(): Command[] {
    this.#changed();
    return [...this.#commands.values()];
  }

  gestures(): Gesture[] {
    this.#changed();
    return [...this.#gestures.values()];
  }

  run(id: string): void {
    const command = this.#commands.get(id);
    if (command && (command.enabled?.() ?? true)) command.run();
  }

  /** Runs the command of a key stroke; true when there was one. */
  handle(event: KeyStroke, inTextField: boolean): boolean {
    if (this.suspended()) return false;
    const stroke = strokeName(event);
    for (const command of this.#commands.values()) {
      if (!this.keysOf(command).includes(stroke) || (inTextField && !command.inTextFields)) continue;
      if (command.enabled && !command.enabled()) continue;
      command.run();
      return true;
    }
    return false;
  }
}

const symbols: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  PageUp: "PgUp",
  PageDown: "PgDn",
  Mod: "Ctrl",
};

/** The parts of a key as printed on a keyboard. */
export function keyCaps(key: string): string[] {
  return key.split(/\+(?=.)/).map((part) => symbols[part] ?? part);
}

/** The value for `aria-keyshortcuts`. */
export function ariaKeys(keys: readonly string[]): string | null {
  if (keys.length === 0) return null;
  return keys.map((key) => key.replace("Mod", "Control")).join(" ");
}

export function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !/^(checkbox|radio|button|file|range)$/.test(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement ||
    target.isContentEditable;
}
