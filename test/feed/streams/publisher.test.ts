// What subscribers of market data get: these commands, exactly these messages.

import { expect, test } from "vitest";
import { Side } from "../../../src/protocol/index.ts";
import { buy, cancel, ioc, market, modify, sell } from "../../engine/orders.ts";
import { BTC, MarketDesk, Peer, START_US } from "./support.ts";

const [BTC_USD, ETH_USD] = [0, 1];
const on = (symbol: number) => ({ symbol });

test("depth begins with a snapshot and goes on with what changed, once per batch", () => {
  const desk = new MarketDesk();
  desk.do(buy(1, 6_999_950, 5), buy(2, 6_999_900, 9), sell(3, 7_000_050, 4));
  const peer = new Peer(desk);
  peer.subscriber.subscribe("depth", BTC_USD);
  expect(peer.take()).toEqual([
    {
      type: "depth",
      symbol: "BTC-USD",
      sequence: "1",
      snapshot: true,
      bids: [
        ["69999.50", 5, 1],
        ["69999.00", 9, 1],
      ],
      asks: [["70000.50", 4, 1]],
    },
  ]);
  desk.do(cancel(1), sell(4, 7_000_000, 1), buy(5, 6_999_900, 1), buy(6, 1, 1), cancel(6));
  expect(peer.take()).toEqual([
    {
      type: "depth",
      symbol: "BTC-USD",
      sequence: "2",
      previous: "1",
      bids: [
        ["69999.50", 0, 0],
        ["69999.00", 10, 2],
      ],
      asks: [["70000.00", 1, 1]],
    },
  ]);
});

test("a batch that leaves the best levels as they were says nothing, and takes no sequence", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk);
  peer.subscriber.subscribe("depth", BTC_USD);
  desk.do(buy(1, 100, 5));
  peer.take();
  desk.do(buy(2, 90, 5), cancel(2), ioc(3, Side.Sell, 200, 5), buy(1, 50, 1), modify(1, 100, 5));
  desk.do(buy(1, 10, 1, on(ETH_USD)));
  expect(peer.take()).toEqual([]);
  desk.do(cancel(1));
  expect(peer.take()).toMatchObject([{ sequence: "3", previous: "2", bids: [["1.00", 0, 0]], asks: [] }]);
});

test("a level that is pushed out of the best 20 is taken out, and comes back when there is room", () => {
  const desk = new MarketDesk();
  desk.do(...Array.from({ length: 21 }, (_, i) => sell(i + 1, 100 + i, 1)));
  const peer = new Peer(desk);
  peer.subscriber.subscribe("depth", BTC_USD);
  const [{ asks }] = peer.take();
  expect([asks.length, asks[0], asks[19]]).toEqual([20, ["1.00", 1, 1], ["1.19", 1, 1]]);
  desk.do(sell(99, 99, 7));
  expect(peer.take()).toMatchObject([
    {
      asks: [
        ["0.99", 7, 1],
        ["1.19", 0, 0],
      ],
    },
  ]);
  desk.do(cancel(99), cancel(1));
  expect(peer.take()).toMatchObject([
    {
      asks: [
        ["0.99", 0, 0],
        ["1.00", 0, 0],
        ["1.19", 1, 1],
        ["1.20", 1, 1],
      ],
    },
  ]);
});

test("a quote says both best levels whenever one changes; an empty side is null", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk);
  peer.subscriber.subscribe("quotes", ETH_USD);
  desk.do(buy(1, 34_999, 2, on(ETH_USD)));
  desk.do(buy(2, 34_998, 2, on(ETH_USD)));
  desk.do(sell(3, 35_000, 4, on(ETH_USD)), sell(4, 35_000, 1, on(ETH_USD)));
  desk.do(cancel(1, on(ETH_USD)), cancel(2, on(ETH_USD)));
  const quote = { type: "quote", symbol: "ETH-USD" };
  expect(peer.take()).toEqual([
    { ...quote, sequence: "1", snapshot: true, bid: null, ask: null },
    { ...quote, sequence: "2", previous: "1", bid: ["3499.9", 2, 1], ask: null },
    { ...quote, sequence: "3", previous: "2", bid: ["3499.9", 2, 1], ask: ["3500.0", 5, 2] },
    { ...quote, sequence: "4", previous: "3", bid: null, ask: ["3500.0", 5, 2] },
  ]);
});

