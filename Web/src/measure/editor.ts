/** Typing the text of a mark where it stands. Enter keeps it, Shift+Enter begins a line, Escape leaves it as it was. */
import { t } from "../core/i18n.ts";
import type { Point } from "../viewer/viewport-api.ts";

const lengthMaximum = 1024;

/** Opens over the viewport; returns what keeps the text and closes it. `at` in CSS pixels. */
export function openEditor(
  place: HTMLElement,
  at: Point,
  text: string,
  done: (text: string | null) => void,
): () => void {
  const area = document.createElement("textarea");
  area.className = "mark-editor";
  area.value = text;
  area.maxLength = lengthMaximum;
  area.rows = 2;
  area.setAttribute("aria-label", t("measure.edit"));
  area.placeholder = t("measure.textHere");
  area.style.setProperty("left", `${Math.max(at.x, 0)}px`);
  area.style.setProperty("top", `${Math.max(at.y, 0)}px`);
  let open = true;
  const close = (result: string | null) => {
    if (!open) return;
    open = false;
    area.remove();
    done(result);
  };
  const keep = () => close(area.value.trim());
  // The viewport below must not take the pointer for drawing or windowing.
  for (const type of ["pointerdown", "pointermove", "pointerup", "dblclick", "wheel"]) {
    area.addEventListener(type, (event) => event.stopPropagation());
  }
  area.addEventListener("keydown", (event) => {
    event.stopPropagation();
    // Enter that ends the choice of a Chinese character is not the end of the text.
    if (event.isComposing) return;
    if (event.key === "Escape") close(null);
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      keep();
    }
  });
  area.addEventListener("blur", keep);
  place.appendChild(area);
  // After the press that asked for it, which would take the focus away again.
  setTimeout(() => open && area.focus());
  return keep;
}
