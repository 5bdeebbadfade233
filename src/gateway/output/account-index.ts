// Which connections speak for an account: lists of slots linked both ways through typed arrays, so that routing a fill
// costs one load when nobody listens, leaving a list costs the same however many speak for the account, and nothing is
// allocated. A slot is in at most one list; who adds it twice or removes it from a list it is not in has a bug, which
// would send one account's fills to another, so that is asserted.

import { assert } from "../../base/index.ts";

const NONE = -1;
/** In `#next` of a slot that is in no list. */
const UNLISTED = -2;

export class AccountIndex {
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  constructor(accountsMax: number, connectionsMax: number) {
    this.#first = new Int32Array(accountsMax).fill(NONE);
    this.#next = new Int32Array(connectionsMax).fill(UNLISTED);
    this.#previous = new Int32Array(connectionsMax).fill(NONE);
  }

  /** The first slot that speaks for `account`, or -1. */
  first(account: number): number {
    return this.#first[account];
  }

  /** The slot after `slot` in its account's list, or -1. */
  next(slot: number): number {
    return this.#next[slot];
  }

  add(account: number, slot: number): void {
    assert(this.#next[slot] === UNLISTED, "a slot speaks for one account at most");
    const first = this.#first[account];
    this.#next[slot] = first;
    this.#previous[slot] = NONE;
    if (first !== NONE) this.#previous[first] = slot;
    this.#first[account] = slot;
  }

  /** Takes `slot` out of the list of `account`, where it must be. */
  remove(account: number, slot: number): void {
    const [before, after] = [this.#previous[slot], this.#next[slot]];
    assert(after !== UNLISTED, "a slot that is taken out of a list is in one");
    assert(before !== NONE || this.#first[account] === slot, "a slot is taken out of its own account's list");
    if (before === NONE) this.#first[account] = after;
    else this.#next[before] = after;
    if (after !== NONE) this.#previous[after] = before;
    this.#next[slot] = UNLISTED;
  }
}
