// At which connections a tick looks: at all of them, or, where there are very many, at those behind the last tick's, round by round. A
// tick is on the thread that matches: 60,000 idle connections looked at in one go held it up for milliseconds, ten times a second.
// Of so many a deadline is noticed up to a round late, three seconds there, or two (deadlines.ts); up to LOOKS_MAX a round is a tick.

import type { Connection } from "../connection.ts";

/** Connections looked at in one tick at most. */
export const LOOKS_MAX = 2_048;

export class Rounds {
  /** By slot. */
  readonly #connections: readonly (Connection | undefined)[];
  readonly #look: (connection: Connection) => void;
  /** The slot that is next; 0: a round begins. */
  #next = 0;

  constructor(connections: readonly (Connection | undefined)[], look: (connection: Connection) => void) {
    this.#connections = connections;
    this.#look = look;
  }

  /** Whether the next turn is the first of a round. */
  get begins(): boolean {
    return this.#next === 0;
  }

  /** Looks at the next ones. By index: an iterator over thousands of slots made a megabyte of garbage a second. */
  turn(): void {
    const connections = this.#connections;
    let slot = this.#next;
    for (let left = LOOKS_MAX; slot < connections.length; slot++) {
      const connection = connections[slot];
      if (connection === undefined || connection.finished) continue;
      if (left-- === 0) break;
      this.#look(connection);
    }
    this.#next = slot < connections.length ? slot : 0;
  }
}

/** Bytes that wait to be sent on the connection that has most of them: all are looked at. */
export function mostPendingOf(connections: readonly (Connection | undefined)[]): number {
  let most_bytes = 0;
  for (const connection of connections)
    if (connection !== undefined) most_bytes = Math.max(most_bytes, connection.output.pending_bytes);
  return most_bytes;
}
