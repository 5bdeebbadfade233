// Where a node's log can't be read any more, as far as that was found: said in the log once for each place, and by health
// until the node ends. Damage is for a person to look at (docs/replication.md); nothing here mends it.

import type { Log } from "./log.ts";

export class LogDamage {
  readonly #log: Log;
  #why: string | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Found last: file, offset and reason, in one line. */
  get why(): string | undefined {
    return this.#why;
  }

  found(why: string): void {
    if (this.#why === why) return;
    this.#why = why;
    this.#log.error(
      `a part of this node's log can't be read, who needs it is sent a snapshot instead: ${why}`,
    );
  }
}
