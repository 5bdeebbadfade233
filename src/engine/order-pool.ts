// All resting orders of the engine, as a struct of arrays: an order is a slot number, a field is an array indexed
// by it. Slots are linked into the queue of their price level by `next` and `previous`. A new per-order field
// (display quantity, expiry, trigger) is one more array here.
//
// Slot numbers are never visible outside: after a restart the same orders may sit in other slots.

/** The end of a queue, an empty side, a failed search. */
export const NO_SLOT = -1;
// Files of the hot path keep a copy under the name NONE: the compiler folds a module's own constants into the code,
// while imported ones are loaded and checked at every use.
const NONE = NO_SLOT;

export class OrderPool {
  readonly capacity: number;
  readonly idLow: Int32Array;
  readonly idHigh: Int32Array;
  readonly account: Int32Array;
  /** The hash of (account, symbol, order id) in the order index. */
  readonly hash: Int32Array;
  /** symbol * 2 + side. */
  readonly symbolSide: Int32Array;
  /** Lots that still rest. */
  readonly quantity: Uint32Array;
  /** The slot of the price level it rests on. */
  readonly level: Int32Array;
  /** The next younger order of the level; also the link of the free list. */
  readonly next: Int32Array;
  /** The next older order of the level. */
  readonly previous: Int32Array;
  /** Slots in use. */
  used = 0;
  #free = NONE;
  /** Slots from here on were never used: they need no free list, so that a large pool costs nothing at start. */
  #fresh = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.idLow = new Int32Array(capacity);
    this.idHigh = new Int32Array(capacity);
    this.account = new Int32Array(capacity);
    this.hash = new Int32Array(capacity);
    this.symbolSide = new Int32Array(capacity);
    this.quantity = new Uint32Array(capacity);
    this.level = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.previous = new Int32Array(capacity);
  }

  /** Takes a slot; the caller has checked that `used < capacity`. */
  take(): number {
    this.used++;
    const slot = this.#free;
    if (slot === NONE) return this.#fresh++;
    this.#free = this.next[slot];
    return slot;
  }

  give(slot: number): void {
    this.used--;
    this.next[slot] = this.#free;
    this.#free = slot;
  }
}
