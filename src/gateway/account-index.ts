// Which connections speak for an account: lists of slots linked through typed arrays, so that routing a fill costs one
// load when nobody listens and allocates nothing. A slot is in at most one list.

const NONE = -1;

export class AccountIndex {
  readonly #first: Int32Array;
  readonly #next: Int32Array;

  constructor(accountsMax: number, connectionsMax: number) {
    this.#first = new Int32Array(accountsMax).fill(NONE);
    this.#next = new Int32Array(connectionsMax).fill(NONE);
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
    this.#next[slot] = this.#first[account];
    this.#first[account] = slot;
  }

  /** Takes `slot` out of the account's list, if it is in it. */
  remove(account: number, slot: number): void {
    let before = NONE;
    for (let at = this.#first[account]; at !== NONE; before = at, at = this.#next[at]) {
      if (at !== slot) continue;
      if (before === NONE) this.#first[account] = this.#next[at];
      else this.#next[before] = this.#next[at];
      this.#next[at] = NONE;
      return;
    }
  }
}
