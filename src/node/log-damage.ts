// Where a node's log can't be read any more, as far as that was found: said in the log once for each place, and by health
// until the node ends. Damage is for a person to look at (docs/replication.md); nothing here mends it.

import type { Log } from "./log.ts";

/** Places that are said: who has lost more replaces the disk. */
const PLACES_MAX = 64;

export class LogDamage {
  readonly #log: Log;
  readonly #places = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Found first: file, offset and reason, in one line. */
  get why(): string | undefined {
    return this.#places.values().next().value;
  }

  found(why: string): void {
    if (this.#places.has(why) || this.#places.size === PLACES_MAX) return;
    this.#places.add(why);
    this.#log.error(
      `a part of this node's log can't be read, who needs it is sent a snapshot instead: ${why}`,
    );
  }
}
