// The overview's rows: what is said of the day, the order of instruments, a sparkline's line, and what is asked for.

import { expect, test } from "vitest";
import { Market, type MarketChannel } from "../../src/client/socket/index.ts";
import {
  changeKind,
  changeOf,
  changeText,
  marketWords,
  nextSorting,
  type Sorting,
  sortedSymbols,
  sparkKind,
  sparkPoints,
} from "../../web/market-rows.ts";
import { ROWS_SHOWN_MAX, ShownMarkets } from "../../web/shown-markets.ts";

/** A market whose day went from `open` to `last`, in units; undefined: nothing was traded. */
function market(symbol: string, open?: string, last = open, volume = 1, decimals = 2): Market {
  const made = new Market({ symbol, decimals, tick: "1", lot: 1 });
  if (open === undefined || last === undefined) return made;
  const day = { since: "0", open, high: open, low: open, last, volume, trades: 1, time: "5" };
  made.apply({ type: "statistics", symbol, sequence: "1", snapshot: true, ...day, closes: [last] });
  return made;
}

test.each([
  [market("A", "100.00", "101.50"), "+1.50 %", "buy"],
  [market("A", "100.00", "99.00"), "−1.00 %", "sell"],
  [market("A", "100.00", "100.00"), "0.00 %", ""],
  // It was red.
  [market("A", "100000.00", "99999.99"), "0.00 %", ""],
  [market("A", "-10.00", "-9.00"), "+10.00 %", "buy"],
  [market("A", "0.00", "5.00"), "–", ""],
  [market("A"), "–", ""],
])("the day's change and its colour, case %#", (of, text, kind) => {
  expect([changeText(changeOf(of)), changeKind(changeOf(of))]).toEqual([text, kind]);
});

const MARKETS = new Map(
  [
    market("B", "10.00", "11.00", 5),
    market("C"),
    market("A", "3.0000", "2.0000", 9, 4),
    market("D", "200.00", "210.00", 1),
  ].map((each) => [each.symbol, each]),
);

test.each<[Sorting, string]>([
  [undefined, "BCAD"],
  [{ key: "name", isDown: false }, "ABCD"],
  [{ key: "name", isDown: true }, "DCBA"],
  [{ key: "last", isDown: true }, "DBAC"],
  [{ key: "last", isDown: false }, "ABDC"],
  [{ key: "change", isDown: true }, "BDAC"],
  [{ key: "volume", isDown: true }, "ABDC"],
  [{ key: "bid", isDown: true }, "BCAD"],
])("instruments sorted by %j stand as %s: of which nothing is known last", (sorting, order) => {
  expect(sortedSymbols(MARKETS, sorting).join("")).toBe(order);
});

test("a row says what each figure is, and nothing of what is not known", () => {
  const known = marketWords(["A-USD", "101.50", "+1.50 %", "101.00", "102.00", "1,204"]);
  expect(known).toBe("A-USD, last 101.50, day +1.50 %, bid 101.00, ask 102.00, lots 1,204");
  expect(marketWords(["A-USD (off)", "–", "–", "99.00", "–", "–"])).toBe("A-USD (off), bid 99.00");
});

test("a title sorts by its column, then the other way round, then as listed", () => {
  const clicks = (key: "name" | "last") => {
    const first = nextSorting(undefined, key);
    const second = nextSorting(first, key);
    return [first?.isDown, second?.isDown, nextSorting(second, key)];
  };
  expect(clicks("name")).toEqual([false, true, undefined]);
  expect(clicks("last")).toEqual([true, false, undefined]);
  expect(nextSorting({ key: "name", isDown: true }, "last")).toEqual({ key: "last", isDown: true });
});

// It had the colour of the day, whose beginning it doesn't show: a rising line was red.
test.each([
  [[5, 7, 6], "buy"],
  [[6, 4, 5], "sell"],
  [[5, 9, 5], ""],
  [[], ""],
])("the line of %j has the colour of where it goes", (closes, kind) => {
  expect(sparkKind(closes)).toBe(kind);
});

test.each([
  [[5, 7, 6], "0.0,19.0 40.0,1.0 80.0,10.0"],
  [[5, 5], "0.0,10.0 80.0,10.0"],
  [[5], "0.0,10.0 80,10.0"],
])("the line of %j", (closes, points) => {
  expect(sparkPoints(closes)).toBe(points);
});

