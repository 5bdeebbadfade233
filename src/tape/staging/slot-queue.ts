// Connections in the order in which they came, at most one entry for each slot: a list threaded through two arrays, so that joining,
// leaving from the middle and taking the oldest cost the same however many wait, and nothing is allocated.

import { connectionSlot } from "../../base/index.ts";

const NONE = -1;

export class SlotQueue {
  /** The waiting connection of a slot, or NONE. */
  readonly #connections: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  #first = NONE;
  #last = NONE;
  #length = 0;

  constructor(slots: number) {
    this.#connections = new Int32Array(slots).fill(NONE);
    this.#next = new Int32Array(slots).fill(NONE);
    this.#previous = new Int32Array(slots).fill(NONE);
  }

  get length(): number {
    return this.#length;
  }

  /** The one that waits longest; -1: nobody does. */
  get first(): number {
    return this.#first === NONE ? -1 : this.#connections[this.#first];
  }

  has(connection: number): boolean {
    return this.#connections[connectionSlot(connection)] === connection;
  }

  /** Joins at the end; one that waits already keeps its place. */
  push(connection: number): void {
    const slot = connectionSlot(connection);
    if (this.#connections[slot] === connection) return;
    // Whoever had the slot before is gone, and told so: then it waits no more.
    this.#connections[slot] = connection;
    this.#previous[slot] = this.#last;
    this.#next[slot] = NONE;
    if (this.#last === NONE) this.#first = slot;
    else this.#next[this.#last] = slot;
    this.#last = slot;
    this.#length++;
  }

  /** Takes out the one that waits longest; -1: nobody waits. */
  shift(): number {
    const connection = this.first;
    if (connection >= 0) this.remove(connection);
    return connection;
  }

  /** Takes `connection` out, wherever it is; nothing happens when it does not wait. */
  remove(connection: number): void {
    const slot = connectionSlot(connection);
    if (this.#connections[slot] !== connection) return;
    const previous = this.#previous[slot];
    const next = this.#next[slot];
    if (previous === NONE) this.#first = next;
    else this.#next[previous] = next;
    if (next === NONE) this.#last = previous;
    else this.#previous[next] = previous;
    this.#connections[slot] = NONE;
    this.#length--;
  }
}
