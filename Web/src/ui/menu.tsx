/** A menu button after the ARIA pattern: arrows walk, Escape closes, a click elsewhere closes. */
import type { Child } from "./jsx-runtime.ts";
import { onCleanup, signal } from "./signal.ts";

export interface MenuItem {
  label: string;
  checked?: boolean;
  /** Several of the group can be on together. */
  several?: boolean;
  enabled?: boolean;
  run: () => void;
}

export interface MenuGroup {
  title?: string;
  /** Class of the group, for groups laid out as a grid. */
  className?: string;
  items: readonly MenuItem[];
}

export function Menu(
  props: { label: string; button: Child; groups: () => readonly MenuGroup[] },
) {
  const open = signal(false);
  let button: HTMLButtonElement;
  let list: HTMLElement;
  const outside = (event: Event) => {
    if (!list.parentElement?.contains(event.target as Node)) open.set(false);
  };
  document.addEventListener("pointerdown", outside);
  onCleanup(() => document.removeEventListener("pointerdown", outside));

  const items = () => [...list.querySelectorAll<HTMLElement>("[role^=menuitem]:not(:disabled)")];
  const show = () => {
    open.set(true);
    // The items come once this event has been dealt with.
    queueMicrotask(() => items()[0]?.focus());
  };
  const close = () => {
    open.set(false);
    button.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open.peek()) return;
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const step: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
    const next = step[event.key];
    if (event.key === "Escape") close();
    else if (event.key === "Tab") return open.set(false);
    else if (next === undefined) return;
    else all[(next + all.length) % all.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="menu" onKeyDown={onKeyDown}>
      <button
        type="button"
        class="button button-quiet"
        aria-haspopup="menu"
        aria-label={props.label}
        aria-expanded={() => String(open())}
        ref={(element: HTMLButtonElement) => button = element}
        onClick={() => open.peek() ? close() : show()}
      >
        {props.button}
      </button>
      <div
        class="menu-list"
        role="menu"
        hidden={() => !open()}
        ref={(element: HTMLElement) => list = element}
      >
        {() =>
          open() &&
          props.groups().map((group) => (
            <div role="group" class={`menu-group ${group.className ?? ""}`} aria-label={group.title}>
              {group.title && <div class="menu-title" aria-hidden="true">{group.title}</div>}
              {group.items.map((item) => (
                <button
                  type="button"
                  role={roleOf(item)}
                  aria-checked={item.checked === undefined ? null : String(item.checked)}
                  tabindex="-1"
                  disabled={item.enabled === false}
                  onClick={() => {
                    close();
                    item.run();
                  }}
                >
                  {item.label}
                </button>
              ))}
            </div>
          ))}
      </div>
    </div>
  );
}

function roleOf(item: MenuItem): string {
  if (item.checked === undefined) return "menuitem";
  return item.several ? "menuitemcheckbox" : "menuitemradio";
}
