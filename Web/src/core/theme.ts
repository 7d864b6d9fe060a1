/** Light, dark, or as the system says. The viewer does not follow this: it is always dark. */
export type Theme = "system" | "light" | "dark";
export const themes: readonly Theme[] = ["system", "light", "dark"];
const storageKey = "apus.theme";

export function savedTheme(): Theme {
  return themes.find((each) => each === localStorage.getItem(storageKey)) ?? "system";
}

export function applyTheme(theme: Theme): void {
  const dark = theme === "dark" ||
    (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

export function rememberTheme(theme: Theme): void {
  localStorage.setItem(storageKey, theme);
  applyTheme(theme);
}

export function followSystemTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => applyTheme(savedTheme()));
}
