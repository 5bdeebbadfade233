// Light, dark, or as the system says. Painters that draw on a canvas ask for the colours of now.

import { recall, remember } from "./remembered.ts";
import { Topic } from "./topic.ts";

type Theme = "system" | "light" | "dark";

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

export const themeTopic = new Topic();

let theme: Theme = themeOf(recall("theme"));
apply();
systemIsDark.addEventListener("change", apply);

function themeOf(text: string | undefined): Theme {
  return text === "light" || text === "dark" ? text : "system";
}

function apply(): void {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  themeTopic.changed();
}

export function isDark(): boolean {
  return theme === "system" ? systemIsDark.matches : theme === "dark";
}

/** Light when it is dark, and dark when it is light; back to the system's when that is the same. */
export function toggleTheme(): void {
  const wanted = isDark() ? "light" : "dark";
  theme = (wanted === "dark") === systemIsDark.matches ? "system" : wanted;
  remember("theme", theme === "system" ? undefined : theme);
  apply();
}

/** The value of a custom property of the style sheet, as it is now. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
