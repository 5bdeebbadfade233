// Which replica has which row of the view: each its own, by its place among the cluster's names. So who was heard is known by
// row, whoever comes and goes. One that comes again while its old connection has not been found dead yet takes its own place,
// so that a cut link can't lock it out; but not while that connection is heard: then two nodes have one name, and would throw
// each other out for ever.

import { assert } from "../base/index.ts";
import { REPLICAS_MAX } from "./node-rows.ts";
import { PRESENT_US } from "./peers.ts";

/** The session of a replica, as its seat knows it. */
export interface Seated {
  /** When something came from it last. */
  readonly heard_us: number;
  /** The replica has come again: ends this one. */
  close(): void;
}

export class ReplicaSeats {
  readonly #names: readonly string[];
  /** By row. */
  readonly #seated: (Seated | undefined)[];

  /** `names`: of the nodes that may be replicas here. */
  constructor(names: readonly string[]) {
    assert(names.length >= 1 && names.length <= REPLICAS_MAX, "a primary has one or two replicas");
    this.#names = names;
    this.#seated = names.map(() => undefined);
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  /** Whether a replica of that name is here, and alive as far as can be known. */
  isPresent(name: string, now_us: number): boolean {
    const seated = this.#seated[this.#names.indexOf(name)];
    return seated !== undefined && now_us - seated.heard_us < PRESENT_US;
  }

  /** The row of the replica called `name`, which has one, for this session of it. */
  take(name: string, session: Seated): number {
    const row = this.#names.indexOf(name);
    assert(row >= 0, "the replica has a seat");
    this.#seated[row]?.close();
    this.#seated[row] = session;
    return row;
  }

  leave(row: number): void {
    this.#seated[row] = undefined;
  }
}
