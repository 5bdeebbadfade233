// An exchange told as ticks/1: its trades one by one, and after each command the quotes of the symbols whose best levels
// it changed. Simpler than the exchange's own feed, and lossy on purpose:
//
//   symbols    0 to 499, by their number; others are not told
//   prices     ticks / 10^decimals, as the nearest f64; the engine takes none at or below 0, which receivers throw away
//   quantities a side's best total in lots, 2^32 - 1 when it is more
//   quotes     only of a book with both sides; one that loses a side is not told at all
//   time       the command's, in nanoseconds
//
// While nobody listens nothing is read or kept. Memory: 32 bytes per symbol.

import { fromSignedLanes, type RecordBuffer, U32_MAX } from "../../base/index.ts";
import {
  EventKind,
  EventWord,
  type Instrument,
  Side,
  TICK_SYMBOLS_MAX,
  TickValues,
} from "../../protocol/index.ts";
import type { MarketSource } from "../streams/market-source.ts";

/** Where ticks go. */
export interface TickSink {
  /** Who listens now. */
  readonly clients: number;
  /** A trade or a quote; the object is lent for the call. */
  publish(tick: TickValues): void;
}

const LANE = 4294967296;
const NS_PER_US = 1_000;

type Source = Pick<MarketSource, "forEachLevel"> & { readonly instruments: readonly Instrument[] };

export class ExchangeTicks {
  readonly #source: Source;
  readonly #sink: TickSink;
  /** Symbols with events since quotes were said. */
  readonly #changed = new Uint16Array(TICK_SYMBOLS_MAX);
  #changedCount = 0;
  readonly #isChanged = new Uint8Array(TICK_SYMBOLS_MAX);
  /** What was said last, four numbers per symbol: bid, its total, ask, its total. Ticks and lots. */
  readonly #said = new Float64Array(4 * TICK_SYMBOLS_MAX).fill(Number.NaN);
  #isSilent = true;
  /** What is published; its time is that of the command that is under way. */
  readonly #tick = new TickValues();
  /** The level that was read last. */
  #price = 0;
  #total = 0;

  constructor(source: Source, sink: TickSink) {
    this.#source = source;
    this.#sink = sink;
  }

  /** Events of one command, or a piece of them. Doesn't read the source. */
  onEvents(events: RecordBuffer, timestamp_us: number): void {
    if (!this.#isHeard()) return;
    this.#keepTime(timestamp_us);
    const { words, recordWords, used_words } = events;
    for (let at = 0; at < used_words; at += recordWords) this.#onEvent(words, at);
  }

  /** A command, or several, are applied: the source may be read. */
  endCommand(): void {
    for (let i = 0; i < this.#changedCount; i++) {
      const symbol = this.#changed[i];
      this.#isChanged[symbol] = 0;
      this.#sayQuote(symbol);
    }
    this.#changedCount = 0;
  }

  /** The source's state is another one: what was said before says nothing any more. */
  onReset(): void {
    for (let i = 0; i < this.#changedCount; i++) this.#isChanged[this.#changed[i]] = 0;
    this.#changedCount = 0;
    this.#said.fill(Number.NaN);
  }

  /** Whether anybody listens; who comes after a silence gets every quote that is said anew. */
  #isHeard(): boolean {
    const isSilent = this.#sink.clients === 0;
    if (!isSilent && this.#isSilent) this.onReset();
    this.#isSilent = isSilent;
    return !isSilent;
  }

  #onEvent(words: Int32Array, at: number): void {
    const kind = words[at + EventWord.kindReasonCommandFlags] & 255;
    if (kind === EventKind.Reject || kind === EventKind.Repeat || kind === EventKind.MassCancel) return;
    const symbol = words[at + EventWord.symbol] >>> 0;
    if (symbol >= TICK_SYMBOLS_MAX) return;
    if (kind === EventKind.Trade) this.#sayTrade(symbol, words, at);
    if (this.#isChanged[symbol] === 1) return;
    this.#isChanged[symbol] = 1;
    this.#changed[this.#changedCount++] = symbol;
  }

  #sayTrade(symbol: number, words: Int32Array, at: number): void {
    const price = fromSignedLanes(words[at + EventWord.priceLow], words[at + EventWord.priceHigh]);
    const tick = this.#tick;
    tick.isTrade = true;
    tick.symbol = symbol;
    tick.price = price / this.#scaleOf(symbol);
    tick.quantity = words[at + EventWord.quantity] >>> 0;
    this.#sink.publish(tick);
  }

  #sayQuote(symbol: number): void {
    const said = this.#said;
    const at = 4 * symbol;
    if (!this.#readBest(symbol, Side.Buy)) return;
    const bid = this.#price;
    const bidTotal = this.#total;
    if (!this.#readBest(symbol, Side.Sell)) return;
    const isSame = said[at] === bid && said[at + 1] === bidTotal;
    if (isSame && said[at + 2] === this.#price && said[at + 3] === this.#total) return;
    said[at] = bid;
    said[at + 1] = bidTotal;
    said[at + 2] = this.#price;
    said[at + 3] = this.#total;
    const tick = this.#tick;
    const scale = this.#scaleOf(symbol);
    tick.isTrade = false;
    tick.symbol = symbol;
    tick.bid = bid / scale;
    tick.bidQuantity = Math.min(bidTotal, U32_MAX);
    tick.ask = this.#price / scale;
    tick.askQuantity = Math.min(this.#total, U32_MAX);
    this.#sink.publish(tick);
  }

  /** Reads the best level of a side; false when it has none. */
  #readBest(symbol: number, side: Side): boolean {
    this.#total = 0;
    this.#source.forEachLevel(symbol, side, 1, this.#onLevel);
    return this.#total > 0;
  }

  readonly #onLevel = (price: number, total: number): void => {
    this.#price = price;
    this.#total = total;
  };

  /** A power of ten up to 10^22 is exact, so a price divided by it is the nearest f64. */
  #scaleOf(symbol: number): number {
    return 10 ** this.#source.instruments[symbol].priceDecimals;
  }

  #keepTime(timestamp_us: number): void {
    const low_ns = (timestamp_us % LANE) * NS_PER_US;
    this.#tick.timeLow = low_ns % LANE;
    this.#tick.timeHigh = Math.floor(timestamp_us / LANE) * NS_PER_US + Math.floor(low_ns / LANE);
  }
}
