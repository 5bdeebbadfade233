// What the trades of a UTC day were, by symbol and by the log's time. Six numbers a symbol in one array.

import { powerOfTwoAtLeast, SAFE_MAX } from "../../base/index.ts";
import type { DayStatistics } from "../../protocol/index.ts";

const DAY_US = 86_400_000_000;

/** Offsets in a symbol's numbers. */
const OPEN = 0;
const HIGH = 1;
const LOW = 2;
const LAST = 3;
const VOLUME = 4;
const TRADES = 5;
const NUMBERS = 6;

export class DayBook {
  #numbers = new Float64Array(0);
  /** From when on trades are counted: the day's begin, or later the publisher's. */
  since_us = 0;
  /** When the day is over. */
  #end_us = 0;

  /** Begins in the middle of a day: what was traded before is not known. */
  begin(timestamp_us: number): void {
    this.#numbers.fill(0);
    this.since_us = timestamp_us;
    this.#end_us = dayOf(timestamp_us) + DAY_US;
  }

  isOver(timestamp_us: number): boolean {
    return timestamp_us >= this.#end_us;
  }

  /** Begins the day of `timestamp_us`, whole. */
  turn(timestamp_us: number): void {
    this.begin(timestamp_us);
    this.since_us = dayOf(timestamp_us);
  }

  /** Counts a trade: ticks and lots. */
  add(symbol: number, price: number, quantity: number): void {
    const at = symbol * NUMBERS;
    if (at + NUMBERS > this.#numbers.length) this.#grow(at + NUMBERS);
    const n = this.#numbers;
    if (n[at + TRADES]++ === 0) {
      n[at + OPEN] = price;
      n[at + HIGH] = price;
      n[at + LOW] = price;
    } else if (price > n[at + HIGH]) n[at + HIGH] = price;
    else if (price < n[at + LOW]) n[at + LOW] = price;
    n[at + LAST] = price;
    // Two million trades of the largest quantity: it stays there, as a number that is exact.
    n[at + VOLUME] = Math.min(SAFE_MAX, n[at + VOLUME] + quantity);
  }

  /** Fills `to` with the day of `symbol`; without a trade its prices are 0. */
  read(symbol: number, to: DayStatistics): void {
    const at = symbol * NUMBERS;
    const n = this.#numbers;
    const isKnown = at + NUMBERS <= n.length;
    to.since_us = this.since_us;
    to.open = isKnown ? n[at + OPEN] : 0;
    to.high = isKnown ? n[at + HIGH] : 0;
    to.low = isKnown ? n[at + LOW] : 0;
    to.last = isKnown ? n[at + LAST] : 0;
    to.volume = isKnown ? n[at + VOLUME] : 0;
    to.trades = isKnown ? n[at + TRADES] : 0;
  }

  #grow(length: number): void {
    const grown = new Float64Array(powerOfTwoAtLeast(length));
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}

function dayOf(timestamp_us: number): number {
  return Math.floor(timestamp_us / DAY_US) * DAY_US;
}
