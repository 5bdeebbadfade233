// How often one subscriber may ask: a second's worth at once, then as often as that comes back. To refuse costs as much as to answer, so
// refusals have a rate too: ten seconds' worth at once, and as many as requests from then on. Who goes beyond floods.

import { MessageRate } from "../../base/index.ts";

const REFUSED_SECONDS = 10;

export class RequestRate {
  /** More was refused than may be. */
  isFlood = false;
  readonly #requests: MessageRate;
  readonly #refusals: MessageRate;

  constructor(perSecond: number, now_us: number) {
    this.#requests = new MessageRate(perSecond, now_us);
    this.#refusals = new MessageRate(perSecond, now_us, perSecond * REFUSED_SECONDS);
  }

  /** Whether one more is within the rate. */
  admits(now_us: number): boolean {
    if (this.#requests.take(now_us)) return true;
    this.isFlood = !this.#refusals.take(now_us);
    return false;
  }
}
