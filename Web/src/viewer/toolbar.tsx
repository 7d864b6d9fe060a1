/** The tool bar, made from the command registry. */
import { openKeyHelp } from "../app/key-help.tsx";
import { type Command, type CommandGroup, keyCaps } from "../core/commands.ts";
import { date, number, personName } from "../core/format.ts";
import { t } from "../core/i18n.ts";
import { CommandButton } from "../ui/command-button.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { Menu, type MenuGroup, type MenuItem } from "../ui/menu.tsx";
import { toolbarGroups } from "./commands.ts";
import { groupTitles } from "./context-menu.ts";
import { freeLayouts } from "./layout.ts";
import type { ViewerContext } from "./viewer-context.ts";

export function Toolbar(props: { context: ViewerContext; close: () => void }) {
  const { context } = props;
  const { commands } = context.app;
  return (
    <header class="viewer-bar" role="toolbar" aria-label={t("viewer.toolbar")}>
      <button
        type="button"
        class="button button-quiet"
        title={`${t("command.closeViewer")} (Q)`}
        onClick={props.close}
      >
        <Icon name="back" />
        <span class="bar-text">{t("viewer.back")}</span>
      </button>
      <Identity context={context} />
      <span class="grow"></span>
      {toolbarGroups.slice(0, 1).map((group) => <Buttons context={context} group={group} />)}
      <Buttons context={context} group="measure" />
      <CommandMenu context={context} group="measure" title={t("group.measure")} icon="down" all />
      <CommandMenu context={context} group="window" title={t("viewer.presets")} icon="window" />
      <Buttons context={context} group="presentation" />
      <CommandMenu context={context} group="presentation" title={t("viewer.more")} icon="down" all />
      <span class="tool-group" role="group" aria-label={t("viewer.cine")}>
        <CommandButton
          commands={commands}
          id="command.cine"
          icon={() => context.workspace.active().playing() ? "pause" : "play"}
        />
        <span class="rate">
          {() => t("viewer.rate", { n: number(context.workspace.active().frameRate(), 1) })}
        </span>
      </span>
      <LayoutMenu context={context} />
      <Buttons context={context} group="planes" />
      <CommandMenu context={context} group="planes" title={t("group.planes")} icon="down" all />
      <CommandMenu context={context} group="link" title={t("group.link")} icon="link" />
      <CommandMenu context={context} group="hanging" title={t("group.hanging")} icon="hanging" />
      <Buttons context={context} group="image" />
      <Buttons context={context} group="information" />
      <CommandMenu context={context} group="display" title={t("group.display")} icon="display" />
      <button
        type="button"
        class="tool"
        title={`${t("command.help")} (F1)`}
        aria-label={t("command.help")}
        aria-keyshortcuts="F1"
        onClick={() => openKeyHelp(commands)}
      >
        <Icon name="keyboard" />
      </button>
    </header>
  );
}

function Identity(props: { context: ViewerContext }) {
  const study = () =>
    props.context.workspace.active().place()?.study.study ??
      props.context.workspace.studies()[0]?.manifest.study;
  return (
    <h1 class="identity">
      <span class="identity-name">{() => personName(study()?.patientName ?? "").primary}</span>
      <span class="identity-more">{() => study()?.patientID ?? ""}</span>
      <span class="identity-more">
        {() => `${date(study()?.studyDate ?? "")} ${study()?.studyDescription ?? ""}`.trim()}
      </span>
    </h1>
  );
}

/** The commands of a group that have an icon and ask for the tool bar. */
function Buttons(props: { context: ViewerContext; group: CommandGroup }) {
  const { context, group } = props;
  const { commands } = context.app;
  const offered = commands.offered("toolbar").get(group)?.filter((each) => each.icon) ?? [];
  if (offered.length === 0) return null;
  return (
    <span class={`tool-group tool-group-${group}`} role="group" aria-label={t(groupTitles[group])}>
      {offered.map((each) => <CommandButton commands={commands} id={each.id} icon={each.icon as IconName} />)}
    </span>
  );
}

/** The rest of a group as a menu. */
function CommandMenu(
  props: { context: ViewerContext; group: CommandGroup; title: string; icon: IconName; all?: boolean },
) {
  const { context, group, title } = props;
  const { commands } = context.app;
  const offered = () =>
    commands.list().filter((each) =>
      each.group === group && (props.all || (each.places?.includes("toolbar") && !each.icon))
    );
  return (
    <Menu
      label={title}
      button={
        <>
          <Icon name={props.icon} />
          <span class="bar-text">{props.all ? "" : title}</span>
          {!props.all && <Icon name="down" />}
        </>
      }
      groups={() => [{ title, items: offered().filter(isPossible).map((each) => itemOf(context, each)) }]}
    />
  );
}

/** Presets of other modalities would only be in the way; other commands stay and are greyed. */
function isPossible(command: Command): boolean {
  return command.group !== "window" || (command.enabled?.() ?? true);
}

function itemOf(context: ViewerContext, command: Command): MenuItem {
  const { commands } = context.app;
  const [key] = commands.keysOf(command);
  const hint = key === undefined ? "" : `  (${keyCaps(key).join("+")})`;
  return {
    label: `${commands.nameOf(command)}${hint}`,
    enabled: command.enabled?.() ?? true,
    run: () => commands.run(command.id),
    ...(command.checked ? { checked: command.checked(), several: true } : {}),
  };
}

function LayoutMenu(props: { context: ViewerContext }) {
  const { context } = props;
  const { commands } = context.app;
  const item = (name: string): MenuItem => ({
    label: name.replace("x", "×"),
    checked: context.workspace.layout().name === name,
    run: () => commands.run(`layout.${name}`),
  });
  const numbers = [1, 2, 3, 4, 5];
  const groups = (): MenuGroup[] => [
    {
      title: t("layout.grid"),
      className: "layout-grid",
      items: numbers.flatMap((rows) => numbers.map((columns) => item(`${rows}x${columns}`))),
    },
    { title: t("layout.free"), className: "layout-grid", items: freeLayouts.map(item) },
  ];
  return (
    <Menu
      label={t("group.layout")}
      button={
        <>
          <Icon name="layout" />
          <span class="bar-text">{() => context.workspace.layout().name.replace("x", "×")}</span>
          <Icon name="down" />
        </>
      }
      groups={groups}
    />
  );
}