test("trades of a batch come in one message with the aggressor's side, after the latest there were", () => {
  const desk = new MarketDesk();
  desk.do(sell(1, 7_000_050, 3), buy(2, 7_000_050, 1));
  desk.wait(1.5);
  const peer = new Peer(desk);
  peer.subscriber.subscribe("trades", BTC_USD);
  desk.do(buy(3, 7_000_100, 2), buy(4, 6_999_950, 7), market(5, Side.Sell, 4));
  desk.do(market(6, Side.Buy, 4));
  const trades = { type: "trades", symbol: "BTC-USD" };
  const [first, later] = [String(START_US), String(START_US + 1_500_000)];
  expect(peer.take()).toEqual([
    {
      ...trades,
      sequence: "1",
      snapshot: true,
      trades: [{ id: "3", price: "70000.50", quantity: 1, aggressor: "buy", time: first }],
    },
    {
      ...trades,
      sequence: "2",
      previous: "1",
      trades: [
        { id: "5", price: "70000.50", quantity: 2, aggressor: "buy", time: later },
        { id: "8", price: "69999.50", quantity: 4, aggressor: "sell", time: later },
      ],
    },
  ]);
});

test("the latest trades are the last 100", () => {
  const desk = new MarketDesk();
  desk.do(sell(1, 100, 1000));
  for (let i = 0; i < 250; i++) desk.do(market(2, Side.Buy, i + 1));
  const peer = new Peer(desk);
  peer.subscriber.subscribe("trades", BTC_USD);
  const [{ trades }] = peer.take();
  // 1 + 2 + ... + 44 lots are 990, so the 45th order takes the last 10.
  expect(trades.map((trade: { quantity: number }) => trade.quantity)).toEqual([
    ...Array.from({ length: 44 }, (_, i) => i + 1),
    10,
  ]);
  desk.do(...Array.from({ length: 120 }, (_, i) => [sell(3, 100, i + 1), market(4, Side.Buy, i + 1)]).flat());
  const next = new Peer(desk);
  next.subscriber.subscribe("trades", BTC_USD);
  expect(next.take()[0].trades.map((trade: { quantity: number }) => trade.quantity)).toEqual(
    Array.from({ length: 100 }, (_, i) => i + 21),
  );
});

test("a sweep of more trades than a message holds, given in pieces, becomes several that join", () => {
  const desk = new MarketDesk([BTC], 7);
  const peer = new Peer(desk);
  peer.subscriber.subscribe("trades", BTC_USD);
  desk.do(...Array.from({ length: 1200 }, (_, i) => sell(i + 1, 100 + i, 1)));
  desk.do(market(9999, Side.Buy, 1200));
  const messages = peer.take();
  expect(messages.map(({ trades }) => trades.length)).toEqual([0, 500, 500, 200]);
  expect(messages.map(({ sequence, previous }) => [sequence, previous])).toEqual([
    ["1", undefined],
    ["2", "1"],
    ["3", "2"],
    ["4", "3"],
  ]);
});

test("all channels of a symbol count in one sequence, and each names its own message before", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk);
  for (const channel of ["depth", "quotes", "trades"] as const) peer.subscriber.subscribe(channel, BTC_USD);
  peer.subscriber.subscribe("depth", ETH_USD);
  desk.do(sell(1, 100, 5));
  desk.do(buy(2, 100, 2));
  const said = peer.take().map(({ type, symbol, sequence, previous }) => [type, symbol, sequence, previous]);
  expect(said).toEqual([
    ["depth", "BTC-USD", "1", undefined],
    ["quote", "BTC-USD", "2", undefined],
    ["trades", "BTC-USD", "3", undefined],
    ["depth", "ETH-USD", "1", undefined],
    ["depth", "BTC-USD", "4", "1"],
    ["quote", "BTC-USD", "5", "2"],
    ["trades", "BTC-USD", "6", "3"],
    ["depth", "BTC-USD", "7", "4"],
    ["quote", "BTC-USD", "8", "5"],
  ]);
});

