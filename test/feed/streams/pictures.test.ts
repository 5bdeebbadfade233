// Statistics of the day, whether an instrument trades, and the queue at one price: these commands, exactly these messages.

import { expect, test, vi } from "vitest";
import { type AdminCommand, Side, writeAdminCommand } from "../../../src/protocol/index.ts";
import { buy, cancel, market, modify, sell } from "../../engine/orders.ts";
import { MarketDesk, Peer, START_US } from "./support.ts";

const administer = (command: AdminCommand) => (words: Int32Array) => writeAdminCommand(words, 0, command);
/** 2026-09-22T00:00:00Z, in seconds after the desk's clock begins. */
const MIDNIGHT_S = 35_200;

test("the statistics of a day are its trades, since the publisher began, then since midnight", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk);
  peer.subscriber.subscribe("statistics", 0);
  const none = {
    since: null,
    open: null,
    high: null,
    low: null,
    last: null,
    volume: 0,
    trades: 0,
    time: null,
  };
  const of = { type: "statistics", symbol: "BTC-USD" };
  expect(peer.take()).toEqual([{ ...of, sequence: "1", snapshot: true, ...none, closes: [] }]);
  desk.do(sell(1, 100, 1));
  desk.wait(20);
  desk.do(sell(2, 105, 2), sell(3, 103, 9), market(4, Side.Buy, 2), market(5, Side.Buy, 9));
  const since = String(START_US);
  const time = String(START_US + 20_000_000);
  const prices = { open: "1.00", high: "1.05", low: "1.00", last: "1.05" };
  expect(peer.take()).toEqual([
    { ...of, sequence: "2", previous: "1", since, ...prices, volume: 11, trades: 4, time },
  ]);
  desk.wait(MIDNIGHT_S);
  desk.do(market(6, Side.Buy, 1));
  const midnight = String(START_US + MIDNIGHT_S * 1e6);
  expect(peer.take()).toMatchObject([
    { since: midnight, open: "1.05", high: "1.05", low: "1.05", last: "1.05", volume: 1, trades: 1 },
  ]);
});

test("a day ends at midnight, with the first command behind it, for those that traded, whatever it is", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk);
  for (const symbol of [0, 1]) peer.subscriber.subscribe("statistics", symbol);
  desk.do(sell(1, 100, 9), market(2, Side.Buy, 1));
  expect(peer.take()).toMatchObject([{ snapshot: true }, { snapshot: true }, { volume: 1, trades: 1 }]);
  desk.wait(MIDNIGHT_S - 1);
  desk.do(market(3, Side.Buy, 2));
  expect(peer.take()).toMatchObject([{ volume: 3, trades: 2 }]);
  desk.wait(1);
  // Another instrument's order, and one that is refused.
  desk.do(market(4, Side.Buy, 1, { symbol: 1 }));
  const over = {
    since: null,
    open: null,
    high: null,
    low: null,
    last: null,
    volume: 0,
    trades: 0,
    time: null,
  };
  expect(peer.take()).toMatchObject([{ symbol: "BTC-USD", ...over }]);
  desk.wait(10);
  desk.do(market(5, Side.Buy, 4));
  const since = String(START_US + MIDNIGHT_S * 1e6);
  expect(peer.take()).toMatchObject([{ since, open: "1.00", volume: 4, trades: 1 }]);
  desk.wait(2 * 86_400);
  desk.do(buy(6, 50, 1), cancel(6));
  expect(peer.take()).toMatchObject([over]);
  desk.wait(86_400);
  desk.do(buy(7, 50, 1));
  expect(peer.take()).toEqual([]);
});

test("a snapshot of the day has the closes of its latest tens of seconds", () => {
  const desk = new MarketDesk();
  desk.do(sell(1, 100, 5));
  for (let i = 0; i < 70; i++) {
    desk.do(sell(2, 200 + i, 1), modify(1, 300, 5), market(3, Side.Buy, 1), modify(1, 200 + i, 5));
    desk.wait(10);
  }
  const peer = new Peer(desk);
  peer.subscriber.subscribe("statistics", 0);
  const [{ closes }] = peer.take();
  expect(closes).toEqual(Array.from({ length: 60 }, (_, i) => ((210 + i) / 100).toFixed(2)));
});

test("a new beginning of the copy begins the day anew: of the trades between nobody knows", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk);
  peer.subscriber.subscribe("statistics", 0);
  desk.do(sell(1, 100, 5), market(2, Side.Buy, 1));
  peer.take();
  desk.publisher.onReset();
  expect(peer.take()).toMatchObject([{ snapshot: true, since: null, trades: 0 }]);
  desk.wait(1);
  desk.do(market(3, Side.Buy, 2));
  expect(peer.take()).toMatchObject([{ since: String(START_US), volume: 2, trades: 1 }]);
});

