// A symbol's picture, from messages alone: what it holds after these, and what counts as a gap.

import { expect, test } from "vitest";
import { type BookSide, Market } from "../../../src/client/index.ts";
import { INSTRUMENTS } from "./support.ts";

type Message = Parameters<Market["apply"]>[0];

function market(): Market {
  return new Market(INSTRUMENTS[0]);
}

function levels({ prices, quantities, orders }: BookSide): number[][] {
  return prices.map((price, i) => [price, quantities[i], orders[i]]);
}

const SNAPSHOT: Message = {
  type: "depth",
  symbol: "BTC-USD",
  sequence: "41",
  snapshot: true,
  bids: [
    ["69999.50", 5, 2],
    ["69999.00", 9, 1],
  ],
  asks: [["70000.50", 4, 1]],
};

function depth(sequence: string, previous: string, bids: unknown[], asks: unknown[] = []): Message {
  return { type: "depth", symbol: "BTC-USD", sequence, previous, bids, asks } as Message;
}

test("prices are ticks, and the step of the instrument is in ticks", () => {
  const taken = market();
  expect(taken.step).toBe(50);
  expect(taken.apply(SNAPSHOT)).toBe(true);
  expect(levels(taken.book.bids)).toEqual([
    [6999950, 5, 2],
    [6999900, 9, 1],
  ]);
  expect(levels(taken.book.asks)).toEqual([[7000050, 4, 1]]);
});

test("changes set, add and take out levels, best first", () => {
  const taken = market();
  taken.apply(SNAPSHOT);
  taken.apply(
    depth("44", "41", [
      ["69999.50", 0, 0],
      ["69998.50", 3, 1],
      ["70000.00", 1, 1],
      ["69999.00", 2, 1],
      ["1.00", 0, 0],
    ]),
  );
  expect(levels(taken.book.bids)).toEqual([
    [7000000, 1, 1],
    [6999900, 2, 1],
    [6999850, 3, 1],
  ]);
  taken.apply(
    depth(
      "45",
      "44",
      [],
      [
        ["70000.25", 7, 1],
        ["80000.00", 1, 1],
      ],
    ),
  );
  expect(levels(taken.book.asks).map(([price]) => price)).toEqual([7000025, 7000050, 8000000]);
});

test("a snapshot takes the place of everything", () => {
  const taken = market();
  taken.apply(SNAPSHOT);
  taken.apply({ ...SNAPSHOT, sequence: "50", bids: [], asks: [] } as Message);
  expect(levels(taken.book.bids)).toEqual([]);
  expect(levels(taken.book.asks)).toEqual([]);
});

test("a message that does not join is a gap, and then only a snapshot goes on", () => {
  const taken = market();
  taken.apply(SNAPSHOT);
  expect(taken.apply(depth("50", "47", [["1.00", 1, 1]]))).toBe(false);
  expect(taken.isCurrent("depth")).toBe(false);
  // Still under way while the channel is asked for anew: no gap again.
  expect(taken.apply(depth("51", "50", [["2.00", 1, 1]]))).toBe(true);
  expect(levels(taken.book.bids)).toHaveLength(2);
  expect(taken.apply({ ...SNAPSHOT, sequence: "51" } as Message)).toBe(true);
  expect(taken.apply(depth("52", "51", [["3.00", 1, 1]]))).toBe(true);
  expect(levels(taken.book.bids)).toHaveLength(3);
});

test("channels join apart, and each interval of candles by itself", () => {
  const taken = market();
  const candles = (interval: number, sequence: string, previous?: string) =>
    ({
      type: "candles",
      symbol: "BTC-USD",
      sequence,
      interval,
      ...(previous === undefined ? { snapshot: true } : { previous }),
      candles: [[1_790_000_000, "1.00", "2.00", "0.50", "1.50", 7]],
    }) as Message;
  taken.apply(SNAPSHOT);
  expect(
    [candles(1, "42"), candles(10, "43"), candles(1, "44", "42")].map((each) => taken.apply(each)),
  ).toEqual([true, true, true]);
  expect(taken.apply(candles(10, "46", "44"))).toBe(false);
  expect(taken.isCurrent("depth")).toBe(true);
});

test("a candle that changed takes the place of the one with its start, and a snapshot begins a generation", () => {
  const taken = market();
  const say = (sequence: string, previous: string | undefined, ...rows: unknown[]) =>
    taken.apply({
      type: "candles",
      symbol: "BTC-USD",
      sequence,
      interval: 60,
      ...(previous === undefined ? { snapshot: true, since: sequence } : { previous }),
      candles: rows,
    } as Message);
  say("1", undefined, [60, "1.00", "1.00", "1.00", "1.00", 1], [120, "1.00", "1.00", "1.00", "1.00", 1]);
  say("2", "1", [120, "1.00", "3.00", "1.00", "3.00", 4], [180, "3.00", "3.00", "3.00", "3.00", 1]);
  const series = taken.candles.get(60)!;
  expect(series.candles.map(({ start, close, quantity }) => [start, close, quantity])).toEqual([
    [60, 100, 1],
    [120, 300, 4],
    [180, 300, 1],
  ]);
  expect([series.generation, series.since_us]).toEqual([1, 1]);
  say("3", undefined);
  expect([series.candles.length, series.generation]).toEqual([0, 2]);
});

