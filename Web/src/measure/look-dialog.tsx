/** Colour, outline and digits of marks, chosen while looking at them. */
import { t } from "../core/i18n.ts";
import { openDialog } from "../ui/dialog.tsx";
import { colors, digitChoices, type Look, look, outlineWidths } from "./look.ts";

const names: Readonly<Record<Look[keyof Look], string>> = {
  yellow: "measure.look.yellow",
  green: "measure.look.green",
  orange: "measure.look.orange",
  pink: "measure.look.pink",
  white: "measure.look.white",
  normal: "measure.look.normal",
  strong: "measure.look.strong",
  supported: "measure.look.supported",
  fewer: "measure.look.fewer",
  more: "measure.look.more",
  most: "measure.look.most",
};

export function openLook(): void {
  openDialog({
    title: t("measure.look"),
    body: () => (
      <>
        <Choices name="color" title={t("measure.look.color")} values={colors} />
        <Choices name="outline" title={t("measure.look.outline")} values={outlineWidths} />
        <Choices name="digits" title={t("measure.look.digits")} values={digitChoices} />
      </>
    ),
  });
}

function Choices<Name extends keyof Look>(
  props: { name: Name; title: string; values: readonly Look[Name][] },
) {
  const { name, title, values } = props;
  return (
    <fieldset class="choices">
      <legend>{title}</legend>
      {values.map((each) => (
        <label class="check" data-color={name === "color" ? each : null}>
          <input
            type="radio"
            name={name}
            value={each}
            checked={() => look()[name] === each}
            onChange={() => look.update((all) => ({ ...all, [name]: each }))}
          />
          {t(names[each])}
        </label>
      ))}
    </fieldset>
  );
}
