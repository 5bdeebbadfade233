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

/** What neither other tabs nor later days have: a secret, and orders without an answer. */
export type NameInTab = "token" | "sent";

export function recallInTab(name: NameInTab): string | undefined {
  try {
    return sessionStorage.getItem(PREFIX + name) || undefined;
  } catch {
    return undefined;
  }
}

export function rememberInTab(name: NameInTab, value: string | undefined): void {
  try {
    sessionStorage.setItem(PREFIX + name, value ?? "");
  } catch {
    // A token is asked for again; what became of an order is said by its answer alone.
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
