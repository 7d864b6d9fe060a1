/** A menu at a place on the screen: the context menu. Walked with the arrows, closed with Escape or by pressing elsewhere. */
import type { Child } from "./jsx-runtime.ts";
import { root } from "./signal.ts";

export interface PopupItem {
  label: string;
  /** The key that does the same, as shown. */
  hint?: string;
  checked?: boolean;
  enabled?: boolean;
  run: () => void;
}

export interface PopupGroup {
  title: string;
  items: readonly PopupItem[];
}

const edgePixels = 4;

export function openPopupMenu(
  host: Element,
  label: string,
  x: number,
  y: number,
  groups: readonly PopupGroup[],
): void {
  const before = document.activeElement as HTMLElement | null;
  const { value, end } = root(() => (
    <div class="popup-menu menu-list" role="menu" aria-label={label} tabindex="-1">
      {groups.map((group) =>
        groupOf(group, close)
      )}
    </div>
  ));
  const menu = value as HTMLElement;
  host.appendChild(menu);
  const left = Math.min(x, innerWidth - menu.offsetWidth - edgePixels);
  const top = Math.min(y, innerHeight - menu.offsetHeight - edgePixels);
  menu.style.setProperty("left", `${Math.max(edgePixels, left)}px`);
  menu.style.setProperty("top", `${Math.max(edgePixels, top)}px`);
  const outside = (event: Event) => {
    if (!menu.contains(event.target as Node)) close();
  };
  document.addEventListener("pointerdown", outside, true);
  menu.addEventListener("keydown", onKeyDown);
  menu.addEventListener("contextmenu", (event) => event.preventDefault());
  items()[0]?.focus();

  function items(): HTMLElement[] {
    return [...menu.querySelectorAll<HTMLElement>("button:not(:disabled)")];
  }

  function close(): void {
    document.removeEventListener("pointerdown", outside, true);
    end();
    menu.remove();
    before?.focus?.({ preventScroll: true });
  }

  function onKeyDown(event: KeyboardEvent): void {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const step: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
    const next = step[event.key];
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (next !== undefined) all[(next + all.length) % all.length]?.focus();
    else if (event.key !== "Enter" && event.key !== " ") return;
    else (document.activeElement as HTMLElement).click();
    event.preventDefault();
    event.stopPropagation();
  }
}

function groupOf(group: PopupGroup, close: () => void): Child {
  return (
    <div role="group" class="menu-group" aria-label={group.title}>
      <div class="menu-title" aria-hidden="true">{group.title}</div>
      {group.items.map((item) => (
        <button
          type="button"
          role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
          aria-checked={item.checked === undefined ? null : String(item.checked)}
          tabindex="-1"
          disabled={item.enabled === false}
          onClick={() => {
            close();
            item.run();
          }}
        >
          <span class="popup-label">{item.label}</span>
          {item.hint !== undefined && <span class="popup-hint">{item.hint}</span>}
        </button>
      ))}
    </div>
  );
}
