// The crowd's market as people will see it, on the engine itself and in simulated time.

import { expect, test } from "vitest";
import { TRADERS, TraderCrowd, tradedInstrument } from "../../../src/lab/index.ts";
import { EngineExchange } from "./engine-exchange.ts";

const instruments = [
  { name: "BTC-USD", priceDecimals: 2, tick: 50, lot: 1 },
  { name: "ETH-USD", priceDecimals: 2, tick: 5, lot: 1 },
  { name: "EUR-USD", priceDecimals: 5, tick: 1, lot: 1 },
  { name: "ODD", priceDecimals: 0, tick: 7, lot: 3 },
];

function run(seed: number, seconds: number, rate = 2_000): EngineExchange {
  const exchange = new EngineExchange({ instruments, rate, seed });
  exchange.run(seconds);
  return exchange;
}

test.each([1, 2, 3])(
  "with seed %i every book has 20 levels on both sides, a spread of some ticks, and trades",
  (seed) => {
    const exchange = run(seed, 20);
    instruments.forEach(({ tick }, symbol) => {
      const { bids, asks } = exchange.desk.engine.book(symbol);
      expect(bids.length).toBeGreaterThanOrEqual(20);
      expect(asks.length).toBeGreaterThanOrEqual(20);
      const spread_ticks = (asks[0].price - bids[0].price) / tick;
      expect(spread_ticks).toBeLessThanOrEqual(30);
      const fair = exchange.crowd.fairPrice(symbol);
      expect(Math.abs((asks[0].price + bids[0].price) / 2 - fair) / tick).toBeLessThanOrEqual(20);
      const trades = exchange.trades.filter((trade) => trade.symbol === symbol);
      expect(trades.length).toBeGreaterThan(20 * 20);
      // Candles that move: not one price for ever.
      expect(new Set(trades.map(({ price }) => price)).size).toBeGreaterThan(10);
      for (const { price } of [...bids, ...asks]) expect(price % tick).toBe(0);
    });
    expect(exchange.rejects).toEqual([]);
  },
);

test("a crowd that acts seldom stands further apart and is not emptied", () => {
  const exchange = run(1, 120, 20);
  instruments.forEach((_, symbol) => {
    const { bids, asks } = exchange.desk.engine.book(symbol);
    expect(Math.min(bids.length, asks.length)).toBeGreaterThanOrEqual(10);
  });
});

test("the same seed gives the same commands, another one others", () => {
  const [first, again, other] = [run(5, 3), run(5, 3), run(6, 3)];
  expect(again.commands).toEqual(first.commands);
  expect(other.commands).not.toEqual(first.commands);
});

test("a fair price depends on seed, instrument and time alone", () => {
  const traded = instruments.map((instrument, symbol) =>
    tradedInstrument({ ...instrument, symbol, status: 0 }),
  );
  const pricesOf = (seed: number, which: readonly number[], rate: number) => {
    const chosen = which.map((symbol) => traded[symbol]);
    const crowd = new TraderCrowd({ instruments: chosen, rate, seed, now_us: 0 });
    crowd.advance(10e6);
    return which.map((symbol, index) => crowd.fairPrice(index) / traded[symbol].start);
  };
  const all = pricesOf(1, [0, 1, 2, 3], 2_000);
  expect(pricesOf(1, [3, 1], 10)).toEqual([all[3], all[1]]);
  expect(new Set([...all, ...pricesOf(2, [0, 1, 2, 3], 2_000)]).size).toBe(8);
  // Not one walk in four sizes: some go up where others go down.
  const ups = [1, 2, 3, 4].flatMap((seed) => pricesOf(seed, [0, 1, 2, 3], 1)).filter((ratio) => ratio > 1);
  expect(ups.length).toBeGreaterThan(2);
  expect(ups.length).toBeLessThan(14);
});

test("everybody takes part, with every kind of command", () => {
  const { commands } = run(1, 5);
  const parsed = commands.map((line) => JSON.parse(line) as [number, { kind: string }]);
  expect([...new Set(parsed.map(([account]) => account))].sort()).toEqual([...Array(TRADERS).keys()]);
  const kinds = ["cancel", "ioc", "limit", "market", "modify"];
  expect([...new Set(parsed.map(([, { kind }]) => kind))].sort()).toEqual(kinds);
});

test("what the traders say rests is what the engine has", () => {
  const exchange = run(1, 10);
  const said = exchange.crowd.traders.flatMap((trader) => trader.cancels());
  expect(exchange.desk.engine.restingOrders).toBeGreaterThan(200);
  exchange.crowd.traders.forEach((trader, account) => {
    for (const command of trader.cancels()) exchange.execute(account, command);
  });
  // Slots that were never used may rest for all they know; everything else does.
  expect(said.length).toBeLessThanOrEqual(4 * 104);
  expect(exchange.desk.engine.restingOrders).toBe(0);
});
