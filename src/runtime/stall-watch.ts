// Whether the journal waits for a disk that hangs: for a while it has given back nothing of what it was given. That is no failure, as the
// disk may yet answer; but nobody is answered whom it holds up, and whoever asks how the node is should hear why.

import { counted, type Micros, type Position } from "../base/index.ts";

/** A disk that needs longer for what is under way hangs; one write and its sync take milliseconds. */
const STALLED_US = 5_000_000;

export class StallWatch {
  #durable: Position = 0;
  /** When the journal was last seen to have given back more, or all. */
  #moved_us: Micros;

  constructor(now_us: Micros) {
    this.#moved_us = now_us;
  }

  /** To be called now and then: the last position that the journal has given back, and the last that it was given. */
  look(durable: Position, given: Position, now_us: Micros): void {
    if (durable > this.#durable || durable === given) this.#moved_us = now_us;
    this.#durable = durable;
  }

  /** In one line, as of now; undefined: it gives back, or has nothing. */
  why(durable: Position, given: Position, now_us: Micros): string | undefined {
    const stalled_us = now_us - this.#moved_us;
    if (durable > this.#durable || durable === given || stalled_us < STALLED_US) return undefined;
    const for_s = Math.floor(stalled_us / 1e6);
    return `this node's disk has made nothing safe for ${for_s} s: it holds up ${counted(given - durable, "command")}`;
  }
}