/** A connection that keeps what it is asked for. */
function connection(symbols: number) {
  const names = Array.from({ length: symbols }, (_, i) => `S${i}`);
  const said: string[] = [];
  const live = new Set<string>();
  return {
    names,
    said,
    live,
    markets: new Map(names.map((name) => [name, market(name)])),
    subscribe(channels: readonly MarketChannel[], asked: readonly string[]): void {
      said.push(`+${channels.length}x${asked.length}`);
      for (const channel of channels) for (const symbol of asked) live.add(`${channel} ${symbol}`);
    },
    unsubscribe(channels: readonly MarketChannel[], asked: readonly string[]): void {
      said.push(`-${channels.length}x${asked.length}`);
      for (const channel of channels) for (const symbol of asked) live.delete(`${channel} ${symbol}`);
    },
  };
}

test("rows on the screen are live, and only what changes is asked for", () => {
  const socket = connection(100);
  const shown = new ShownMarkets();
  shown.show(socket, socket.names.slice(0, 10), false, "");
  shown.show(socket, socket.names.slice(0, 10), false, "");
  shown.show(socket, socket.names.slice(3, 13), false, "");
  expect(socket.said).toEqual(["+3x10", "-2x3", "-1x3", "+3x3"]);
  expect(socket.live.size).toBe(3 * 10);
  for (const symbol of socket.names.slice(3, 13)) expect(socket.live).toContain(`statistics ${symbol}`);
  shown.show(socket, socket.names, false, "");
  expect(socket.live.size).toBe(3 * ROWS_SHOWN_MAX);
  shown.hide("");
  expect(socket.live.size).toBe(0);
});

// An exchange takes 2,048 channels of a subscriber: of rows that are gone none may stay.
test("of rows that are gone nothing is asked for any more but the status of the one that is selected", () => {
  const socket = connection(3_000);
  const shown = new ShownMarkets();
  for (let from = 0; from < 3_000; from += 20) {
    shown.show(socket, socket.names.slice(from, from + 20), false, "S7");
    expect(socket.live.size).toBeLessThanOrEqual(3 * 20 + 1);
  }
  shown.hide("S7");
  expect([...socket.live]).toEqual(["instruments S7"]);
});

test("the status of a row whose instrument was selected, which the page has left by then, is asked for again", () => {
  const socket = connection(5);
  const shown = new ShownMarkets();
  shown.show(socket, socket.names, false, "S1");
  socket.unsubscribe(["instruments"], ["S1"]);
  socket.subscribe(["instruments"], ["S9"]);
  shown.show(socket, socket.names, false, "S9");
  for (const symbol of [...socket.names, "S9"]) expect(socket.live).toContain(`instruments ${symbol}`);
  socket.unsubscribe(["instruments"], ["S9"]);
  shown.show(socket, socket.names, false, "S2");
  expect(socket.live).not.toContain("instruments S9");
  // Selected and scrolled away at once.
  socket.unsubscribe(["instruments"], ["S2"]);
  shown.show(socket, ["S0"], false, "S1");
  expect([...socket.live].sort()).toEqual(["instruments S0", "instruments S1", "quotes S0", "statistics S0"]);
});

test("where quotes are there anyway they stay, and another connection is asked from the beginning", () => {
  const [socket, other] = [connection(5), connection(5)];
  const shown = new ShownMarkets();
  shown.show(socket, socket.names, true, "");
  shown.show(other, other.names, true, "");
  expect([socket.said, other.said]).toEqual([["+2x5"], ["+2x5"]]);
});

test("those that can't be seen are looked at in turn, 40 together, faster the first time round", () => {
  const socket = connection(110);
  const shown = new ShownMarkets();
  shown.look();
  shown.show(socket, socket.names.slice(0, 10), false, "");
  socket.said.length = 0;
  for (let i = 0; i < 3; i++) shown.look();
  expect(socket.said).toEqual(["+1x40", "-1x40", "+1x40", "-1x40", "+1x20", "-1x20"]);
  expect(socket.live.size).toBe(3 * 10);
  socket.said.length = 0;
  for (let i = 0; i < 8; i++) shown.look();
  expect(socket.said).toEqual(["+1x40", "-1x40", "+1x40", "-1x40"]);
});
