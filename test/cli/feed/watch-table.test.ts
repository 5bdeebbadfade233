// What the view of a feed shows of a symbol cache, look after look, and the words of its figures.

import { expect, test } from "vitest";
import {
  COLUMNS,
  cell,
  columnsThatFit,
  countedText,
  countText,
  durationText,
  fittedLine,
  fittedParts,
} from "../../../src/cli/feed/watch/columns.ts";
import { MarketTable } from "../../../src/cli/feed/watch/market-table.ts";
import { reasonOf } from "../../../src/cli/feed/watch/summary.ts";
import { decimalsOf } from "../../../src/cli/feed/watch/tick-feed.ts";
import { CacheReader, CacheWriter, createCache } from "../../../src/feed/index.ts";

function market() {
  const cache = createCache(4);
  const writer = new CacheWriter(cache);
  return { writer, table: new MarketTable({ cache: new CacheReader(cache), decimalsOf }) };
}

test("a row is the symbol as it is: what is not there yet is undefined", () => {
  const { writer, table } = market();
  const slot = writer.define(7, "SYM007", 2);
  table.look(1_000);
  expect(table.rows).toMatchObject([
    { id: 7, name: "SYM007", bid: undefined, ask: undefined, last: undefined, change: undefined, updates: 0 },
  ]);
  writer.quote(slot, 99.5, 3, 0, 0, 1, 0);
  writer.trade(slot, 100, 5, 2, 0);
  writer.trade(slot, 102, 1, 3, 0);
  table.look(1_250);
  expect(table.rows).toMatchObject([
    {
      bid: 99.5,
      bidQuantity: 3,
      ask: undefined,
      last: 102,
      volume: 6,
      change: 102 / 100 - 1,
      updates: 3,
      age_ms: 0,
    },
  ]);
});

test("where the wire says nothing of decimals a symbol keeps as many as any of its prices needed", () => {
  const { writer, table } = market();
  const slot = writer.define(7, "SYM007", 2);
  const decimals = [10.5, 10.5025, 10.5, 10.1 + 0.2].map((price) => {
    writer.quote(slot, price, 3, 11, 1, 1, 0);
    table.look(1_000);
    return table.rows[0].decimals;
  });
  expect(decimals).toEqual([2, 4, 4, 8]);
});

test("a price that moved shows where it went for a second, and a silent symbol how long it has been silent", () => {
  const { writer, table } = market();
  const slot = writer.define(0, "A", 0);
  const looks: [at_ms: number, price: number | undefined, direction: number, age_ms: number][] = [
    [0, 100, 0, 0],
    [250, 101, 1, 0],
    [500, undefined, 1, 250],
    [1_250, undefined, 0, 1_000],
    [1_500, 99, -1, 0],
    [1_750, 99, -1, 0],
  ];
  for (const [at_ms, price, direction, age_ms] of looks) {
    if (price !== undefined) writer.trade(slot, price, 1, 0, 0);
    table.look(at_ms);
    expect([at_ms, table.rows[0].direction, table.rows[0].age_ms]).toEqual([at_ms, direction, age_ms]);
  }
});

test("the rate comes near to the updates of a second, and falls to nothing when they end", () => {
  const { writer, table } = market();
  const slot = writer.define(0, "A", 0);
  for (let look = 0; look < 80; look++) {
    for (let i = 0; i < 25; i++) writer.trade(slot, 1, 1, 0, 0);
    table.look(look * 250);
  }
  expect(table.rate).toBeGreaterThan(99);
  expect(table.rate).toBeLessThan(101);
  for (let look = 80; look < 160; look++) table.look(look * 250);
  expect(table.rate).toBeLessThan(1);
});

// A snapshot of 3,000 symbols was shown as 3,000 updates a second.
test("the first update of a symbol is how it stood, and counts for no rate", () => {
  const { writer, table } = market();
  table.look(0);
  const told = [1, 5].map((updates, symbol) => {
    const slot = writer.define(symbol, "A", 0);
    for (let i = 0; i < updates; i++) writer.trade(slot, 1, 1, 0, 0);
    return { updates, rate: (updates - 1) * 4 };
  });
  table.look(250);
  expect(table.rows).toMatchObject(told);
});

