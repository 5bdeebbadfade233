// Channel `orders`: these commands, exactly these messages to those who speak for an account.

import { expect, test } from "vitest";
import { ORDERS_LISTED_MAX } from "../../../src/feed/index.ts";
import { Side } from "../../../src/protocol/index.ts";
import { buy, cancel, ioc, market, modify, once, sell } from "../../engine/orders.ts";
import { BTC, MarketDesk, type Message, Peer, START_US } from "./support.ts";

const ALICE = { account: 1 };
const BOB = { account: 2 };
const TIME = String(START_US);

/** A subscriber of account 0 (immediate and market orders of the helpers are account 0's), its list taken. */
function subscribed(desk: MarketDesk, account = 0): Peer {
  const peer = new Peer(desk, { account });
  peer.subscriber.subscribeOrders();
  peer.take();
  return peer;
}

/** What a message says beside its time and symbol, which are checked once. */
function told(messages: readonly Message[]): unknown[] {
  return messages.map(({ type, sequence, event, id, side, price, quantity, open, liquidity }) =>
    type === "order"
      ? [sequence, event, id, side, price, open]
      : [sequence, liquidity, id, side, price, quantity, open],
  );
}

test("a list has the account's open orders of all symbols, as of its sequence", () => {
  const desk = new MarketDesk();
  desk.do(
    buy(1, 6_999_950, 3, ALICE),
    sell(2 ** 40, 35_000, 2, { account: 1, symbol: 1 }),
    buy(3, 100, 1, BOB),
  );
  const peer = new Peer(desk, ALICE);
  peer.subscriber.subscribeOrders();
  expect(peer.take()).toEqual([
    {
      type: "orders",
      sequence: "3",
      last: true,
      orders: [
        { symbol: "BTC-USD", id: "1", side: "buy", price: "69999.50", open: 3 },
        { symbol: "ETH-USD", id: "1099511627776", side: "sell", price: "3500.0", open: 2 },
      ],
    },
  ]);
});

test("an order is accepted, filled as maker, modified and cancelled, in whole messages", () => {
  const desk = new MarketDesk();
  const peer = subscribed(desk, 1);
  desk.do(
    buy(1, 6_999_950, 5, ALICE),
    sell(9, 6_999_950, 2, BOB),
    modify(1, 6_999_900, 4, ALICE),
    cancel(1, ALICE),
  );
  const of = { symbol: "BTC-USD", id: "1", side: "buy", time: TIME };
  expect(peer.take()).toEqual([
    { type: "order", sequence: "1", event: "accepted", ...of, price: "69999.50", open: 5 },
    { type: "fill", sequence: "3", ...of, price: "69999.50", quantity: 2, open: 3, liquidity: "maker" },
    { type: "order", sequence: "4", event: "modified", ...of, price: "69999.00", open: 4 },
    { type: "order", sequence: "5", event: "cancelled", ...of, price: "69999.00", open: 0 },
  ]);
});

test.each([
  [
    "a limit order that takes and rests",
    [buy(7, 103, 6)],
    [
      ["4", "accepted", "7", "buy", "1.03", 6],
      ["5", "taker", "7", "buy", "1.01", 2, 4],
      ["6", "taker", "7", "buy", "1.02", 2, 2],
      ["7", "taker", "7", "buy", "1.03", 2, 0],
    ],
  ],
  [
    "a limit order whose rest rests",
    [buy(7, 101, 3)],
    [
      ["4", "accepted", "7", "buy", "1.01", 3],
      ["5", "taker", "7", "buy", "1.01", 2, 1],
    ],
  ],
  [
    "an immediate order that finds nothing",
    [ioc(7, Side.Buy, 100, 3)],
    [
      ["4", "accepted", "7", "buy", "1.00", 3],
      ["4", "expired", "7", "buy", "1.00", 0],
    ],
  ],
  [
    "an immediate order that is filled in part: its limit, not the last trade's price",
    [ioc(7, Side.Buy, 102, 5)],
    [
      ["4", "accepted", "7", "buy", "1.02", 5],
      ["5", "taker", "7", "buy", "1.01", 2, 3],
      ["6", "taker", "7", "buy", "1.02", 2, 1],
      ["6", "expired", "7", "buy", "1.02", 0],
    ],
  ],
  [
    "an immediate order that is filled",
    [ioc(7, Side.Buy, 101, 2)],
    [
      ["4", "accepted", "7", "buy", "1.01", 2],
      ["5", "taker", "7", "buy", "1.01", 2, 0],
    ],
  ],
  [
    "a market order for more than there is",
    [market(7, Side.Buy, 9)],
    [
      ["4", "accepted", "7", "buy", null, 9],
      ["5", "taker", "7", "buy", "1.01", 2, 7],
      ["6", "taker", "7", "buy", "1.02", 2, 5],
      ["7", "taker", "7", "buy", "1.03", 2, 3],
      ["7", "expired", "7", "buy", null, 0],
    ],
  ],
  [
    "a market order on an empty side",
    [market(7, Side.Sell, 9)],
    [
      ["4", "accepted", "7", "sell", null, 9],
      ["4", "expired", "7", "sell", null, 0],
    ],
  ],
  [
    "a modify that crosses",
    [buy(7, 100, 5), modify(7, 101, 5)],
    [
      ["4", "accepted", "7", "buy", "1.00", 5],
      ["5", "modified", "7", "buy", "1.01", 5],
      ["6", "taker", "7", "buy", "1.01", 2, 3],
    ],
  ],
  [
    "a modify to quantity 0",
    [buy(7, 100, 5), modify(7, 0, 0)],
    [
      ["4", "accepted", "7", "buy", "1.00", 5],
      ["5", "cancelled", "7", "buy", "1.00", 0],
    ],
  ],
  ["commands that are refused", [cancel(99), buy(7, 0, 5), modify(99, 1, 1)], []],
])("%s", (_, commands, expected) => {
  for (const eventsHeld of [1, 64]) {
    const desk = new MarketDesk([BTC], eventsHeld);
    desk.do(...[1, 2, 3].map((i) => sell(i, 100 + i, 2, BOB)));
    const peer = subscribed(desk);
    desk.do(...commands);
    expect(told(peer.take())).toEqual(expected);
  }
});

