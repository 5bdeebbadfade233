// Peers that read slowly or not at all: what is held for them, in which order they get it, and when they are given up.

import { expect, test } from "vitest";
import {
  HELD_BYTES_MAX,
  MARKET_CHANNELS,
  ORDER_MESSAGES_MAX,
  SUBSCRIPTIONS_MAX,
  TRADE_MESSAGES_MAX,
} from "../../../src/feed/index.ts";
import { formatPrice } from "../../../src/protocol/index.ts";
import { buy, cancel, sell } from "../../engine/orders.ts";
import { BTC, MarketDesk, type Message, Peer } from "./support.ts";

const NOTHING = { messages: 0, bytes: 0, streams: 0 };

/** One trade of one lot. */
function trade(desk: MarketDesk, price: number, symbol = 0): void {
  desk.do(sell(1, price, 1, { symbol }), buy(2, price, 1, { symbol }));
}

test("who reads again gets the newest book once, as a snapshot, and goes on with changes of it", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { room: 1 });
  peer.subscriber.subscribe("depth", 0);
  peer.take();
  for (let i = 1; i <= 50; i++) desk.do(buy(i, 100 + i, i));
  expect(peer.take()).toEqual([]);
  const [snapshot, ...more] = peer.drain();
  expect(more).toEqual([]);
  expect(snapshot).toMatchObject({ sequence: "51", snapshot: true });
  expect(snapshot.bids[0]).toEqual(["1.50", 50, 1]);
  expect([snapshot.conflated, desk.publisher.figures.conflated]).toEqual([50, 50]);
  desk.do(cancel(50));
  expect(peer.take()).toMatchObject([{ sequence: "52", previous: "51" }]);
});

test("the same of quotes and candles", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { room: 6 });
  peer.subscriber.subscribe("quotes", 0);
  peer.subscriber.subscribe("candles", 0);
  expect(peer.take().length).toBe(6);
  for (let i = 1; i <= 20; i++) trade(desk, 100 + i);
  desk.do(buy(1, 90, 1));
  const said = peer.drain();
  expect(said.map(({ type, snapshot }) => [type, snapshot])).toEqual([
    ...Array(5).fill(["candles", true]),
    ["quote", true],
  ]);
  expect(said[0].candles).toEqual([[1_790_000_000, "1.01", "1.20", "1.01", "1.20", 20]]);
  expect(said[5].bid).toEqual(["0.90", 1, 1]);
});

test("a peer that never reads holds marks and trades, nothing else, however long it goes on", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { room: 1 });
  for (const channel of ["depth", "quotes", "candles"] as const) peer.subscriber.subscribe(channel, 0);
  for (let i = 1; i <= 5_000; i++) trade(desk, 100 + (i % 50));
  expect(peer.subscriber.held).toEqual({ messages: 0, bytes: 0, streams: 6 });
  expect(peer.texts.length).toBe(1);
  peer.subscriber.subscribe("trades", 0);
  for (let i = 1; i <= 5_000; i++) trade(desk, 100 + (i % 50));
  expect(peer.subscriber.held).toEqual({ messages: 0, bytes: 0, streams: 7 });
  expect(peer.hasOverflowed).toBe(false);
});

test("trades wait in order, every one of them, up to 4,000 messages; one more gives the peer up", () => {
  const desk = new MarketDesk();
  const [peer, other] = [new Peer(desk, { room: 1 }), new Peer(desk, { room: 1 })];
  for (const { subscriber } of [peer, other]) subscriber.subscribe("trades", 0);
  for (let i = 0; i < TRADE_MESSAGES_MAX; i++) trade(desk, 100 + i);
  const { held } = peer.subscriber;
  expect([held.messages, held.streams]).toEqual([TRADE_MESSAGES_MAX, 1]);
  const prices = peer.drain().flatMap(({ trades }) => trades.map(({ price }: Message) => price));
  expect(prices).toEqual(Array.from({ length: TRADE_MESSAGES_MAX }, (_, i) => formatPrice(100 + i, 2)));
  expect(peer.subscriber.held).toEqual(NOTHING);
  trade(desk, 5000);
  expect([peer.hasOverflowed, other.hasOverflowed]).toEqual([false, true]);
  expect(other.subscriber.held).toEqual(NOTHING);
  expect([peer.texts.length, other.texts.length]).toEqual([1, 1]);
  // What has been given up stays so.
  other.subscriber.subscribe("depth", 0);
  expect(other.drain()).toHaveLength(1);
});

