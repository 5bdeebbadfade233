// How many messages a connection may send: a bucket that holds a second's worth and fills as time goes by. Pure: the
// time is given.

export class MessageRate {
  readonly #perSecond: number;
  #tokens: number;
  #time_us: number;

  constructor(perSecond: number, now_us: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#time_us = now_us;
  }

  /** Takes one message out of the bucket; false when there is none left. `now_us` never goes back. */
  take(now_us: number): boolean {
    const filled = this.#tokens + ((now_us - this.#time_us) * this.#perSecond) / 1e6;
    this.#tokens = Math.min(this.#perSecond, filled);
    this.#time_us = now_us;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
