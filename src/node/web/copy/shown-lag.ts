// For how long what the web shows has lacked the next command that may be seen: a copy that can't follow shows the past, and
// whoever looks must be told. It knows what may be seen from the node's status, once a second while somebody listens.

import type { Position } from "../../../base/index.ts";
import { PositionTimes } from "../../../replication/index.ts";

/** At one a second 17 minutes; of what is older it is told that it is at least so old. */
const SAMPLES_MAX = 1_024;
/** Nobody has asked for so long: between samples the log is taken to have grown evenly, which it did not over a night. */
const GAP_US = 3_000_000;

export class ShownLag {
  #times = new PositionTimes(SAMPLES_MAX);
  #visible = 0;
  #asked_us = 0;

  /** `visible`: commands up to here may be seen by now; `shown`: up to here they are. */
  lag_us(visible: Position, shown: Position, now_us: number): number {
    // What is lower is another history.
    if (visible < this.#visible || now_us - this.#asked_us > GAP_US)
      this.#times = new PositionTimes(SAMPLES_MAX);
    this.#visible = visible;
    this.#asked_us = now_us;
    this.#times.note(visible, now_us);
    return Math.round(this.#times.lag_us(shown, visible, now_us));
  }
}
