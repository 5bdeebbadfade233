// All resting orders of the engine in one Int32Array: an order is a slot, a record of 64 bytes, one cache line. Slots are
// linked into the queue of their price level by `next` and `previous`. A book of half a million orders does a cancel and
// an add in half the time of one array per field (docs/adr/order-records.md).
//
// Words 14 and 15 are free: display quantity and flags of later order types fit.
// Slot numbers are never visible outside: after a restart the same orders may sit in other slots.

/** The end of a queue, an empty side, a failed search. */
export const NO_SLOT = -1;
// Files of the hot path keep copies of such constants (docs/adr/constants-of-hot-files.md).
const NONE = NO_SLOT;

/** log2 of the words per order: slot << ORDER_SHIFT is the first word of its record. */
export const ORDER_SHIFT = 4;

/** Word offsets in an order's record. */
export const OrderWord = {
  idLow: 0,
  idHigh: 1,
  account: 2,
  /** The hash of (account, symbol, order id) in the order index. */
  hash: 3,
  /** symbol * 2 + side. */
  symbolSide: 4,
  /** Lots that still rest: a u32, so readers take it `>>> 0`. */
  quantity: 5,
  /** The slot of the price level it rests on. */
  level: 6,
  /** The next younger order of the level; also the link of the free list. */
  next: 7,
  /** The next older order of the level. */
  previous: 8,
  /** The next order in the same bucket of the order index, as slot + 1; 0 at the end. */
  chain: 9,
  /** Lots it has traded since it was accepted, over all its modifies: the lanes of a u64. */
  filledLow: 10,
  filledHigh: 11,
  /** The next younger and the next older order of its account, when that has a stream: account-orders.ts. */
  accountNext: 12,
  accountPrevious: 13,
} as const;
const NEXT = OrderWord.next;

export class OrderPool {
  readonly capacity: number;
  readonly words: Int32Array;
  /** Slots in use. */
  used = 0;
  #free = NONE;
  /** Slots from here on were never used: they need no free list, so that a large pool costs nothing at start. */
  #fresh = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.words = new Int32Array(capacity << ORDER_SHIFT);
  }

  /** Slots from here on were never used. */
  get reached(): number {
    return this.#fresh;
  }

  /** Takes a slot; the caller has checked that `used < capacity`. */
  take(): number {
    this.used++;
    const slot = this.#free;
    if (slot === NONE) return this.#fresh++;
    this.#free = this.words[(slot << ORDER_SHIFT) + NEXT];
    return slot;
  }

  give(slot: number): void {
    this.used--;
    this.words[(slot << ORDER_SHIFT) + NEXT] = this.#free;
    this.#free = slot;
  }
}