test("a trade with oneself is told of both sides, the maker's first", () => {
  const desk = new MarketDesk();
  const peer = subscribed(desk);
  desk.do(sell(1, 100, 2), buy(2, 100, 1));
  expect(told(peer.take()).slice(2)).toEqual([
    ["3", "maker", "1", "sell", "1.00", 1, 1],
    ["3", "taker", "2", "buy", "1.00", 1, 0],
  ]);
});

test("all connections of an account get the same text, nobody else anything", () => {
  const desk = new MarketDesk();
  const [one, two, other] = [subscribed(desk, 1), subscribed(desk, 1), subscribed(desk, 2)];
  const silent = new Peer(desk, ALICE);
  const nobody = new Peer(desk);
  nobody.subscriber.subscribeOrders();
  nobody.subscriber.listOrders(1);
  desk.do(buy(1, 100, 5, ALICE));
  expect(one.texts.length).toBe(1);
  expect(two.texts).toEqual(one.texts);
  expect([other.texts, silent.texts, nobody.texts]).toEqual([[], [], []]);
  two.subscriber.unsubscribeOrders();
  two.subscriber.close();
  desk.do(cancel(1, ALICE));
  expect([one.texts.length, two.texts.length]).toEqual([2, 1]);
});

test("a list that is asked for carries its request, with or without a subscription, behind what waits", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { account: 1, room: 1 });
  peer.subscriber.listOrders(4);
  peer.subscriber.subscribeOrders();
  expect(peer.drain(1)).toEqual([
    { type: "orders", request: 4, sequence: "0", last: true, orders: [] },
    { type: "orders", sequence: "0", last: true, orders: [] },
  ]);
  desk.do(buy(1, 100, 5, ALICE));
  peer.subscriber.listOrders(5);
  expect(peer.drain()).toMatchObject([
    { type: "order", sequence: "1" },
    { type: "orders", request: 5, sequence: "1", last: true, orders: [{ id: "1" }] },
  ]);
});

test("a long list comes in messages of 500, the last one marked; more than 10,000 orders are cut, and it says so", () => {
  const desk = new MarketDesk();
  desk.do(...Array.from({ length: ORDERS_LISTED_MAX }, (_, i) => buy(i + 1, 100 + (i % 7), 1, ALICE)));
  const peer = new Peer(desk, ALICE);
  peer.subscriber.listOrders(1);
  const whole = peer.take();
  expect(whole.map(({ orders }) => orders.length)).toEqual(Array(20).fill(500));
  expect(whole.map(({ last }) => last)).toEqual([...Array(19).fill(undefined), true]);
  expect(whole.some(({ truncated }) => truncated)).toBe(false);
  expect(new Set(whole.flatMap(({ orders }) => orders.map(({ id }: Message) => id))).size).toBe(10_000);
  desk.do(buy(20_000, 100, 1, ALICE));
  peer.subscriber.listOrders(2);
  const cut = peer.take();
  expect(cut.flatMap(({ orders }) => orders).length).toBe(10_000);
  expect(cut.at(-1)).toMatchObject({ request: 2, sequence: "10001", last: true, truncated: true });
});

test("another state costs one walk through its orders, however many accounts are watched", () => {
  const desk = new MarketDesk();
  const peers = [1, 1, 2, 3].map((account) => subscribed(desk, account));
  const other = new MarketDesk();
  other.do(buy(5, 77, 7, { account: 1 }));
  other.do(buy(6, 76, 8, { account: 3 }));
  let walks = 0;
  const walk = other.engine.forEachOrderOf.bind(other.engine);
  other.engine.forEachOrderOf = (...of) => {
    walks++;
    walk(...of);
  };
  desk.engine = other.engine;
  desk.publisher.onReset();
  expect(walks).toBe(1);
  const ids = peers.map((peer) => peer.take().flatMap(({ orders }) => orders.map(({ id }: Message) => id)));
  expect(ids).toEqual([["5"], ["5"], [], ["6"]]);
});

test("another state brings the list anew", () => {
  const desk = new MarketDesk();
  const peer = subscribed(desk, 1);
  const other = new MarketDesk();
  other.do(buy(5, 77, 7, ALICE));
  desk.engine = other.engine;
  desk.publisher.onReset();
  desk.do(cancel(5, ALICE));
  expect(peer.take()).toMatchObject([
    { type: "orders", sequence: "1", last: true, orders: [{ id: "5", open: 7 }] },
    { type: "order", sequence: "2", event: "cancelled" },
  ]);
});

test("a request that is answered again says nothing to anybody: not to its account, not to the market", () => {
  const desk = new MarketDesk();
  desk.do(sell(9, 100, 1, BOB));
  const order = once(5, ioc(1, Side.Buy, 100, 3));
  const peer = subscribed(desk);
  peer.subscriber.subscribe("trades", 0);
  peer.subscriber.subscribe("depth", 0);
  desk.do(order);
  expect(peer.take().length).toBeGreaterThan(0);
  desk.do(order, once(6, cancel(1)), once(6, cancel(1)));
  expect(peer.take()).toEqual([]);
});
