/**
 * The complete text of what is cut off (CT 4.4.1): resting on it with the mouse, reaching it with Tab or holding a finger on
 * it shows all of it, to be selected or copied. One place for the whole page, so that no list can forget it.
 */
import { t } from "../core/i18n.ts";

const restMilliseconds = 450;
const leaveMilliseconds = 350;
/** Who walks on with the keys is not held up by what comes to lie over the next row. */
const focusMilliseconds = 1200;
const ancestors = 4;
const fingerSlackPixels = 12;

/** Elements that show less than they hold; text over pictures takes no pointer, so it is looked for by place. */
const underPointer = ".corner > div, .exam-strip > span";

function isCut(element: Element): boolean {
  return element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 &&
    element.childElementCount <= 8 && getComputedStyle(element).overflowX !== "visible" &&
    (element.textContent ?? "").trim() !== "" && getComputedStyle(element).textOverflow === "ellipsis";
}

function cutAt(target: EventTarget | null, x: number, y: number): Element | null {
  let element = target instanceof Element ? target : null;
  let whole: Element | null = null;
  for (let i = 0; element && i < ancestors; i++, element = element.parentElement) {
    if (isCut(element)) whole = element;
  }
  if (whole) return whole;
  const viewport = target instanceof Element ? target.closest(".viewport, .exam-strip") : null;
  return [...viewport?.querySelectorAll(underPointer) ?? []].find((each) => {
    const box = each.getBoundingClientRect();
    return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom && isCut(each);
  }) ?? null;
}

/** What an element says, its parts a space apart. */
function textOf(element: Element): string {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const parts: string[] = [];
  while (walker.nextNode()) parts.push((walker.currentNode.textContent ?? "").trim());
  return parts.filter((each) => each !== "").join(" ");
}

async function copy(text: string, box: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the permission, or over plain HTTP.
    const range = document.createRange();
    range.selectNodeContents(box);
    getSelection()?.removeAllRanges();
    getSelection()?.addRange(range);
    document.execCommand("copy");
  }
}

class FullText {
  readonly #box = document.createElement("div");
  readonly #text = document.createElement("span");
  readonly #button = document.createElement("button");
  #timer: ReturnType<typeof setTimeout> | undefined;
  #focusTimer: ReturnType<typeof setTimeout> | undefined;
  #shown: Element | null = null;
  #isByPointer = false;

  constructor() {
    this.#box.className = "full-text";
    this.#box.popover = "manual";
    this.#box.setAttribute("role", "status");
    this.#button.type = "button";
    this.#button.addEventListener("click", () => {
      void copy(this.#text.textContent ?? "", this.#text).then(() =>
        this.#button.textContent = t("text.copied")
      );
    });
    this.#box.append(this.#text, this.#button);
    this.#box.addEventListener("pointerenter", () => clearTimeout(this.#timer));
    this.#box.addEventListener("pointerleave", () => this.#later(leaveMilliseconds, () => this.hide()));
  }

  #later(milliseconds: number, run: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(run, milliseconds);
  }

  owns(target: EventTarget | null): boolean {
    return target instanceof Node && this.#box.contains(target);
  }

  /** Looks once the pointer has come to rest. */
  rest(target: EventTarget | null, x: number, y: number): void {
    if (this.owns(target)) return;
    const here = this.#isByPointer ? this.#shown?.getBoundingClientRect() : null;
    if (here && x >= here.left && x <= here.right && y >= here.top && y <= here.bottom) {
      return clearTimeout(this.#timer);
    }
    this.#later(this.#shown ? leaveMilliseconds : restMilliseconds, () => {
      const found = cutAt(target, x, y);
      // Who reads with the mouse has left the keys, and what they had reached.
      if (found) clearTimeout(this.#focusTimer);
      if (found) this.show(found);
      else this.hide();
      this.#isByPointer = found !== null;
    });
  }

  /** What has not been shown yet is not going to be. */
  cancel(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#focusTimer);
  }

  show(element: Element, text = textOf(element)): void {
    if (!element.isConnected) return this.hide();
    this.#shown = element;
    this.#text.textContent = text;
    this.#button.textContent = t("text.copy");
    // The browser's own hint would lie over it.
    if (element instanceof HTMLElement && element.title === text) element.removeAttribute("title");
    (element.closest("dialog, .viewer") ?? document.body).append(this.#box);
    this.#box.showPopover?.();
    const box = element.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.#box;
    const left = Math.max(4, Math.min(box.left, innerWidth - offsetWidth - 4));
    const below = box.bottom + 2;
    const top = below + offsetHeight > innerHeight ? Math.max(4, box.top - offsetHeight - 2) : below;
    this.#box.style.left = `${left}px`;
    this.#box.style.top = `${top}px`;
  }

  /** All that is cut off within what has the focus, after a pause. */
  focus(element: Element): void {
    if (!this.#isByPointer) this.hide();
    clearTimeout(this.#focusTimer);
    this.#focusTimer = setTimeout(() => this.#showWithin(element), focusMilliseconds);
  }

  #showWithin(element: Element): void {
    if (this.#shown) return;
    const cut = isCut(element) ? [element] : [...element.querySelectorAll("*")].filter(isCut);
    if (cut.length > 0) this.show(element, cut.map(textOf).join("\n"));
    else this.hide();
  }

  hide(): void {
    this.#isByPointer = false;
    this.#shown = null;
    this.#box.remove();
  }
}

/** Begins watching; once for the page. */
export function offerFullText(): void {
  const full = new FullText();
  let pressed: { x: number; y: number } | null = null;
  addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" && event.buttons === 0) {
      full.rest(event.target, event.clientX, event.clientY);
    }
    if (pressed && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > fingerSlackPixels) {
      pressed = null;
      full.cancel();
    }
  }, { passive: true, capture: true });
  addEventListener("pointerdown", (event) => {
    if (full.owns(event.target)) return;
    full.cancel();
    full.hide();
    if (event.pointerType === "mouse") return;
    pressed = { x: event.clientX, y: event.clientY };
    full.rest(event.target, event.clientX, event.clientY);
  }, { passive: true, capture: true });
  addEventListener("pointerup", () => {
    // A finger lifted before its time was a tap; the text shown stays until the next touch.
    if (pressed) full.cancel();
    pressed = null;
  }, { passive: true, capture: true });
  addEventListener("focusin", (event) => {
    const { target } = event;
    if (target instanceof Element && target.matches(":focus-visible") && !full.owns(target)) {
      full.focus(target);
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" && full.owns(event.target)) return;
    full.cancel();
    full.hide();
  }, true);
  addEventListener("scroll", () => full.hide(), { passive: true, capture: true });
  addEventListener("hashchange", () => full.hide());
}
