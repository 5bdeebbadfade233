// What the page remembers in the browser. A browser that forbids it just forgets. Each tab remembers for itself, so that
// two tabs can be two accounts; a new tab begins with what was last chosen in any.

const PREFIX = "seriatim.";

export type RememberedName = "account" | "accounts" | "symbol" | "theme" | "interval";

export function recall(name: RememberedName): string | undefined {
  try {
    return (sessionStorage.getItem(PREFIX + name) ?? localStorage.getItem(PREFIX + name)) || undefined;
  } catch {
    return undefined;
  }
}

const TOKEN = `${PREFIX}token`;

/** The token of this tab: a secret, so neither other tabs nor later days have it. */
export function recallToken(): string | undefined {
  try {
    return sessionStorage.getItem(TOKEN) || undefined;
  } catch {
    return undefined;
  }
}

export function rememberToken(token: string | undefined): void {
  try {
    sessionStorage.setItem(TOKEN, token ?? "");
  } catch {
    // It is asked for again.
  }
}

export function remember(name: RememberedName, value: string | undefined): void {
  try {
    // Nothing is chosen too: without a value of its own the tab would take the next one of another tab.
    for (const storage of [sessionStorage, localStorage]) storage.setItem(PREFIX + name, value ?? "");
  } catch {
    // Nothing depends on it.
  }
}
