// An account's orders and fills, from the list and the messages that follow it.

import { expect, test } from "vitest";
import { OwnOrders } from "../../../src/client/index.ts";

const ORDER = { symbol: "BTC-USD", id: "1", side: "buy", price: "69999.50", open: 3 } as const;
const TIME = { sequence: "18", time: "1790000000000000" } as const;

function orders(): OwnOrders {
  return new OwnOrders(() => 2);
}

function listed(): OwnOrders {
  const own = orders();
  own.takeList({ type: "orders", sequence: "17", last: true, orders: [ORDER] });
  return own;
}

function shown(own: OwnOrders): string[] {
  return [...own.open()].map(
    ({ symbol, id, side, price, open }) => `${symbol} ${id} ${side} ${open}@${price}`,
  );
}

test("a list may come in pieces and counts when it is complete", () => {
  const own = orders();
  own.takeList({ type: "orders", sequence: "17", orders: [ORDER] });
  expect([own.isCurrent, own.size]).toEqual([false, 0]);
  own.takeList({ type: "orders", sequence: "17", last: true, orders: [{ ...ORDER, id: "2" }] });
  expect(own.isCurrent).toBe(true);
  expect(shown(own)).toEqual(["BTC-USD 1 buy 3@6999950", "BTC-USD 2 buy 3@6999950"]);
});

// An account with 12,000 orders was shown 10,000, and cancelling "all" of them left 2,000 without a word.
test("a list that was cut short says so, until a whole one comes", () => {
  const own = orders();
  const list = { type: "orders", sequence: "17", last: true, orders: [ORDER] } as const;
  own.takeList({ ...list, truncated: true });
  expect([own.size, own.isTruncated]).toEqual([1, true]);
  own.takeList(list);
  expect([own.size, own.isTruncated]).toEqual([1, false]);
});

test.each([
  ["accepted", { ...ORDER, id: "2" }, ["BTC-USD 1 buy 3@6999950", "BTC-USD 2 buy 3@6999950"]],
  ["modified", { ...ORDER, price: "70000.00", open: 5 }, ["BTC-USD 1 buy 5@7000000"]],
  ["cancelled", { ...ORDER, open: 0 }, []],
  ["expired", { ...ORDER, open: 0 }, []],
] as const)("an order is %s", (event, order, after) => {
  const own = listed();
  own.takeOrder({ type: "order", event, ...TIME, ...order });
  expect(shown(own)).toEqual(after);
});

test("the same id on another symbol is another order", () => {
  const own = listed();
  own.takeOrder({ type: "order", event: "accepted", ...TIME, ...ORDER, symbol: "ETH-USD" });
  own.takeOrder({ type: "order", event: "cancelled", ...TIME, ...ORDER, open: 0 });
  expect(shown(own)).toEqual(["ETH-USD 1 buy 3@6999950"]);
});

test("a market order never rests", () => {
  const own = listed();
  own.takeOrder({ type: "order", event: "accepted", ...TIME, ...ORDER, id: "9", price: null });
  expect(own.size).toBe(1);
});

test("a fill leaves what is open, and the last one nothing", () => {
  const own = listed();
  const fill = {
    ...TIME,
    type: "fill",
    symbol: "BTC-USD",
    id: "1",
    side: "buy",
    price: "69999.50",
    liquidity: "maker",
  } as const;
  own.takeFill({ ...fill, quantity: 2, open: 1 });
  expect(shown(own)).toEqual(["BTC-USD 1 buy 1@6999950"]);
  own.takeFill({ ...fill, sequence: "19", quantity: 1, open: 0 });
  expect(shown(own)).toEqual([]);
  expect(own.fills.map(({ quantity, open, price, liquidity }) => [quantity, open, price, liquidity])).toEqual(
    [
      [2, 1, 6999950, "maker"],
      [1, 0, 6999950, "maker"],
    ],
  );
});

test("fills are bounded, the oldest go", () => {
  const own = listed();
  for (let i = 0; i < 300; i++) {
    own.takeFill({
      ...TIME,
      type: "fill",
      symbol: "BTC-USD",
      id: "x",
      side: "sell",
      price: "1.00",
      liquidity: "taker",
      sequence: String(i),
      quantity: 1,
      open: 0,
    });
  }
  expect([own.fills.length, own.fills[0].sequence]).toEqual([200, "100"]);
});

test("after a disconnect the orders stay to be looked at until a new list replaces them", () => {
  const own = listed();
  own.disconnect();
  expect([own.isCurrent, own.size]).toEqual([false, 1]);
  own.takeList({ type: "orders", sequence: "30", last: true, orders: [] });
  expect([own.isCurrent, own.size]).toEqual([true, 0]);
});

/** Reports from number `from` on: each of `count` orders is accepted. */
function accept(own: OwnOrders, from: number, count: number): void {
  for (let number = from; number < from + count; number++) {
    const order = { symbol: "BTC-USD", id: `n${number}`, side: "buy", price: "1.00", leaves: 3 } as const;
    own.takeReport({
      type: "report",
      number: String(number),
      event: "accepted",
      command: "submit",
      time: "1",
      ...order,
    });
  }
}

// Only the newest 500 reports were there to be applied again: the orders of the others were missing, and nothing said so.
test("a list that a thousand reports have overtaken misses none of them", () => {
  const own = orders();
  accept(own, 1, 1_000);
  const over = { symbol: "BTC-USD", id: "1", side: "buy", price: "69999.50", leaves: 0 } as const;
  own.takeReport({
    type: "report",
    number: "1001",
    event: "cancelled",
    command: "cancel",
    time: "1",
    ...over,
  });
  accept(own, 1_002, 600);
  own.takeList({ type: "orders", report: "5", last: true, orders: [ORDER] });
  expect([own.size, own.isCurrent, own.needsList]).toEqual([1_595, true, false]);
});

test("a list that more orders have overtaken than are kept is not taken for the truth, and a new one is", () => {
  const own = orders();
  accept(own, 1, 20_000);
  own.takeList({ type: "orders", report: "5", last: true, orders: [] });
  expect([own.isCurrent, own.needsList]).toEqual([false, true]);
  own.takeList({ type: "orders", report: "19990", last: true, orders: [] });
  expect([own.size, own.isCurrent, own.needsList]).toEqual([10, true, false]);
});