test("updates are counted from a reset on, rates go on", () => {
  const { writer, table } = market();
  const slot = writer.define(0, "A", 0);
  writer.trade(slot, 1, 1, 0, 0);
  table.look(1_000);
  table.reset();
  writer.trade(slot, 1, 1, 0, 0);
  table.look(2_000);
  expect(table.rows).toMatchObject([{ updates: 1, rate: 1, volume: 2 }]);
});

test("figures have at most six characters, durations their unit", () => {
  const counts = [0, 999, 1_000, 1_234, 12_345, 123_456, 999_499, 999_500, 45_600_000, 2 ** 53];
  expect(counts.map(countText)).toEqual([
    "0",
    "999",
    "1.00k",
    "1.23k",
    "12.3k",
    "123k",
    "999k",
    "1.00M",
    "45.6M",
    "9.01P",
  ]);
  expect([950, 12_345, 4_560_000, 999_500_000, 12_000_000_000].map(durationText)).toEqual([
    "950 ns",
    "12.3 us",
    "4.56 ms",
    "1.00 s",
    "12.00 s",
  ]);
});

test("columns that don't fit are left out, counts first, the symbol never; 80 columns show how old a price is", () => {
  const titles = (width: number) => columnsThatFit(width).map(({ title }) => title);
  expect(titles(5)).toEqual(["symbol"]);
  expect(titles(45)).toEqual(["symbol", "bid", "ask"]);
  expect(titles(80)).toEqual(["symbol", "bid", "ask", "last", "change", "upd/s", "age"]);
  expect(titles(78)).toEqual(["symbol", "bid", "ask", "last", "change", "age"]);
  expect(titles(120)).toHaveLength(9);
});

test("a symbol is named whole, however long its name may be", () => {
  expect(cell("BTC-PERP-261127A", COLUMNS[0])).toBe("BTC-PERP-261127A");
});

// Of "p99 340 ms" a terminal of 40 columns showed "p99 34".
test.each([
  [22, "p95 336 ms  p99 340 ms"],
  [21, "p95 336 ms  p99 340 …"],
  [19, "p95 336 ms  p99 …"],
  [5, "p95 …"],
  [3, "p9…"],
])("a line is cut between two words in %i columns: %s", (width, text) => {
  expect(fittedLine("p95 336 ms  p99 340 ms", width)).toBe(text);
});

// Of "3 gaps  30 symbols" a terminal of 40 columns showed "30 …".
test.each([
  [18, "3 gaps  30 symbols"],
  [17, "3 gaps  …"],
  [9, "3 gaps  …"],
  [8, "3 gaps …"],
  [5, "3 …"],
])("figures are left out whole in %i columns: %s", (width, text) => {
  expect(fittedParts(["3 gaps", "30 symbols"], "  ", width)).toBe(text);
});

test("one is said in the singular", () => {
  expect([countedText(1, "gap"), countedText(0, "gap"), countedText(1_234, "gap")]).toEqual([
    "1 gap",
    "0 gaps",
    "1.23k gaps",
  ]);
  expect([1, 2].map((count) => countedText(count, "hole in a symbol", "holes in a symbol"))).toEqual([
    "1 hole in a symbol",
    "2 holes in a symbol",
  ]);
});

test.each([
  ["can't connect to a:1: nothing listens there", "nothing listens there"],
  ["the feed's connection to a:1: nothing came in time", "nothing came in time"],
  ["the connection to a:1 was lost: the server closed it", "the server closed it"],
  ["a:1 sends no ticks stream", "sends no ticks stream"],
  ["something else", "something else"],
])("the title has the address, so the reason leaves it out: %s", (message, reason) => {
  expect(reasonOf(message, "a:1")).toBe(reason);
});