test("trades are kept oldest first, and no more than can be looked at", () => {
  const taken = market();
  const trade = (id: number) => ({ id: String(id), price: "1.00", quantity: 1, aggressor: "buy", time: "5" });
  taken.apply({
    type: "trades",
    symbol: "BTC-USD",
    sequence: "1",
    snapshot: true,
    trades: [trade(0)],
  } as Message);
  for (let i = 1; i <= 2_000; i++) {
    const [sequence, previous] = [String(i + 1), String(i)];
    taken.apply({ type: "trades", symbol: "BTC-USD", sequence, previous, trades: [trade(i)] } as Message);
  }
  expect(taken.trades.at(-1)?.id).toBe("2000");
  expect(taken.trades.length).toBeGreaterThanOrEqual(500);
  expect(taken.trades.length).toBeLessThanOrEqual(600);
});

test("a quote is its two best levels, or none", () => {
  const taken = market();
  const quote = { type: "quote", symbol: "BTC-USD", sequence: "1", snapshot: true } as const;
  taken.apply({ ...quote, bid: ["69999.00", 9, 1], ask: null });
  expect([taken.bestBid, taken.bestAsk]).toEqual([{ price: 6999900, quantity: 9, orders: 1 }, null]);
});

test("prices with 18 decimals and the largest number of ticks are exact", () => {
  const tiny = new Market({ symbol: "X", decimals: 18, tick: "0.000000000000000001", lot: 1 });
  tiny.apply({ ...SNAPSHOT, symbol: "X", bids: [["0.009007199254740991", 1, 1]], asks: [] } as Message);
  expect(tiny.book.bids.prices).toEqual([Number.MAX_SAFE_INTEGER]);
  expect(tiny.step).toBe(1);
});

test("a price that can't be one is refused in words", () => {
  expect(() => market().apply({ ...SNAPSHOT, bids: [["1.005", 1, 1]] } as Message)).toThrow(
    "the exchange sent 1.005, no price with 2 decimals",
  );
});

const DAY = { open: "69999.50", high: "70001.00", low: "69999.00", last: "70000.00", volume: 7, trades: 3 };
const at = (seconds: number) => ({
  since: "1790000000000000",
  time: String((1_790_000_000 + seconds) * 1e6),
});

test("a day is in ticks, and its closes go on: one each ten seconds with trades", () => {
  const taken = market();
  const of = { type: "statistics", symbol: "BTC-USD" } as const;
  const none = {
    open: null,
    high: null,
    low: null,
    last: null,
    volume: 0,
    trades: 0,
    since: null,
    time: null,
  };
  taken.apply({ ...of, sequence: "1", snapshot: true, ...none, closes: [] });
  expect([taken.statistics.day, taken.statistics.closes]).toEqual([undefined, []]);
  taken.apply({ ...of, sequence: "2", snapshot: true, ...DAY, ...at(3), closes: ["1.00", "70000.00"] });
  expect(taken.statistics.day).toEqual({
    ...{ since_us: 1_790_000_000_000_000, time_us: 1_790_000_003_000_000, volume: 7, trades: 3 },
    ...{ open: 6_999_950, high: 7_000_100, low: 6_999_900, last: 7_000_000 },
  });
  taken.apply({ ...of, sequence: "3", previous: "2", ...DAY, ...at(9), last: "2.00" });
  taken.apply({ ...of, sequence: "4", previous: "3", ...DAY, ...at(10), last: "3.00" });
  expect(taken.statistics.closes).toEqual([100, 200, 300]);
  for (let i = 0; i < 80; i++)
    taken.apply({ ...of, sequence: String(i + 5), previous: String(i + 4), ...DAY, ...at(20 + i * 10) });
  expect([taken.statistics.closes.length, taken.statisticsVersion]).toEqual([60, 84]);
});

test("a queue, a status and a quote are the last ones that came; what was conflated adds up", () => {
  const taken = market();
  const symbol = "BTC-USD";
  const level = { side: "buy", price: "69999.50", quantity: 8, orders: 2 } as const;
  taken.apply({
    type: "queue",
    symbol,
    sequence: "1",
    snapshot: true,
    ...level,
    queue: [
      [1, 5],
      [2, 3, "7"],
    ],
  });
  expect(taken.queue).toEqual({
    ...{ side: "buy", price: 6_999_950, quantity: 8, orders: 2 },
    queue: [
      { place: 1, quantity: 5, id: undefined },
      { place: 2, quantity: 3, id: "7" },
    ],
  });
  expect(taken.status).toBeUndefined();
  taken.apply({ type: "instrument", symbol, sequence: "2", snapshot: true, status: "halted" });
  taken.apply({ type: "quote", symbol, sequence: "3", snapshot: true, bid: null, ask: null, conflated: 4 });
  taken.apply({ type: "quote", symbol, sequence: "9", snapshot: true, bid: null, ask: null, conflated: 2 });
  expect([taken.status, taken.conflated, taken.sequenceOf("quotes")]).toEqual(["halted", 6, "9"]);
  taken.forgetQueue();
  expect([taken.queue, taken.isCurrent("queue")]).toEqual([undefined, false]);
});