test("subscribers in step get the very same text, and one that comes later joins the same chain", () => {
  const desk = new MarketDesk();
  const [early, late] = [new Peer(desk), new Peer(desk)];
  early.subscriber.subscribe("depth", BTC_USD);
  desk.do(buy(1, 100, 5));
  late.subscriber.subscribe("depth", BTC_USD);
  desk.do(buy(2, 101, 5));
  expect(late.texts[1]).toBe(early.texts[2]);
  expect(late.take()).toMatchObject([
    { sequence: "2", snapshot: true, bids: [["1.00", 5, 1]] },
    { sequence: "3", previous: "2", bids: [["1.01", 5, 1]] },
  ]);
});

test("who subscribes or reads again in the middle of a batch gets what it changed before, and only once", () => {
  const desk = new MarketDesk();
  const [early, late, slow] = [new Peer(desk), new Peer(desk), new Peer(desk, { room: 1 })];
  slow.subscriber.subscribe("depth", ETH_USD);
  slow.take();
  slow.subscriber.subscribe("trades", BTC_USD);
  early.subscriber.subscribe("trades", BTC_USD);
  desk.do(sell(1, 90, 1), buy(2, 90, 1));
  desk.apply(sell(1, 100, 5));
  desk.apply(buy(2, 100, 2));
  slow.room = Number.POSITIVE_INFINITY;
  slow.subscriber.drained();
  late.subscriber.subscribe("trades", BTC_USD);
  desk.do(buy(3, 100, 1));
  const ids = (peer: Peer) => peer.take().flatMap(({ trades }) => trades.map(({ id }: { id: string }) => id));
  expect(ids(early)).toEqual(["3", "6", "8"]);
  expect(ids(late)).toEqual(["3", "6", "8"]);
  expect(ids(slow)).toEqual(["3", "6", "8"]);
});

test("after the last has left, a symbol's book costs nothing and begins anew with the next", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk);
  peer.subscriber.subscribe("depth", BTC_USD);
  peer.subscriber.unsubscribe("depth", BTC_USD);
  desk.do(buy(1, 100, 5));
  peer.subscriber.subscribe("depth", BTC_USD);
  desk.do(cancel(1));
  expect(peer.take()).toMatchObject([
    { sequence: "1", snapshot: true, bids: [] },
    { sequence: "2", snapshot: true, bids: [["1.00", 5, 1]] },
    { sequence: "3", previous: "2", bids: [["1.00", 0, 0]] },
  ]);
});

test("subscribing again begins with a snapshot again", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk);
  peer.subscriber.subscribe("depth", BTC_USD);
  peer.subscriber.subscribe("depth", BTC_USD);
  desk.do(buy(1, 100, 5));
  expect(peer.take()).toMatchObject([
    { sequence: "1", snapshot: true },
    { sequence: "1", snapshot: true },
    { sequence: "2", previous: "1" },
  ]);
});

test("an instrument that is registered later has its streams, its prices all their digits", () => {
  const desk = new MarketDesk([BTC]);
  const peer = new Peer(desk);
  peer.subscriber.subscribe("quotes", BTC_USD);
  desk.register({ name: "SOL", priceDecimals: 18, tick: 1, lot: 1 });
  desk.do(sell(1, 2 ** 40 + 1, 1, on(1)));
  peer.take();
  peer.subscriber.subscribe("quotes", 1);
  expect(peer.take()).toMatchObject([{ symbol: "SOL", bid: null, ask: ["0.000001099511627777", 1, 1] }]);
});

test("another state gives every subscriber a snapshot anew; the sequence goes on", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk);
  for (const channel of ["depth", "trades"] as const) peer.subscriber.subscribe(channel, BTC_USD);
  desk.do(sell(1, 100, 5), buy(2, 100, 2));
  peer.take();
  desk.apply(buy(2, 100, 2));
  const other = new MarketDesk();
  other.do(buy(1, 77, 7));
  desk.engine = other.engine;
  desk.publisher.onReset();
  desk.do(cancel(1));
  expect(peer.take()).toMatchObject([
    { type: "trades", sequence: "5", previous: "3", trades: [{ id: "5" }] },
    { type: "trades", sequence: "6", snapshot: true, trades: [{ id: "3" }, { id: "5" }] },
    { type: "depth", sequence: "7", snapshot: true, bids: [["0.77", 7, 1]], asks: [] },
    { type: "depth", sequence: "8", previous: "7", bids: [["0.77", 0, 0]], asks: [] },
  ]);
});