test("whether an instrument trades is said when an administrator changes it, to those it is about", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk);
  for (const symbol of [0, 1]) peer.subscriber.subscribe("instruments", symbol);
  const said = () => peer.take().map(({ type, symbol, status }) => `${type} ${symbol} ${status}`);
  expect(said()).toEqual(["instrument BTC-USD trading", "instrument ETH-USD trading"]);
  desk.do(administer({ kind: "kill_switch", scope: "symbol", symbol: 1, on: true, who: "ann" }));
  expect(said()).toEqual(["instrument ETH-USD switchedOff"]);
  desk.do(administer({ kind: "halt", who: "ann" }));
  expect(said()).toEqual(["instrument BTC-USD halted", "instrument ETH-USD halted"]);
  desk.do(administer({ kind: "resume", who: "ann" }), administer({ kind: "resume", who: "ann" }));
  expect(said()).toEqual(["instrument BTC-USD trading", "instrument ETH-USD switchedOff"]);
});

test("a queue is said whole whenever it changes, first to trade first, one's own orders with their ids", () => {
  const desk = new MarketDesk();
  desk.do(buy(1, 100, 5, { account: 1 }), buy(7, 100, 3, { account: 2 }), buy(2, 99, 9));
  const peer = new Peer(desk, { account: 2 });
  peer.subscriber.subscribeQueue(0, Side.Buy, 100);
  const of = { type: "queue", symbol: "BTC-USD", side: "buy", price: "1.00" };
  const queue = [
    [1, 5],
    [2, 3, "7"],
  ];
  expect(peer.take()).toEqual([{ ...of, sequence: "1", snapshot: true, quantity: 8, orders: 2, queue }]);
  desk.do(modify(1, 100, 4, { account: 1 }), buy(8, 100, 1, { account: 1 }));
  desk.do(buy(3, 99, 1), cancel(3));
  const later = [[1, 4], queue[1], [3, 1]];
  expect(peer.take()).toEqual([
    { ...of, sequence: "2", previous: "1", quantity: 8, orders: 3, queue: later },
  ]);
  desk.do(market(9, Side.Sell, 8));
  expect(peer.take()).toMatchObject([{ quantity: 0, orders: 0, queue: [] }]);
});

test("a long queue lists its first 100, and one's own orders behind them", () => {
  const desk = new MarketDesk();
  for (let id = 1; id <= 2_000; id++) desk.do(buy(id, 100, 1, { account: id % 150 === 0 ? 3 : 1 }));
  const [owner, other] = [new Peer(desk, { account: 3 }), new Peer(desk)];
  for (const { subscriber } of [owner, other]) subscriber.subscribeQueue(0, Side.Buy, 100);
  const [[own], [others]] = [owner.take(), other.take()];
  expect([own.orders, others.orders, others.queue.length]).toEqual([2_000, 2_000, 100]);
  expect(own.queue.slice(100)).toEqual([150, 300, 450, 600, 750, 900].map((id) => [id, 1, String(id)]));
});

test("of one's own orders far behind 100 are listed", () => {
  const desk = new MarketDesk();
  for (let id = 1; id <= 500; id++) desk.do(buy(id, 100, 1, { account: id <= 150 ? 1 : 3 }));
  const peer = new Peer(desk, { account: 3 });
  peer.subscriber.subscribeQueue(0, Side.Buy, 100);
  const [{ queue }] = peer.take();
  expect([queue.length, queue[99], queue[100], queue.at(-1)]).toEqual([
    200,
    [100, 1],
    [151, 1, "151"],
    [250, 1, "250"],
  ]);
});

test("a new beginning of the copy gives the queue anew, and what follows joins it", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk);
  peer.subscriber.subscribeQueue(0, Side.Buy, 100);
  peer.take();
  desk.apply(buy(1, 100, 4));
  desk.publisher.onReset();
  const [snapshot, ...more] = peer.take();
  expect([snapshot.snapshot, snapshot.queue, more]).toEqual([true, [[1, 4]], []]);
  desk.do(buy(2, 100, 5));
  expect(peer.take()).toMatchObject([{ previous: snapshot.sequence, orders: 2 }]);
});

test("one queue at a time, slow peers get the newest one, and nothing is left behind", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { room: 2 });
  peer.subscriber.subscribeQueue(0, Side.Buy, 100);
  peer.subscriber.subscribeQueue(0, Side.Buy, 99);
  peer.take();
  for (let id = 1; id <= 9; id++) desk.do(buy(id, 100, 1), buy(id + 100, 99, 1));
  expect(peer.subscriber.held).toEqual({ messages: 0, bytes: 0, streams: 1 });
  expect(peer.drain()).toMatchObject([{ price: "0.99", orders: 9, snapshot: true, conflated: 9 }]);
  expect(desk.publisher.figures.subscriptions).toBe(1);
  peer.subscriber.close();
  const reads = vi.spyOn(desk.engine, "forEachOrderAt");
  desk.do(buy(20, 99, 1));
  expect(reads).not.toHaveBeenCalled();
  expect([peer.take(), desk.publisher.figures.subscriptions]).toEqual([[], 0]);
});
