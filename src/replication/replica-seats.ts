// Which replica has which row of the view: each its own, by its place among the cluster's names. So who was heard is known by
// row, whoever comes and goes; and one that comes again while its old connection has not been found dead yet takes its own
// place, so that a cut link can't lock it out.

import { assert } from "../base/index.ts";
import { REPLICAS_MAX } from "./node-rows.ts";

export class ReplicaSeats {
  readonly #names: readonly string[];
  /** By row: ends the session that has it. */
  readonly #replaced: ((() => void) | undefined)[];

  /** `names`: of the nodes that may be replicas here. */
  constructor(names: readonly string[]) {
    assert(names.length >= 1 && names.length <= REPLICAS_MAX, "a primary has one or two replicas");
    this.#names = names;
    this.#replaced = names.map(() => undefined);
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  /** The row of the replica called `name`, which has one; `replaced` ends it when it comes again. */
  take(name: string, replaced: () => void): number {
    const row = this.#names.indexOf(name);
    assert(row >= 0, "the replica has a seat");
    this.#replaced[row]?.();
    this.#replaced[row] = replaced;
    return row;
  }

  leave(row: number): void {
    this.#replaced[row] = undefined;
  }
}
