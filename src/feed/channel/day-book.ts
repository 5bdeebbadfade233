// What the trades of the UTC day were, by symbol, as the channels tell it: a day begins at midnight by the log's time, with or
// without a trade, and the statistics of the last one are over.

import type { DayStatistics as DayFields } from "../../protocol/index.ts";
import { DAY_US, DayStatistics } from "../day-statistics.ts";

export class DayBook {
  /** By symbol; missing for those that have not traded. */
  readonly #symbols: (DayStatistics | undefined)[] = [];
  /** Since when every trade is counted. */
  #began_us = 0;
  #midnight_us = 0;
  /** A day without trades. */
  readonly #empty: DayFields = { since_us: 0, open: 0, high: 0, low: 0, last: 0, volume: 0, trades: 0 };

  /** Begins in the middle of a day: what was traded before is not known. */
  begin(timestamp_us: number): void {
    this.#symbols.length = 0;
    this.#began_us = timestamp_us;
    this.turn(timestamp_us);
  }

  /** Whether the day at work is over. */
  isOver(timestamp_us: number): boolean {
    return timestamp_us >= this.#midnight_us + DAY_US;
  }

  /** Goes to the day of `timestamp_us`. */
  turn(timestamp_us: number): void {
    this.#midnight_us = Math.floor(timestamp_us / DAY_US) * DAY_US;
    this.#empty.since_us = Math.max(this.#midnight_us, this.#began_us);
  }

  /** Counts a trade: ticks and lots. */
  add(symbol: number, timestamp_us: number, price: number, quantity: number): void {
    let day = this.#symbols[symbol];
    if (day === undefined) {
      day = new DayStatistics();
      this.#symbols[symbol] = day;
    }
    day.add(timestamp_us, this.#began_us, price, quantity);
  }

  /** The day of `symbol`, lent; without a trade its prices are 0. */
  of(symbol: number): Readonly<DayFields> {
    const day = this.#symbols[symbol];
    return day === undefined || day.last_us < this.#midnight_us ? this.#empty : day;
  }
}
