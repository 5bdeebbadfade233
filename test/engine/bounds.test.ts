// The engine at its bounds: a level's total, gaps and drifts of prices, as commands see them.

import { expect, test } from "vitest";
import { SAFE_MAX, U32_MAX } from "../../src/base/index.ts";
import { CommandWord, EventFlag, EventKind, Reason, Side } from "../../src/protocol/index.ts";
import { buy, ioc, market, modify, sell } from "./orders.ts";
import { Desk } from "./support.ts";

test("an order that would push a level's total past 2^53-1 is refused, new or modified, and no other", () => {
  // 2^21 orders of 2^32-1 lots leave room for 2^21-1 lots more.
  const orders = 2 ** 21;
  const room = 2 ** 21 - 1;
  const limits = { maxQuantity: U32_MAX, maxNotional: SAFE_MAX, ordersMax: orders + 2 };
  const desk = new Desk(limits, ["S0"], 4096);
  const first = buy(0, 1, U32_MAX);
  desk.do(first);
  desk.fill(orders - 1, (words, i) => {
    words[CommandWord.orderIdLow] = i + 1;
  });
  const level = () => desk.engine.book(0).bids.at(-1);
  expect(level()).toEqual({ price: 1, total: orders * U32_MAX, orders });

  const full = { kind: EventKind.Reject, reason: Reason.StorageExhausted };
  expect(desk.one(buy(-1, 1, room + 1))).toMatchObject(full);
  expect(desk.one(ioc(-1, Side.Buy, 1, U32_MAX))).toMatchObject({ kind: EventKind.Accept });
  expect(desk.one(market(-1, Side.Buy, U32_MAX))).toMatchObject({ kind: EventKind.Accept });

  // From another price.
  expect(desk.one(buy(-1, 2, 5))).toMatchObject({ kind: EventKind.Accept });
  expect(desk.one(modify(-1, 1, room + 1))).toMatchObject(full);
  expect(desk.one(modify(-1, 1, room - 1))).toMatchObject({ kind: EventKind.Modify });
  // At its own price, what rests of it leaves first.
  expect(desk.one(modify(-1, 1, room + 1))).toMatchObject(full);
  expect(desk.one(modify(-1, 1, room))).toMatchObject({ kind: EventKind.Modify });
  expect(level()).toEqual({ price: 1, total: SAFE_MAX, orders: orders + 1 });
  expect(desk.one(buy(-2, 1, 1))).toMatchObject(full);
  // A trade makes room again.
  expect(desk.do(sell(-3, 1, 1)).length).toBe(2);
  expect(desk.one(buy(-2, 1, 1))).toMatchObject({ kind: EventKind.Accept });
  expect(level()).toEqual({ price: 1, total: SAFE_MAX, orders: orders + 2 });
});

test("a sweep over gaps of a million ticks trades level by level and takes what lies behind", () => {
  const desk = new Desk({ maxNotional: SAFE_MAX });
  const prices = [1, 2, 1_000_000, 2_000_000, 2 ** 32, 2 ** 32 + 1_000_000, 2 ** 52, SAFE_MAX];
  for (const [i, price] of [...prices].reverse().entries()) desk.do(sell(i, price, 1));
  const trades = desk.do(market(99, Side.Buy, 8)).slice(1);
  expect(trades.map((trade) => trade.price)).toEqual(prices);
  expect(trades.at(-1)).toMatchObject({ leaves: 0, flags: EventFlag.Last });
  expect(desk.engine.book(0)).toEqual({ bids: [], asks: [], orders: 0 });
});

test("a market that falls 100,000 ticks trades at every price on its way", () => {
  const desk = new Desk({ maxNotional: SAFE_MAX }, ["S0"], 4096);
  let id = 0;
  for (let price = 100_000; price > 0; price -= 100) {
    desk.do(buy(id++, price, 2));
    desk.do(buy(id++, Math.max(1, price - 50_000), 1));
    const [accept, trade, ...more] = desk.do(ioc(id++, Side.Sell, price, 2));
    expect([accept.kind, trade.price, trade.quantity, more]).toEqual([EventKind.Accept, price, 2, []]);
    // The orders left behind are taken out again once they are many.
    if (desk.engine.restingOrders > 60) desk.do(market(id++, Side.Sell, 1));
  }
  const { bids, asks } = desk.engine.book(0);
  expect(asks).toEqual([]);
  expect(bids.map((level) => level.price)).toEqual(
    [...bids.map((level) => level.price)].sort((a, b) => b - a),
  );
});
