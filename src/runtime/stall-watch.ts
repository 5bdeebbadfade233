// Whether somebody has stopped doing what he was given to do: a journal, or a replica's thread, that waits for a disk that hangs,
// replicas that acknowledge nothing. That is no failure, as it may go on yet; but nobody is answered whom it holds up, and whoever
// asks how the node is should hear why.

import type { Micros } from "../base/index.ts";

/** One group commit takes milliseconds, a replica that is gone is given up after 2 s: what lasts longer than this is none of it. */
const STALLED_US = 5_000_000;

export class StallWatch {
  #done = 0;
  /** When more was last seen to be done, or all. */
  #moved_us: Micros;

  constructor(now_us: Micros) {
    this.#moved_us = now_us;
  }

  /** To be called now and then: how much is done, and how much was given. */
  look(done: number, given: number, now_us: Micros): void {
    if (done > this.#done || done === given) this.#moved_us = now_us;
    this.#done = done;
  }

  /** For how many whole seconds nothing was done, as of now; undefined: something was, or there is nothing to do. */
  stalled_s(done: number, given: number, now_us: Micros): number | undefined {
    const stalled_us = now_us - this.#moved_us;
    if (done > this.#done || done === given || stalled_us < STALLED_US) return undefined;
    return Math.floor(stalled_us / 1e6);
  }
}
