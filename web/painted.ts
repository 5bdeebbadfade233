// What a view has painted last: whose picture, and what of it. The counters of a market begin anew with every connection,
// so those of another one may be the same by chance.

import type { Market } from "../src/client/socket/index.ts";

export class Painted {
  #market: Market | undefined;
  #state: string | undefined;

  /** Whether there is something to paint; `state`: all that the picture is made of, beside the market's own name. */
  differs(market: Market | undefined, state: string): boolean {
    if (market === this.#market && state === this.#state) return false;
    this.#market = market;
    this.#state = state;
    return true;
  }

  /** What was painted is not there any more. */
  forget(): void {
    this.#state = undefined;
  }
}
