// One symbol's trades of the UTC day, by the log's time, as ticks and lots. A day begins with its first trade; what was traded
// before the publisher began is not in it, which `since_us` says.

import { SAFE_MAX } from "../base/index.ts";

/** Microseconds of a UTC day. */
export const DAY_US = 86_400_000_000;

export class DayStatistics {
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
  #until_us = 0;

  /** `began_us`: since when every trade is added. */
  add(timestamp_us: number, began_us: number, price: number, quantity: number): void {
    // The sequencer's time never goes back; should a log's do so, the day stays the later one.
    if (timestamp_us >= this.#until_us) this.#begin(timestamp_us, began_us, price);
    this.high = Math.max(this.high, price);
    this.low = Math.min(this.low, price);
    this.last = price;
    this.last_us = timestamp_us;
    this.volume = Math.min(SAFE_MAX, this.volume + quantity);
    this.trades++;
  }

  #begin(timestamp_us: number, began_us: number, price: number): void {
    const midnight_us = Math.floor(timestamp_us / DAY_US) * DAY_US;
    this.#until_us = midnight_us + DAY_US;
    this.since_us = Math.max(midnight_us, began_us);
    this.open = price;
    this.high = price;
    this.low = price;
    this.volume = 0;
    this.trades = 0;
  }
}
