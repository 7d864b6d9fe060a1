/** An error as it is shown everywhere: what happened, what to do, and the identifier to copy for whoever helps. */
import type { Explanation } from "../core/errors.ts";
import { t } from "../core/i18n.ts";
import { openDialog } from "./dialog.tsx";
import type { Child } from "./jsx-runtime.ts";
import { signal } from "./signal.ts";

export function Trouble(props: { of: Explanation }): Child {
  const { message, remedy, code, id } = props.of;
  const label = `${code} ${id}`.trim();
  const copied = signal(false);
  return (
    <>
      <strong>{message}</strong> <span>{remedy}</span>{" "}
      <button
        type="button"
        class="link error-id"
        data-code={code}
        data-id={id}
        title={t("error.copy")}
        onClick={() => {
          navigator.clipboard?.writeText(`${message} ${label}`).then(() => copied.set(true), () => {});
        }}
      >
        {label}
        {() => (copied() ? ` ${t("error.copied")}` : "")}
      </button>
    </>
  );
}

/** An error of something that was begun by a command and left no other place to say so. */
export function openTrouble(title: string, explanation: Explanation): void {
  openDialog({
    title,
    body: () => (
      <p role="alert">
        <Trouble of={explanation} />
      </p>
    ),
  });
}
