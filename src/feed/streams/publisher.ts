// The market-data publisher: events of applied commands in, messages out. Trades and an account's orders come from the
// events; depth and quotes from the source, once per batch and only for symbols whose events were in it, so one batch makes
// at most one depth message per symbol, however much happened, and of quotes what symbol-feed.ts says. Candles, the day's
// statistics and queues are said when the caller wants it. Knows no socket, thread or clock: times are the log's. What nobody
// listens to costs the history of its trades, nothing else.
//
// Commands are applied and their events given, piece by piece, each command ended by endCommand(); at the end of a batch, which
// may be many commands, flush() says what changed. Between two commands subscribers may come, go and read. Memory: 76 kB per
// symbol that has traded, 2 kB per symbol whose book is watched, and what the subscribers hold (outbox.ts).

import { fromLanes, fromSignedLanes, type RecordBuffer } from "../../base/index.ts";
import {
  CommandKind,
  CommandWord,
  EventKind,
  EventWord,
  readTimestamp,
  type Side,
} from "../../protocol/index.ts";
import { DayBook } from "../day-book.ts";
import type { MarketSource } from "./market-source.ts";
import { OrderFeed } from "./order-feed.ts";
import { StreamFigures } from "./outbox.ts";
import { QueueStream } from "./queue-stream.ts";
import type { MarketStream } from "./stream.ts";
import { type MarketChannel, SymbolFeed, type SymbolParts } from "./symbol-feed.ts";

export class Publisher {
  readonly orders: OrderFeed;
  readonly figures = new StreamFigures();
  readonly #source: MarketSource;
  /** By symbol number; missing for those without trades that nobody asked for. */
  readonly #symbols: (SymbolFeed | undefined)[] = [];
  /** Symbols with events since the last flush. */
  #changed: SymbolFeed[] = [];
  /** Symbols whose slow streams may have something to say. */
  #slowChanged: SymbolFeed[] = [];
  /** Symbols with events of the command that is being applied. */
  readonly #touched: SymbolFeed[] = [];
  /** A command may have halted trading, or let it go on. */
  #mayHaveHalted = false;
  readonly #days = new DayBook();
  readonly #parts: SymbolParts;

  constructor(source: MarketSource) {
    this.#source = source;
    this.#parts = { source, days: this.#days, figures: this.figures };
    this.orders = new OrderFeed(source);
  }

  /** Events of one applied command, or a piece of them; `timestamp_us`: the command's. Doesn't read the books. */
  onEvents(events: RecordBuffer, timestamp_us: number): void {
    this.#reach(timestamp_us);
    const { words, recordWords, used_words } = events;
    for (let at = 0; at < used_words; at += recordWords) {
      const kind = words[at + EventWord.kindReasonCommandFlags] & 255;
      // Of these nothing follows: a Repeat tells its sender what everybody was told before, and a MassCancel has its Cancels.
      if (kind === EventKind.Reject || kind === EventKind.Repeat || kind === EventKind.MassCancel) continue;
      this.orders.onEvent(words, at, timestamp_us);
      const symbol = words[at + EventWord.symbol] >>> 0;
      if (kind === EventKind.Trade) this.#onTrade(this.#feed(symbol), words, at, timestamp_us);
      this.#touch(symbol);
    }
  }

  /** The command at `words[at]` was applied and all its events were given; the books may be read. */
  endCommand(words: Int32Array, at: number): void {
    const kind = words[at + CommandWord.kindSideTypeTif] & 255;
    if (kind === CommandKind.Halt || kind === CommandKind.Resume || kind === CommandKind.KillSwitch)
      this.#mayHaveHalted = true;
    this.#reach(readTimestamp(words, at));
    if (this.#touched.length === 0) return;
    for (const feed of this.#touched) {
      feed.isTouched = false;
      feed.endCommand();
      if (!feed.isChanged) this.#changed.push(feed);
      feed.isChanged = true;
      if (feed.queues.size > 0) this.#noteSlow(feed);
    }
    this.#touched.length = 0;
  }

  /** The end of a batch: says which trades there were, and what changed in books. */
  flush(): void {
    if (this.#mayHaveHalted) this.#flushStatus();
    if (this.#changed.length === 0) return;
    const changed = this.#changed;
    this.#changed = [];
    for (const feed of changed) feed.flush();
  }

  /** Says which candles, days and queues changed: seven messages for each symbol that has traded, so meant to be called less often. */
  flushSlow(): void {
    if (this.#slowChanged.length === 0) return;
    const changed = this.#slowChanged;
    this.#slowChanged = [];
    for (const feed of changed) feed.flushSlow();
  }

  /**
   * The source's state was replaced: every subscriber gets snapshots anew. Sequences go on. Trades that were skipped with it
   * are missing in the latest trades and in candles; statistics begin anew. To be called before the first command, too.
   */
  onReset(): void {
    this.#changed = [];
    this.#slowChanged = [];
    this.#days.begin(this.#source.timestamp_us);
    for (const feed of this.#symbols) feed?.begin();
    for (const feed of this.#symbols) feed?.renew();
    this.orders.renew();
  }

  /** The streams of a symbol's channel: five of candles, one of every other. */
  streams(channel: MarketChannel, symbol: number): readonly MarketStream[] {
    return this.#feed(symbol).streams(channel);
  }

  /** The queue at a price in ticks, with an account's orders marked; to be given back with closeQueue(). */
  openQueue(symbol: number, side: Side, price: number, account: number | undefined): QueueStream {
    const feed = this.#feed(symbol);
    const queue = new QueueStream(feed, this.#source, { side, price, account });
    feed.queues.add(queue);
    return queue;
  }

  closeQueue(queue: QueueStream): void {
    this.#feed(queue.symbolNumber).queues.delete(queue);
  }

  #onTrade(feed: SymbolFeed, words: Int32Array, at: number, timestamp_us: number): void {
    const trade = {
      sequence: fromLanes(words[at + EventWord.sequenceLow], words[at + EventWord.sequenceHigh]),
      price: fromSignedLanes(words[at + EventWord.priceLow], words[at + EventWord.priceHigh]),
      quantity: words[at + EventWord.quantity] >>> 0,
      aggressor: (words[at + EventWord.sideTypeTif] & 255) as Side,
      timestamp_us,
    };
    feed.onTrade(trade);
    this.#days.add(feed.number, timestamp_us, trade.price, trade.quantity);
    this.#noteSlow(feed);
  }

  /** Another day may have begun: then the days of all that have traded are other ones. */
  #reach(timestamp_us: number): void {
    if (!this.#days.reach(timestamp_us)) return;
    for (const feed of this.#symbols) if (feed?.history !== undefined) this.#noteSlow(feed);
  }

  #touch(symbol: number): void {
    const feed = this.#symbols[symbol];
    if (feed === undefined || feed.isTouched) return;
    feed.isTouched = true;
    this.#touched.push(feed);
  }

  #noteSlow(feed: SymbolFeed): void {
    if (feed.isSlowChanged) return;
    feed.isSlowChanged = true;
    this.#slowChanged.push(feed);
  }

  #flushStatus(): void {
    this.#mayHaveHalted = false;
    for (const feed of this.#symbols) feed?.flushStatus();
  }

  #feed(symbol: number): SymbolFeed {
    let feed = this.#symbols[symbol];
    if (feed === undefined) {
      feed = new SymbolFeed(symbol, this.#source.instruments[symbol], this.#parts);
      this.#symbols[symbol] = feed;
    }
    return feed;
  }
}
