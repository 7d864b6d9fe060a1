/** A study's link for somebody else, on the clipboard; where the browser gives no clipboard, shown to be copied by hand. */
import type { App } from "../core/context.ts";
import { t } from "../core/i18n.ts";
import { openDialog } from "../ui/dialog.tsx";

export async function copyLink(app: App, link: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(link);
    app.announce(t("link.copied"));
  } catch {
    // Without a secure connection there is no clipboard, and some browsers refuse it.
    show(link);
  }
}

function show(link: string): void {
  openDialog({
    title: t("command.copyLink"),
    className: "dialog-wide",
    body: () => (
      <div class="field">
        <label for="study-link">{t("link.byHand")}</label>
        <input
          id="study-link"
          type="text"
          readonly
          autofocus
          value={link}
          onFocus={(event: FocusEvent) => (event.target as HTMLInputElement).select()}
        />
      </div>
    ),
  });
}
