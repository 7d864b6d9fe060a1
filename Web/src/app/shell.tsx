/** The frame of the office screens: brand, user menu, status bar. */
import type { App } from "../core/context.ts";
import { locale, locales, t } from "../core/i18n.ts";
import { rememberTheme, savedTheme, type Theme, themes } from "../core/theme.ts";
import { Emblem, Icon } from "../ui/icons.tsx";
import type { Child } from "../ui/jsx-runtime.ts";
import { Menu } from "../ui/menu.tsx";
import { openKeyHelp } from "./key-help.tsx";
import { StatusBar } from "./status-bar.tsx";

const themeNames: Readonly<Record<Theme, string>> = {
  system: "theme.system",
  light: "theme.light",
  dark: "theme.dark",
};

export function Shell(props: { app: App; children?: Child }) {
  const { app } = props;
  return (
    <div class="shell">
      <header class="top-bar">
        <span class="brand">
          <Emblem />
          <span class="brand-name">{t("app.name")}</span>
        </span>
        <h1>{t("studies.title")}</h1>
        <span class="grow"></span>
        <button
          type="button"
          class="button button-quiet"
          title={t("command.help")}
          aria-label={t("command.help")}
          aria-keyshortcuts="F1"
          onClick={() => openKeyHelp(app.commands)}
        >
          <Icon name="keyboard" />
        </button>
        <UserMenu app={app} />
      </header>
      {props.children}
      <StatusBar app={app} />
    </div>
  );
}

function UserMenu(props: { app: App }) {
  const { app } = props;
  const name = () => app.session()?.user.displayName ?? "";
  return (
    <Menu
      label={t("menu.user", { name: name() })}
      button={
        <>
          <Icon name="user" />
          {name}
          <Icon name="down" />
        </>
      }
      groups={() => [
        {
          title: t("menu.language"),
          items: locales.map((each) => ({
            label: each === "en" ? t("language.en") : t("language.zh"),
            checked: each === locale(),
            run: () => app.setLocale(each),
          })),
        },
        {
          title: t("menu.theme"),
          items: themes.map((each) => ({
            label: t(themeNames[each]),
            checked: each === savedTheme(),
            run: () => rememberTheme(each),
          })),
        },
        { items: [{ label: t("menu.signOut"), run: () => app.signOut() }] },
      ]}
    />
  );
}
