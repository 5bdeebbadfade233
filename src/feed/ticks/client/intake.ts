// The bytes of ticks/1 connections in, ticks out: frames (parser.ts), their numbers (numbering.ts), then what a value must be. A frame
// that is not delivered has still taken its number. It knows no socket: a file of received bytes does as well.

import { TICK_SYMBOLS_MAX, TickType } from "../../../protocol/index.ts";
import { TickCounters } from "./counters.ts";
import type { TickListener } from "./listener.ts";
import { TickNumbering, type TickNumberingOption } from "./numbering.ts";
import { type TickFrameTaker, TickParser } from "./parser.ts";
import { Tick } from "./tick.ts";
import { SubscriptionWishes } from "./wishes.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const { Quote, Trade } = TickType;

export interface TickIntakeOptions {
  readonly listener: TickListener;
  /** "auto" by default. */
  readonly numbering?: TickNumberingOption | undefined;
  /** Symbols are below it: 500 by default, 65,536 at most. */
  readonly maxSymbols?: number | undefined;
  /** Whose symbols are delivered; all by default. */
  readonly wishes?: SubscriptionWishes | undefined;
}

export class TickIntake implements TickFrameTaker {
  readonly counters = new TickCounters();
  readonly #listener: TickListener;
  readonly #maxSymbols: number;
  readonly #wishes: SubscriptionWishes;
  readonly #numbering: TickNumbering;
  readonly #parser: TickParser;
  readonly #tick = new Tick();

  constructor(options: TickIntakeOptions) {
    const { listener, numbering = "auto", maxSymbols = TICK_SYMBOLS_MAX } = options;
    this.#listener = listener;
    this.#maxSymbols = maxSymbols;
    this.#wishes = options.wishes ?? new SubscriptionWishes("all");
    this.#numbering = new TickNumbering(numbering, this.counters);
    this.#parser = new TickParser(this, this.counters);
  }

  /** A new connection: no bytes, number or time of the last one count, counters go on. */
  begin(): void {
    this.#parser.begin();
    this.#numbering.begin();
  }

  /** Delivers nothing more until `begin`, also when it is called from inside a delivery. */
  end(): void {
    this.#parser.end();
  }

  /** Takes bytes[from, to), whatever the splits. False: this is no ticks/1 stream, or it was ended. */
  push(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
    return this.#parser.push(bytes, from, to);
  }

  /** The parser's; nobody else calls it. */
  take(view: DataView, at: number, type: TickType): void {
    this.#tick.read(view, at, type);
    this.#numbering.isFiltered = !this.#wishes.isAll;
    this.#numbering.take(this.#tick);
    if (type === Quote) this.#takeQuote();
    else if (type === Trade) this.#takeTrade();
    else {
      this.counters.heartbeats += 1;
      this.#listener.onHeartbeat?.(this.#tick);
    }
  }

  #takeTrade(): void {
    const tick = this.#tick;
    if (!this.#isDelivered(tick.symbol, isPrice(tick.price))) return;
    this.counters.trades += 1;
    this.#listener.onTrade?.(tick);
  }

  #takeQuote(): void {
    const tick = this.#tick;
    if (!this.#isDelivered(tick.symbol, isPrice(tick.bid) && isPrice(tick.ask))) return;
    this.counters.quotes += 1;
    this.#listener.onQuote?.(tick);
  }

  /** What keeps a frame from being delivered is counted once. */
  #isDelivered(symbol: number, hasPrices: boolean): boolean {
    if (!hasPrices) this.counters.invalidValues += 1;
    else if (symbol >= this.#maxSymbols) this.counters.unknownSymbols += 1;
    else if (!this.#wishes.wants(symbol)) this.counters.unwantedFrames += 1;
    else return true;
    return false;
  }
}

function isPrice(price: number): boolean {
  return price > 0 && price < Number.POSITIVE_INFINITY;
}
