// The candles of one symbol and one interval, in a ring of typed arrays: the latest 300, 48 bytes each, 14,400 bytes. Times
// are those of the log. An interval without trades has no candle.

import { SAFE_MAX } from "../../base/index.ts";
import { type CandleEntry, formatPrice } from "../../protocol/index.ts";

/** Candles kept of an interval: a screen's width of them. */
const CANDLES_MAX = 300;

const US_PER_S = 1_000_000;

export class CandleSeries {
  readonly interval_s: number;
  readonly #starts_s = new Float64Array(CANDLES_MAX);
  readonly #opens = new Float64Array(CANDLES_MAX);
  readonly #highs = new Float64Array(CANDLES_MAX);
  readonly #lows = new Float64Array(CANDLES_MAX);
  readonly #closes = new Float64Array(CANDLES_MAX);
  readonly #quantities = new Float64Array(CANDLES_MAX);
  /** Candles ever begun; number n lies at n % CANDLES_MAX. */
  #count = 0;
  /** The first candle that changed since takeChanges(); #count when none did. */
  #changed = 0;

  constructor(interval_s: number) {
    this.interval_s = interval_s;
  }

  /** Counts a trade: ticks and lots. */
  add(timestamp_us: number, price: number, quantity: number): void {
    const start_s = Math.floor(timestamp_us / US_PER_S / this.interval_s) * this.interval_s;
    const last = (this.#count - 1) % CANDLES_MAX;
    // The sequencer's time never goes back; should a log's do so, a candle that is closed stays as it was.
    if (this.#count === 0 || start_s > this.#starts_s[last]) return this.#begin(start_s, price, quantity);
    this.#changed = Math.min(this.#changed, this.#count - 1);
    this.#highs[last] = Math.max(this.#highs[last], price);
    this.#lows[last] = Math.min(this.#lows[last], price);
    this.#closes[last] = price;
    // Two million trades of the largest quantity: it stays there, as a number that is exact.
    this.#quantities[last] = Math.min(SAFE_MAX, this.#quantities[last] + quantity);
  }

  #begin(start_s: number, price: number, quantity: number): void {
    const at = this.#count++ % CANDLES_MAX;
    this.#starts_s[at] = start_s;
    this.#opens[at] = price;
    this.#highs[at] = price;
    this.#lows[at] = price;
    this.#closes[at] = price;
    this.#quantities[at] = quantity;
  }

  /** All that are kept, oldest first. */
  entries(decimals: number): CandleEntry[] {
    return this.#from(0, decimals);
  }

  /** Those that changed since the last call, oldest first. */
  takeChanges(decimals: number): CandleEntry[] {
    const changed = this.#from(this.#changed, decimals);
    this.#changed = this.#count;
    return changed;
  }

  /** The closing prices of the latest `max`, oldest first. */
  closes(max: number, decimals: number): string[] {
    const length = Math.min(max, CANDLES_MAX, this.#count);
    return Array.from({ length }, (_, i) =>
      formatPrice(this.#closes[(this.#count - length + i) % CANDLES_MAX], decimals),
    );
  }

  #from(number: number, decimals: number): CandleEntry[] {
    const first = Math.max(number, this.#count - CANDLES_MAX);
    return Array.from({ length: this.#count - first }, (_, i) =>
      this.#entry((first + i) % CANDLES_MAX, decimals),
    );
  }

  #entry(at: number, decimals: number): CandleEntry {
    return [
      this.#starts_s[at],
      formatPrice(this.#opens[at], decimals),
      formatPrice(this.#highs[at], decimals),
      formatPrice(this.#lows[at], decimals),
      formatPrice(this.#closes[at], decimals),
      this.#quantities[at],
    ];
  }
}
