// How often one subscriber may ask: a second's worth at once, then as often as that comes back. To refuse costs as much as to answer, so
// refusals have a rate too: ten seconds' worth at once, and as many as requests from then on. Who goes beyond floods.

const SECOND_US = 1_000_000;
const REFUSED_SECONDS = 10;

export class RequestRate {
  readonly #perSecond: number;
  #left: number;
  #refusals: number;
  #at_us: number;

  constructor(perSecond: number, now_us: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#refusals = perSecond * REFUSED_SECONDS;
    this.#at_us = now_us;
  }

  /** More was refused than may be. */
  get isFlood(): boolean {
    return this.#refusals < 0;
  }

  /** Whether one more is within the rate. */
  admits(now_us: number): boolean {
    const back = Math.max(0, ((now_us - this.#at_us) * this.#perSecond) / SECOND_US);
    this.#left = Math.min(this.#perSecond, this.#left + back);
    this.#refusals = Math.min(this.#perSecond * REFUSED_SECONDS, this.#refusals + back);
    this.#at_us = now_us;
    if (this.#left >= 1) {
      this.#left--;
      return true;
    }
    this.#refusals--;
    return false;
  }
}