test("trade messages of all symbols count together", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { room: 1 });
  for (const symbol of [0, 1]) peer.subscriber.subscribe("trades", symbol);
  peer.drain(1);
  for (let i = 0; i < TRADE_MESSAGES_MAX; i++) trade(desk, 100, i % 2);
  expect([peer.subscriber.held.messages, peer.hasOverflowed]).toEqual([TRADE_MESSAGES_MAX, false]);
  trade(desk, 100);
  expect(peer.hasOverflowed).toBe(true);
});

test("order messages wait up to 10,000", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { room: 1, account: 0 });
  peer.subscriber.subscribeOrders();
  for (let i = 0; i < ORDER_MESSAGES_MAX / 2; i++) desk.do(buy(i, 100, 1), cancel(i));
  expect([peer.subscriber.held.messages, peer.hasOverflowed]).toEqual([ORDER_MESSAGES_MAX, false]);
  desk.do(buy(1, 100, 1));
  expect(peer.hasOverflowed).toBe(true);
  desk.do(cancel(1));
});

test("a list of orders that waits stands for no messages: nothing of it was left out", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { room: 1, account: 0 });
  peer.subscriber.subscribe("depth", 0);
  peer.take();
  peer.subscriber.subscribeOrders();
  for (let id = 1; id <= 3; id++) desk.do(buy(id, 100, 1, { symbol: 1 }));
  const [list] = peer.drain();
  expect([list.type, list.orders.length, list.conflated]).toEqual(["orders", 3, undefined]);
  expect(desk.publisher.figures.conflated).toBe(0);
});

test("4 MiB may wait in all", () => {
  const desk = new MarketDesk();
  desk.do(...Array.from({ length: 10_000 }, (_, i) => buy(i, 100, 1)));
  const peer = new Peer(desk, { room: 1, account: 0 });
  let most = 0;
  for (let i = 0; i < 10 && !peer.hasOverflowed; i++) {
    most = peer.subscriber.held.bytes;
    peer.subscriber.listOrders(i);
  }
  expect(peer.hasOverflowed).toBe(true);
  expect(most).toBeGreaterThan(HELD_BYTES_MAX / 2);
  expect(most).toBeLessThanOrEqual(HELD_BYTES_MAX);
  expect(peer.subscriber.held).toEqual(NOTHING);
});

test("streams that wait are served in turn, one message each: none starves another", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { room: 4 });
  for (const symbol of [0, 1]) {
    for (const channel of ["trades", "depth"] as const) peer.subscriber.subscribe(channel, symbol);
  }
  expect(peer.take().length).toBe(4);
  for (let i = 0; i < 3; i++) trade(desk, 100, 0);
  trade(desk, 100, 1);
  desk.do(buy(9, 50, 1), buy(9, 50, 1, { symbol: 1 }));
  const said: string[] = [];
  for (let i = 0; i < 8; i++) said.push(...peer.drain(1).map(({ type, symbol }) => `${type} ${symbol}`));
  expect(said).toEqual([
    "trades BTC-USD",
    "trades ETH-USD",
    "depth BTC-USD",
    "depth ETH-USD",
    "trades BTC-USD",
    "trades BTC-USD",
  ]);
});

test("a peer that slows down again while it catches up keeps the rest, and new states go to the end", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { room: 2 });
  for (const symbol of [0, 1]) peer.subscriber.subscribe("depth", symbol);
  peer.take();
  for (const symbol of [0, 1]) desk.do(buy(1, 50, 1, { symbol }));
  expect(peer.drain(1)).toMatchObject([{ symbol: "BTC-USD", bids: [["0.50", 1, 1]] }]);
  for (const symbol of [0, 1]) desk.do(buy(2, 51, 1, { symbol }));
  expect(peer.drain(1)).toMatchObject([
    {
      symbol: "ETH-USD",
      bids: [
        ["5.1", 1, 1],
        ["5.0", 1, 1],
      ],
    },
  ]);
  expect(peer.drain(1)).toMatchObject([
    {
      symbol: "BTC-USD",
      bids: [
        ["0.51", 1, 1],
        ["0.50", 1, 1],
      ],
    },
  ]);
  expect(peer.drain()).toEqual([]);
});

