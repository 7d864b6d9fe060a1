/** A menu button after the ARIA pattern: arrows walk, Escape closes, a click elsewhere closes. */
import type { Child } from "./jsx-runtime.ts";
import { onCleanup, signal } from "./signal.ts";

export interface MenuItem {
  label: string;
  checked?: boolean;
  run: () => void;
}

export function Menu(
  props: { label: string; button: Child; groups: () => { title?: string; items: MenuItem[] }[] },
) {
  const open = signal(false);
  let button: HTMLButtonElement;
  let list: HTMLElement;
  const outside = (event: Event) => {
    if (!list.parentElement?.contains(event.target as Node)) open.set(false);
  };
  document.addEventListener("pointerdown", outside);
  onCleanup(() => document.removeEventListener("pointerdown", outside));

  const items = () => [...list.querySelectorAll<HTMLElement>("[role^=menuitem]")];
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
            <div role="group" class="menu-group" aria-label={group.title}>
              {group.title && <div class="menu-title" aria-hidden="true">{group.title}</div>}
              {group.items.map((item) => (
                <button
                  type="button"
                  role={item.checked === undefined ? "menuitem" : "menuitemradio"}
                  aria-checked={item.checked === undefined ? null : String(item.checked)}
                  tabindex="-1"
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
