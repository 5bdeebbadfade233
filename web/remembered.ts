// What the page remembers in the browser. A browser that forbids it, or holds something else there, just forgets.

const PREFIX = "seriatim.";

export type RememberedName = "account" | "accounts" | "symbol" | "theme" | "interval";

export function recall(name: RememberedName): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(name: RememberedName, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // Nothing depends on it.
  }
}
