// The market-data publisher: events of applied commands in, messages out. Trades and an account's orders come from the
// events; depth and quotes from the source, once per batch and only for symbols whose events were in it; so one batch makes
// at most one depth and one quote message per symbol, however much happened. Candles are said when the caller wants it. Knows no socket, thread or clock: times are
// the log's. What nobody listens to costs the history of its trades, nothing else.
//
// Commands are applied and their events given, piece by piece; at the end of a batch, which may be many commands, flush() says
// what changed. Between two commands subscribers may come, go and read. Memory: 76 KB per symbol that has traded, 2 KB per symbol whose book is watched, and what
// the subscribers hold (outbox.ts).

import { fromLanes, fromSignedLanes, type RecordBuffer } from "../../base/index.ts";
import { EventKind, EventWord, type Side } from "../../protocol/index.ts";
import type { MarketSource } from "./market-source.ts";
import { OrderFeed } from "./order-feed.ts";
import type { MarketStream } from "./stream.ts";
import { type MarketChannel, SymbolFeed } from "./symbol-feed.ts";

export class Publisher {
  readonly orders: OrderFeed;
  readonly #source: MarketSource;
  /** By symbol number; missing for those without trades that nobody asked for. */
  readonly #symbols: (SymbolFeed | undefined)[] = [];
  /** Symbols with events since the last flush. */
  #changed: SymbolFeed[] = [];
  /** Symbols with trades since candles were said. */
  #traded: SymbolFeed[] = [];

  constructor(source: MarketSource) {
    this.#source = source;
    this.orders = new OrderFeed(source);
  }

  /** Events of one applied command, or a piece of them; `timestamp_us`: the command's. Doesn't read the books. */
  onEvents(events: RecordBuffer, timestamp_us: number): void {
    const { words, recordWords, used_words } = events;
    for (let at = 0; at < used_words; at += recordWords) {
      const kind = words[at + EventWord.kindReasonCommandFlags] & 255;
      // Of these nothing follows: a Repeat tells its sender what everybody was told before, and a MassCancel has its Cancels.
      if (kind === EventKind.Reject || kind === EventKind.Repeat || kind === EventKind.MassCancel) continue;
      this.orders.onEvent(words, at, timestamp_us);
      const symbol = words[at + EventWord.symbol] >>> 0;
      if (kind === EventKind.Trade) this.#onTrade(this.#feed(symbol), words, at, timestamp_us);
      this.#noteChange(symbol);
    }
  }

  /** The end of a batch: says which trades there were, and what changed in books. */
  flush(): void {
    if (this.#changed.length === 0) return;
    const changed = this.#changed;
    this.#changed = [];
    for (const feed of changed) feed.flush();
  }

  /** Says which candles changed: five messages for each symbol that has traded, so it is meant to be called less often. */
  flushCandles(): void {
    if (this.#traded.length === 0) return;
    const traded = this.#traded;
    this.#traded = [];
    for (const feed of traded) feed.flushCandles();
  }

  /**
   * The source's state was replaced: every subscriber gets snapshots anew. Sequences go on. Trades that were skipped with it
   * are missing in the latest trades and in candles.
   */
  onReset(): void {
    this.#changed = [];
    this.#traded = [];
    for (const feed of this.#symbols) feed?.begin();
    for (const feed of this.#symbols) feed?.renew();
    this.orders.renew();
  }

  /** The streams of a symbol's channel: five of candles, one of every other. */
  streams(channel: MarketChannel, symbol: number): readonly MarketStream[] {
    return this.#feed(symbol).streams(channel);
  }

  #onTrade(feed: SymbolFeed, words: Int32Array, at: number, timestamp_us: number): void {
    feed.onTrade({
      sequence: fromLanes(words[at + EventWord.sequenceLow], words[at + EventWord.sequenceHigh]),
      price: fromSignedLanes(words[at + EventWord.priceLow], words[at + EventWord.priceHigh]),
      quantity: words[at + EventWord.quantity] >>> 0,
      aggressor: (words[at + EventWord.sideTypeTif] & 255) as Side,
      timestamp_us,
    });
    if (feed.hasTraded) return;
    feed.hasTraded = true;
    this.#traded.push(feed);
  }

  #noteChange(symbol: number): void {
    const feed = this.#symbols[symbol];
    if (feed === undefined || feed.isChanged) return;
    feed.isChanged = true;
    this.#changed.push(feed);
  }

  #feed(symbol: number): SymbolFeed {
    let feed = this.#symbols[symbol];
    if (feed === undefined) {
      feed = new SymbolFeed(symbol, this.#source.instruments[symbol], this.#source);
      this.#symbols[symbol] = feed;
    }
    return feed;
  }
}
