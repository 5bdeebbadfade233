// What the trades of the UTC day were, by symbol: one rule for the channels and for JSON. A day begins at midnight by the log's time,
// with the first command behind it, whatever that is: then the statistics of the last day are over, with or without a trade. What was
// traded before the publisher began is not in them, which `since_us` says.

import { SAFE_MAX } from "../base/index.ts";
import type { DayStatistics as DayFields } from "../protocol/index.ts";

/** Microseconds of a UTC day. */
const DAY_US = 86_400_000_000;

/** One symbol's day, as ticks and lots; without trades its prices are 0. */
export class DayStatistics implements DayFields {
  /** Midnight, or when the publisher began if that was later: microseconds since 1970. */
  since_us = 0;
  open = 0;
  high = 0;
  low = 0;
  last = 0;
  /** Of the last trade. */
  last_us = 0;
  /** Lots; it stays at the largest exact number. */
  volume = 0;
  trades = 0;
  /** When its day began; none yet. */
  midnight_us = -1;

  begin(midnight_us: number, since_us: number, price: number): void {
    this.midnight_us = midnight_us;
    this.since_us = since_us;
    this.open = price;
    this.high = price;
    this.low = price;
    this.volume = 0;
    this.trades = 0;
  }

  add(timestamp_us: number, price: number, quantity: number): void {
    this.high = Math.max(this.high, price);
    this.low = Math.min(this.low, price);
    this.last = price;
    this.last_us = timestamp_us;
    this.volume = Math.min(SAFE_MAX, this.volume + quantity);
    this.trades++;
  }
}

export class DayBook {
  /** By symbol; missing for those that have not traded. */
  readonly #symbols: (DayStatistics | undefined)[] = [];
  #began_us = 0;
  #midnight_us = 0;
  /** A day without trades. */
  readonly #empty = new DayStatistics();

  /** Since when every trade is counted, of this day and of those before. */
  get began_us(): number {
    return this.#began_us;
  }

  /** Begins in the middle of a day, behind a command of that time: what was traded before is not known. */
  begin(timestamp_us: number): void {
    this.#symbols.length = 0;
    this.#began_us = timestamp_us;
    this.#turn(timestamp_us);
  }

  /**
   * A command of that time has come, whose trades may be added now. True: it is the first one of another day. The sequencer's time never goes
   * back; should a log's do so, the day stays the later one.
   */
  reach(timestamp_us: number): boolean {
    if (timestamp_us < this.#midnight_us + DAY_US) return false;
    this.#turn(timestamp_us);
    return true;
  }

  /** Counts a trade of the day at work: ticks and lots. */
  add(symbol: number, timestamp_us: number, price: number, quantity: number): void {
    let day = this.#symbols[symbol];
    if (day === undefined) {
      day = new DayStatistics();
      this.#symbols[symbol] = day;
    }
    if (day.midnight_us !== this.#midnight_us) day.begin(this.#midnight_us, this.#empty.since_us, price);
    day.add(timestamp_us, price, quantity);
  }

  /** The day of `symbol`, lent. */
  of(symbol: number): Readonly<DayStatistics> {
    const day = this.#symbols[symbol];
    return day?.midnight_us === this.#midnight_us ? day : this.#empty;
  }

  #turn(timestamp_us: number): void {
    this.#midnight_us = Math.floor(timestamp_us / DAY_US) * DAY_US;
    this.#empty.since_us = Math.max(this.#midnight_us, this.#began_us);
  }
}
