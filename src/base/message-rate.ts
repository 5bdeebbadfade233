// How many messages one peer may send: a bucket that holds a second's worth, or as many as it is told, and fills as time goes by. One object per
// peer; for many peers on a hot path the gateway has arrays (token-bucket.ts).

export class MessageRate {
  readonly #perSecond: number;
  readonly #most: number;
  #tokens: number;
  #time_us: number;

  /** `most`: how many may come at once, after a silence. */
  constructor(perSecond: number, now_us: number, most = perSecond) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#tokens = most;
    this.#time_us = now_us;
  }

  /** Takes one message out of the bucket; false when there is none left. `now_us` never goes back. */
  take(now_us: number): boolean {
    const filled = this.#tokens + ((now_us - this.#time_us) * this.#perSecond) / 1e6;
    this.#tokens = Math.min(this.#most, filled);
    this.#time_us = now_us;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
