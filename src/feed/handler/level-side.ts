// The levels of one side of a book as a feed tells them: prices in order in typed arrays, the best last, because that is where levels
// come and go, so that a change moves the few levels better than it. Allocates only when it grows.
//
// Where the feed tells orders, a level also knows the first and the last slot of its queue (order-book.ts).
//
// Bounds: 2^53 - 1 lots of a level, as everywhere; `LEVELS_MAX` levels of a side, 28 bytes each. One more is refused, and its book is to
// be called unsound.

import { Side } from "../../protocol/index.ts";

/** No slot of an order. */
export const NO_ORDER = -1;
/** Levels of one side: more than an engine can hold apart with all its orders on one symbol, below 2^24. */
const LEVELS_MAX = 1 << 20;
const LEVELS_AT_FIRST = 16;

export class LevelSide {
  count = 0;
  /** 1: a better level has a larger price; -1: a smaller one. */
  readonly #better: 1 | -1;
  #prices = new Float64Array(LEVELS_AT_FIRST);
  #totals = new Float64Array(LEVELS_AT_FIRST);
  #orders = new Uint32Array(LEVELS_AT_FIRST);
  #heads = new Int32Array(LEVELS_AT_FIRST);
  #tails = new Int32Array(LEVELS_AT_FIRST);

  constructor(side: Side) {
    this.#better = side === Side.Buy ? 1 : -1;
  }

  clear(): void {
    this.count = 0;
  }

  /** Of the level at `depth` (0: the best; below `count`): ticks, lots, orders. */
  price(depth: number): number {
    return this.#prices[this.count - 1 - depth];
  }
  total(depth: number): number {
    return this.#totals[this.count - 1 - depth];
  }
  orders(depth: number): number {
    return this.#orders[this.count - 1 - depth];
  }

  /** The slots of the first and the last order of the queue at `depth`; NO_ORDER without orders. */
  head(depth: number): number {
    return this.#heads[this.count - 1 - depth];
  }
  tail(depth: number): number {
    return this.#tails[this.count - 1 - depth];
  }
  setHead(depth: number, slot: number): void {
    this.#heads[this.count - 1 - depth] = slot;
  }
  setTail(depth: number, slot: number): void {
    this.#tails[this.count - 1 - depth] = slot;
  }

  /** The depth of a price, or -1. */
  depthOf(price: number): number {
    const at = this.#place(price);
    return at < this.count && this.#prices[at] === price ? this.count - 1 - at : -1;
  }

  /** The level of `price` is now so; total 0: it is gone. False: there is no room for another level. */
  set(price: number, total: number, orders: number): boolean {
    const at = this.#place(price);
    const isThere = at < this.count && this.#prices[at] === price;
    if (total === 0) {
      if (isThere) this.#remove(at);
      return true;
    }
    if (!isThere && !this.#insert(at, price)) return false;
    this.#totals[at] = total;
    this.#orders[at] = orders;
    return true;
  }

  /** The first index whose price isn't worse than `price`. */
  #place(price: number): number {
    const prices = this.#prices;
    const better = this.#better;
    const sought = price * better;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (prices[middle] * better < sought) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #remove(at: number): void {
    this.#prices.copyWithin(at, at + 1, this.count);
    this.#totals.copyWithin(at, at + 1, this.count);
    this.#orders.copyWithin(at, at + 1, this.count);
    this.#heads.copyWithin(at, at + 1, this.count);
    this.#tails.copyWithin(at, at + 1, this.count);
    this.count--;
  }

  #insert(at: number, price: number): boolean {
    if (this.count === LEVELS_MAX) return false;
    if (this.count === this.#prices.length) this.#grow();
    this.#prices.copyWithin(at + 1, at, this.count);
    this.#totals.copyWithin(at + 1, at, this.count);
    this.#orders.copyWithin(at + 1, at, this.count);
    this.#heads.copyWithin(at + 1, at, this.count);
    this.#tails.copyWithin(at + 1, at, this.count);
    this.#heads[at] = NO_ORDER;
    this.#tails[at] = NO_ORDER;
    this.#prices[at] = price;
    this.count++;
    return true;
  }

  #grow(): void {
    this.#prices = grown(this.#prices, new Float64Array(this.#prices.length * 2));
    this.#totals = grown(this.#totals, new Float64Array(this.#totals.length * 2));
    this.#orders = grown(this.#orders, new Uint32Array(this.#orders.length * 2));
    this.#heads = grown(this.#heads, new Int32Array(this.#heads.length * 2));
    this.#tails = grown(this.#tails, new Int32Array(this.#tails.length * 2));
  }
}

function grown<A extends Float64Array | Uint32Array | Int32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
