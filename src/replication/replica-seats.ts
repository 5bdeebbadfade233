// Which replica has which row of the view. As many as were configured; one that comes again while its old connection has
// not been found dead yet takes its own place, so that a cut link can't lock it out.

import { assert } from "../base/index.ts";
import { REPLICAS_MAX } from "./node-rows.ts";

interface Seat {
  readonly name: string;
  /** Ends the session that has it. */
  readonly replaced: () => void;
}

export class ReplicaSeats {
  readonly #seats: (Seat | undefined)[];

  /** `count`: replicas that may be connected at once. */
  constructor(count: number) {
    assert(count >= 1 && count <= REPLICAS_MAX, "a primary has one or two replicas");
    this.#seats = new Array(count).fill(undefined);
  }

  hasRoomFor(name: string): boolean {
    return this.#seats.some((seat) => seat === undefined || seat.name === name);
  }

  /** The row of the replica called `name`; there must be room for it. `replaced` ends it when it comes again. */
  take(name: string, replaced: () => void): number {
    const old = this.#seats.findIndex((seat) => seat?.name === name);
    if (old >= 0) this.#seats[old]?.replaced();
    const row = this.#seats.indexOf(undefined);
    assert(row >= 0, "there is room for the replica");
    this.#seats[row] = { name, replaced };
    return row;
  }

  leave(row: number): void {
    this.#seats[row] = undefined;
  }
}