test("unsubscribing drops what waits, and a client that does so all the time holds nothing more", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { room: 1 });
  peer.subscriber.subscribe("quotes", 0);
  peer.take();
  for (let i = 0; i < 1_000; i++) {
    for (const channel of MARKET_CHANNELS) peer.subscriber.subscribe(channel, 0);
    trade(desk, 100);
    for (const channel of MARKET_CHANNELS) peer.subscriber.unsubscribe(channel, 0);
  }
  expect(peer.subscriber.held).toEqual(NOTHING);
  expect(peer.drain()).toEqual([]);
  peer.subscriber.unsubscribe("depth", 1);
});

test("subscribing to trades again keeps those that wait, then begins anew", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { room: 1 });
  peer.subscriber.subscribe("trades", 0);
  peer.take();
  trade(desk, 101);
  trade(desk, 102);
  peer.subscriber.subscribe("trades", 0);
  trade(desk, 103);
  const first = peer.drain(1);
  trade(desk, 104);
  const pricesOf = ({ trades }: Message) => trades.map(({ price }: Message) => price);
  const said = [...first, ...peer.drain()].map((message) => [message.snapshot, pricesOf(message)]);
  expect(said).toEqual([
    [undefined, ["1.01"]],
    [undefined, ["1.02"]],
    [true, ["1.01", "1.02", "1.03", "1.04"]],
  ]);
});

test("a peer that closes or is given up in the middle of a message disturbs nobody else", () => {
  const desk = new MarketDesk();
  const peers: Peer[] = [];
  for (let i = 0; i < 5; i++) {
    const peer = new Peer(desk);
    peer.subscriber.subscribe("trades", 0);
    peers.push(peer);
  }
  const [, leaver] = peers;
  leaver.onSend = () => leaver.subscriber.close();
  trade(desk, 100);
  trade(desk, 101);
  expect(peers.map(({ texts }) => texts.length)).toEqual([3, 2, 3, 3, 3]);
});

test("a closed subscriber gets nothing, whatever is asked of it", () => {
  const desk = new MarketDesk();
  const peer = new Peer(desk, { account: 0 });
  peer.subscriber.subscribe("depth", 0);
  peer.subscriber.subscribeOrders();
  peer.subscriber.close();
  peer.subscriber.close();
  peer.take();
  peer.subscriber.subscribe("quotes", 0);
  peer.subscriber.subscribeOrders();
  peer.subscriber.listOrders(1);
  desk.do(buy(1, 100, 1));
  desk.publisher.onReset();
  expect(peer.drain()).toEqual([]);
  expect(peer.subscriber.held).toEqual(NOTHING);
});

test("there is a most of subscriptions, and what is subscribed already takes no room", () => {
  const instruments = Array.from({ length: 600 }, (_, i) => ({ ...BTC, name: `S${i}` }));
  const desk = new MarketDesk(instruments, 64, { symbolsMax: 600 });
  const { subscriber } = new Peer(desk);
  const channels = MARKET_CHANNELS.slice(0, 4);
  const symbols = Array.from({ length: SUBSCRIPTIONS_MAX / channels.length }, (_, i) => i);
  expect(subscriber.hasRoomFor(channels, [...symbols, symbols.length])).toBe(false);
  expect(subscriber.hasRoomFor(channels, symbols)).toBe(true);
  for (const symbol of symbols) for (const channel of channels) subscriber.subscribe(channel, symbol);
  expect(subscriber.hasRoomFor(channels, symbols)).toBe(true);
  expect(desk.publisher.figures.subscriptions).toBe(SUBSCRIPTIONS_MAX);
  expect(subscriber.hasRoomFor(["depth"], [symbols.length])).toBe(false);
  subscriber.unsubscribe("quotes", 3);
  expect(subscriber.hasRoomFor(["depth"], [symbols.length])).toBe(true);
  subscriber.close();
  expect(desk.publisher.figures.subscriptions).toBe(0);
});
