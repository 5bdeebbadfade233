// When a ticks/1 client tells its server what it wants, and in which bytes, on a clock of the test's own.

import { expect, test } from "vitest";
import { SubscriptionWishes } from "../../../../src/feed/index.ts";

const MS = 1_000;

function said(wishes: SubscriptionWishes, at_ms: number): string | undefined {
  const bytes = wishes.take(at_ms * MS);
  return bytes && Buffer.from(bytes).toString("hex");
}

test("a connection that wants all says nothing: that is what it gets", () => {
  const wishes = new SubscriptionWishes("all");
  wishes.opened(0);
  expect([wishes.dueAt_us, said(wishes, 0)]).toEqual([Number.POSITIVE_INFINITY, undefined]);
});

test("what else is wanted is said at once on each connection, in one piece", () => {
  const wishes = new SubscriptionWishes([0, 1, 499]);
  expect(said(wishes, 0)).toBeUndefined();
  wishes.opened(5 * MS);
  expect(said(wishes, 5)).toBe("ff030000000100f301");
  expect(said(wishes, 500)).toBeUndefined();
  wishes.closed();
  wishes.opened(600 * MS);
  expect(said(wishes, 600)).toBe("ff030000000100f301");
});

test("never two within 250 ms, and only the newest wish is said", () => {
  const wishes = new SubscriptionWishes("all");
  wishes.opened(0);
  wishes.wish([1]);
  expect(said(wishes, 10)).toBe("ff01000100");
  wishes.wish([2]);
  wishes.wish([3, 3, 4]);
  expect([said(wishes, 20), wishes.dueAt_us]).toEqual([undefined, 260 * MS]);
  expect([said(wishes, 259), said(wishes, 260)]).toEqual([undefined, "ff020003000400"]);
  wishes.wish("all");
  expect([said(wishes, 509), said(wishes, 510)]).toEqual([undefined, "ff0000"]);
});

test("nothing wanted is said as a symbol that no server has, for an empty list means all", () => {
  const wishes = new SubscriptionWishes([]);
  wishes.opened(0);
  expect(said(wishes, 0)).toBe("ff0100ffff");
  expect([wishes.wants(0), wishes.isAll]).toEqual([false, false]);
});

test("a wish made while there is no connection is said on the next", () => {
  const wishes = new SubscriptionWishes([1]);
  wishes.opened(0);
  expect(said(wishes, 0)).toBeDefined();
  wishes.closed();
  wishes.wish([2]);
  expect([said(wishes, 1_000), wishes.wants(2)]).toEqual([undefined, true]);
  wishes.opened(2_000 * MS);
  expect(said(wishes, 2_000)).toBe("ff01000200");
});

test("510 symbols go into one Subscribe, 511 are refused and change nothing", () => {
  const symbols = Array.from({ length: 511 }, (_, i) => i);
  const wishes = new SubscriptionWishes(symbols.slice(1));
  expect(() => wishes.wish(symbols)).toThrow("511 symbols are wanted: a subscription has 510 at most");
  wishes.opened(0);
  expect(wishes.take(0)?.length).toBe(1_023);
  expect([wishes.wants(0), wishes.wants(510)]).toEqual([false, true]);
});

test.each([
  [[65_536], "symbol 65536 is not an integer from 0 to 65535"],
  [[1, -1], "symbol -1 is"],
  [[0.5], "symbol 0.5 is"],
  ["some", "neither"],
])("%j is refused", (wish, why) => {
  expect(() => new SubscriptionWishes(wish as number[])).toThrow(why);
});
