// Connections that have proved nothing, where everybody must: they have a share of the slots and no more, so that strangers,
// however many addresses they have, never keep out who can prove himself. At the share the one that has had the longest time
// for it gives way to the next. One that is being closed has its slot until it is gone, and counts as long.

import type { Connection } from "../connection.ts";

/** Of the slots, what strangers may have: 1 / this. */
const SHARE = 2;

export class Strangers {
  /** The oldest first. */
  readonly #waiting = new Set<Connection>();
  readonly #max: number;

  constructor(connectionsMax: number) {
    this.#max = Math.max(1, Math.floor(connectionsMax / SHARE));
  }

  /** One more; returns the one that has to give way to it, if any: it counts no more. */
  enter(connection: Connection): Connection | undefined {
    this.#waiting.add(connection);
    if (this.#waiting.size <= this.#max) return undefined;
    const [oldest] = this.#waiting;
    this.#waiting.delete(oldest);
    return oldest;
  }

  /** It has proved who it is, or is gone. */
  leave(connection: Connection): void {
    this.#waiting.delete(connection);
  }
}
