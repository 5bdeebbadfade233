// What a client makes of the messages, by the rules of docs/api/websocket.md alone: books, quotes, trades, candles and open
// orders, and every chain of sequences checked as it goes.

import { expect } from "vitest";
import type {
  CandleEntry,
  CandlesMessage,
  DepthMessage,
  FillMessage,
  LevelEntry,
  OpenOrderEntry,
  OrderMessage,
  OrdersMessage,
  QueueMessage,
  QuoteMessage,
  TradesMessage,
} from "../../../src/protocol/index.ts";

type MarketMessage = DepthMessage | QuoteMessage | TradesMessage | CandlesMessage | QueueMessage;
type AnyMessage = MarketMessage | OrdersMessage | OrderMessage | FillMessage;

/** A side of a book: price to the level's entry. */
type SideModel = Map<string, LevelEntry>;

function keyed<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  if (!map.has(key)) map.set(key, make());
  return map.get(key) as V;
}

export class ClientModel {
  readonly books = new Map<string, { readonly bids: SideModel; readonly asks: SideModel }>();
  readonly quotes = new Map<string, { readonly bid: LevelEntry | null; readonly ask: LevelEntry | null }>();
  /** Ids since the last snapshot, with those in it. */
  readonly trades = new Map<string, string[]>();
  /** By symbol and interval, then by start. */
  readonly candles = new Map<string, Map<number, CandleEntry>>();
  /** The queue that is looked at. */
  queue: QueueMessage | undefined;
  /** By symbol and id. */
  readonly orders = new Map<string, OpenOrderEntry>();
  /** Messages that were changes, and snapshots: that both were met is checked too. */
  changes = 0;
  snapshots = 0;
  #listIsOpen = false;
  readonly #chains = new Map<string, number>();

  take(text: string): void {
    const message: AnyMessage = JSON.parse(text);
    switch (message.type) {
      case "orders":
        return this.#takeList(message);
      case "order":
        return this.#takeOrder(message);
      case "fill":
        return this.#takeFill(message);
    }
    const key = `${message.symbol} ${message.type} ${message.type === "candles" ? message.interval : ""}`;
    this.#join(key, message);
    switch (message.type) {
      case "depth":
        return this.#takeDepth(message);
      case "quote":
        this.quotes.set(message.symbol, { bid: message.bid, ask: message.ask });
        return;
      case "queue":
        this.queue = message;
        return;
      case "trades":
        return this.#takeTrades(message);
      case "candles":
        return this.#takeCandles(message);
    }
  }

  #join(key: string, { sequence, previous, snapshot }: MarketMessage): void {
    const last = this.#chains.get(key);
    if (snapshot === true) {
      this.snapshots++;
      expect(previous).toBeUndefined();
      expect(Number(sequence)).toBeGreaterThanOrEqual(last ?? 1);
    } else {
      this.changes++;
      expect(`${key}: ${previous}`).toBe(`${key}: ${last}`);
      expect(Number(sequence)).toBeGreaterThan(Number(previous));
    }
    this.#chains.set(key, Number(sequence));
  }

  #takeDepth({ symbol, snapshot, bids, asks }: DepthMessage): void {
    if (snapshot) this.books.delete(symbol);
    const book = keyed(this.books, symbol, () => ({ bids: new Map(), asks: new Map() }));
    for (const [side, entries] of [
      [book.bids, bids],
      [book.asks, asks],
    ] as const) {
      for (const entry of entries) {
        if (entry[1] > 0) side.set(entry[0], entry);
        else expect(side.delete(entry[0])).toBe(true);
      }
      expect(side.size).toBeLessThanOrEqual(20);
    }
  }

  #takeTrades({ symbol, snapshot, trades }: TradesMessage): void {
    if (snapshot) this.trades.delete(symbol);
    keyed(this.trades, symbol, () => []).push(...trades.map(({ id }) => id));
  }

  #takeCandles({ symbol, interval, snapshot, candles }: CandlesMessage): void {
    const key = `${symbol} ${interval}`;
    if (snapshot) this.candles.delete(key);
    const series = keyed(this.candles, key, () => new Map());
    for (const candle of candles) series.set(candle[0], candle);
    for (const start of [...series.keys()].slice(0, -300)) series.delete(start);
  }

  #takeList({ orders, last }: OrdersMessage): void {
    if (!this.#listIsOpen) this.orders.clear();
    this.#listIsOpen = last !== true;
    for (const order of orders) this.orders.set(`${order.symbol} ${order.id}`, order);
  }

  #takeOrder({ symbol, id, side, price, open, event }: OrderMessage): void {
    const key = `${symbol} ${id}`;
    expect([event, this.orders.has(key)]).toEqual([event, event !== "accepted"]);
    if (open === 0) this.orders.delete(key);
    else this.orders.set(key, { symbol, id, side, price: price ?? "market", open });
  }

  #takeFill({ symbol, id, quantity, open }: FillMessage): void {
    const key = `${symbol} ${id}`;
    const order = this.orders.get(key);
    expect(order?.open).toBe(open + quantity);
    if (open === 0) this.orders.delete(key);
    else this.orders.set(key, { ...(order as OpenOrderEntry), open });
  }
}
