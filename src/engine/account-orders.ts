// The resting orders of the accounts that have a stream, each account's linked through its orders' own records: so what
// concerns all orders of an account costs as much as it has. Orders of other accounts are not linked, and pay one comparison.
//
// A list grows at its end: of one price level it has the orders in the order of their queue. Between levels its order means
// nothing, since an engine that was restored has another one.
//
//   accountNext, accountPrevious   > 0: slot + 1 of the neighbour; < 0: -(index of the account's stream + 1), the end of the list
//   accountPrevious                0: the order is in no list, also while its slot is free

import { NO_SLOT, ORDER_SHIFT, type OrderPool, OrderWord } from "./order-pool.ts";
import { REPORT_LIMITS, type ReportStreams } from "./report-streams.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const SHIFT = ORDER_SHIFT;
const NEXT = OrderWord.accountNext;
const PREVIOUS = OrderWord.accountPrevious;
const ACCOUNT = OrderWord.account;

export class AccountOrders {
  readonly #orders: OrderPool;
  readonly #streams: ReportStreams;
  /** By the index of the account's stream: slot + 1 of its first and last order, 0 when it has none. Made at the first account. */
  #first = new Int32Array(0);
  #last = new Int32Array(0);
  /** By the same: how many it has. */
  #count = new Int32Array(0);
  readonly #countMax: number;

  /** `countMax`: the most orders of one account; 0: no bound of its own. */
  constructor(orders: OrderPool, streams: ReportStreams, countMax: number) {
    this.#orders = orders;
    this.#streams = streams;
    this.#countMax = countMax === 0 ? Number.MAX_SAFE_INTEGER : countMax;
  }

  /** Whether no other order of `account` may rest. One without a stream has no bound. */
  isFull(account: number): boolean {
    const stream = this.#streams.of(account);
    return stream !== undefined && this.#count[stream.index] >= this.#countMax;
  }

  /** Links `slot`, which is in no list, behind the others of its account, when that has a stream. */
  link(slot: number): void {
    const { words } = this.#orders;
    const at = slot << SHIFT;
    const stream = this.#streams.of(words[at + ACCOUNT] >>> 0);
    if (stream === undefined) return;
    const list = stream.index;
    if (this.#first.length === 0) {
      this.#first = new Int32Array(REPORT_LIMITS.accountsMax);
      this.#last = new Int32Array(REPORT_LIMITS.accountsMax);
      this.#count = new Int32Array(REPORT_LIMITS.accountsMax);
    }
    this.#count[list]++;
    const last = this.#last[list];
    words[at + NEXT] = -(list + 1);
    words[at + PREVIOUS] = last === 0 ? -(list + 1) : last;
    if (last === 0) this.#first[list] = slot + 1;
    else words[((last - 1) << SHIFT) + NEXT] = slot + 1;
    this.#last[list] = slot + 1;
  }

  /** Takes `slot` out of its list, if it is in one. */
  unlink(slot: number): void {
    const { words } = this.#orders;
    const at = slot << SHIFT;
    const previous = words[at + PREVIOUS];
    if (previous === 0) return;
    this.#count[this.#streams.of(words[at + ACCOUNT] >>> 0)!.index]--;
    const next = words[at + NEXT];
    if (previous > 0) words[((previous - 1) << SHIFT) + NEXT] = next;
    else this.#first[-previous - 1] = next > 0 ? next : 0;
    if (next > 0) words[((next - 1) << SHIFT) + PREVIOUS] = previous;
    else this.#last[-next - 1] = previous > 0 ? previous : 0;
    words[at + PREVIOUS] = 0;
  }

  /** The first order of the account whose stream has this index; NO_SLOT when it has none. */
  first(list: number): number {
    return this.#first.length === 0 ? NO_SLOT : this.#first[list] - 1;
  }

  /** The order behind `slot` in its account's list; NO_SLOT at the end. */
  next(slot: number): number {
    const next = this.#orders.words[(slot << SHIFT) + NEXT];
    return next > 0 ? next - 1 : NO_SLOT;
  }
}
