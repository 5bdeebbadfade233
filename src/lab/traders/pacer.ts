// How many orders are due: a rate in small slices of time. What could not be sent is owed for a moment only, so an exchange
// that was slow or away meets no wave afterwards.

/** What is owed at most, as time. */
const OWED_MAX_S = 0.25;

export class Pacer {
  readonly #rate: number;
  #owed = 0;
  #time_us: number;

  /** `rate` in orders a second. */
  constructor(rate: number, now_us: number) {
    this.#rate = rate;
    this.#time_us = now_us;
  }

  /** Whole orders that are due at `now_us`; `sent` takes them off. */
  due(now_us: number): number {
    const owed = this.#owed + ((now_us - this.#time_us) / 1e6) * this.#rate;
    // One order must be able to come due, however low the rate.
    this.#owed = Math.min(owed, Math.max(1, this.#rate * OWED_MAX_S));
    this.#time_us = now_us;
    return Math.floor(this.#owed);
  }

  sent(orders: number): void {
    this.#owed -= orders;
  }
}
