/** Modal dialogs on the browser's own `dialog`, which keeps the focus inside and gives it back. */
import { t } from "../core/i18n.ts";
import { Icon } from "./icons.tsx";
import type { Child } from "./jsx-runtime.ts";
import { root } from "./signal.ts";

export function modalIsOpen(): boolean {
  return document.querySelector("dialog[open]") !== null;
}

export interface DialogOptions {
  title: string;
  className?: string;
  body: (close: () => void) => Child;
  onClosed?: () => void;
}

let dialogs = 0;

export function openDialog(options: DialogOptions): () => void {
  const id = `dialog-title-${++dialogs}`;
  const { value: dialog, end } = root(() =>
    (
      <dialog class={`dialog ${options.className ?? ""}`} aria-labelledby={id}>
        <header class="dialog-head">
          <h2 id={id}>{options.title}</h2>
          <button type="button" class="icon-button" aria-label={t("action.close")} onClick={() => close()}>
            <Icon name="close" />
          </button>
        </header>
        <div class="dialog-body">{options.body(() => close())}</div>
      </dialog>
    ) as HTMLDialogElement
  );
  const close = () => dialog.close();
  dialog.addEventListener("close", () => {
    end();
    dialog.remove();
    options.onClosed?.();
  });
  // In the viewer a dialog is dark like all around it: a bright one would blind in the reading room.
  (document.querySelector(".viewer") ?? document.body).appendChild(dialog);
  dialog.showModal();
  return close;
}

/** Asks before something that cannot be undone; the safe answer has the focus. */
export function confirm(
  title: string,
  message: string,
  action: string,
  cancel = t("action.keepGoing"),
): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = false;
    openDialog({
      title,
      className: "dialog-confirm",
      onClosed: () => resolve(answer),
      body: (close) => (
        <>
          <p>{message}</p>
          <div class="dialog-actions">
            <button type="button" class="button" autofocus onClick={close}>{cancel}</button>
            <button
              type="button"
              class="button button-danger"
              onClick={() => {
                answer = true;
                close();
              }}
            >
              {action}
            </button>
          </div>
        </>
      ),
    });
  });
}
