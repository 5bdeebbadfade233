// What tabs of one browser remember, for themselves and for each other.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { recall, recallInTab, remember, rememberInTab } from "../../web/remembered.ts";

/** A storage of the browser's as the page uses it. */
function storage() {
  const values = new Map<string, string>();
  return {
    getItem: (name: string) => values.get(name) ?? null,
    setItem: (name: string, value: string) => values.set(name, value),
    removeItem: (name: string) => values.delete(name),
  };
}

/** Goes to a tab; what is there belongs to it alone. */
function goTo(tab: ReturnType<typeof storage>): void {
  vi.stubGlobal("sessionStorage", tab);
}

beforeEach(() => {
  vi.stubGlobal("localStorage", storage());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("a tab remembers for itself, and a new one begins with what was chosen last", () => {
  const [one, two, three] = [storage(), storage(), storage()];
  goTo(one);
  remember("account", "alice");
  goTo(two);
  expect(recall("account")).toBe("alice");
  remember("account", "bob");
  goTo(one);
  expect(recall("account")).toBe("alice");
  goTo(three);
  expect(recall("account")).toBe("bob");
});

// A tab that only looked on traded as the account of another tab after a reload.
test("a tab that chose nothing stays with nothing, whatever other tabs choose", () => {
  const [one, two] = [storage(), storage()];
  goTo(one);
  remember("account", "alice");
  remember("account", undefined);
  goTo(two);
  expect(recall("account")).toBeUndefined();
  remember("account", "bob");
  goTo(one);
  expect(recall("account")).toBeUndefined();
});

test("a browser that forbids it just forgets", () => {
  vi.stubGlobal("sessionStorage", undefined);
  remember("account", "alice");
  expect(recall("account")).toBeUndefined();
});

test("a token stays in its tab", () => {
  const [one, two] = [storage(), storage()];
  goTo(one);
  rememberInTab("token", "secret");
  expect(recallInTab("token")).toBe("secret");
  goTo(two);
  expect(recallInTab("token")).toBeUndefined();
  goTo(one);
  rememberInTab("token", undefined);
  expect(recallInTab("token")).toBeUndefined();
});
