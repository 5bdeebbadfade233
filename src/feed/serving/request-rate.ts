// How often one subscriber may ask: a second's worth at once, then as often as that comes back.

const SECOND_US = 1_000_000;

export class RequestRate {
  readonly #perSecond: number;
  #left: number;
  #at_us: number;

  constructor(perSecond: number, now_us: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#at_us = now_us;
  }

  /** Whether one more is within the rate; then it counts. */
  admits(now_us: number): boolean {
    const back = ((now_us - this.#at_us) * this.#perSecond) / SECOND_US;
    this.#left = Math.min(this.#perSecond, this.#left + Math.max(0, back));
    this.#at_us = now_us;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
