// What the log says while a disk, or replicas, hold a node up: health has it at once, the log when it has lasted and as long as it
// lasts. Nothing has failed, and nobody else would say why no answers come.

import { DegradedNotice } from "./degraded-notice.ts";
import type { Log } from "./log.ts";

export class StallNotice {
  readonly #notice: DegradedNotice;

  /** `position`: of the last command that the node knows of. */
  constructor(log: Log, position: () => number) {
    this.#notice = new DegradedNotice({
      degraded: (why) => log.warn({ position: position() }, why),
      over: () => log.info({ position: position() }, "what held this node up is over"),
    });
  }

  /** Once a second: why nothing goes on, in one line; undefined: it does. */
  tick(stall: string | undefined, now_us: number): void {
    this.#notice.changed(stall, now_us);
    this.#notice.tick(now_us);
  }
}
