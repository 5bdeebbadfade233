// One symbol's book: who rests where, in what order. It keeps the queues of the levels and the two sides' counts,
// and knows nothing of matching, risk, accounts or commands.

import { assert, SAFE_MAX } from "../base/index.ts";
import { Side } from "../protocol/index.ts";
import type { LevelPool } from "./level-pool.ts";
import { NO_SLOT, ORDER_SHIFT, type OrderPool, OrderWord } from "./order-pool.ts";
import { type LadderShare, PriceLadder } from "./price-ladder.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
const SHIFT = ORDER_SHIFT;
const RESTING_QUANTITY = OrderWord.quantity;
const RESTING_LEVEL = OrderWord.level;
const RESTING_NEXT = OrderWord.next;
const RESTING_PREVIOUS = OrderWord.previous;
const NONE = NO_SLOT;
const BUY = Side.Buy;
const TOTAL_MAX = SAFE_MAX;

export class OrderBook {
  readonly ladder: PriceLadder;
  /** Orders resting on each side. */
  bidOrders = 0;
  askOrders = 0;
  readonly #orders: OrderPool;
  readonly #levels: LevelPool;

  constructor(orders: OrderPool, share: LadderShare) {
    this.#orders = orders;
    this.#levels = share.levels;
    this.ladder = new PriceLadder(share);
  }

  /** Whether a level (NONE: a new one) can hold `quantity` more lots after `without` lots have left it. */
  hasRoomAt(level: number, quantity: number, without: number): boolean {
    return level === NONE || this.#levels.total[level] - without + quantity <= TOTAL_MAX;
  }

  /**
   * Rests `slot` (its quantity is set) at the tail of level `found`, or of a new level at `price[0]` when that is NONE.
   */
  add(slot: number, found: number, price: Float64Array, side: Side): void {
    const levels = this.#levels;
    const { words } = this.#orders;
    let level = found;
    if (level === NONE) {
      level = levels.take(price[0]);
      this.ladder.insert(level, side);
    }
    const at = slot << SHIFT;
    const tail = levels.tail[level];
    words[at + RESTING_LEVEL] = level;
    words[at + RESTING_NEXT] = NONE;
    words[at + RESTING_PREVIOUS] = tail;
    if (tail === NONE) levels.head[level] = slot;
    else words[(tail << SHIFT) + RESTING_NEXT] = slot;
    levels.tail[level] = slot;
    levels.total[level] += words[at + RESTING_QUANTITY] >>> 0;
    levels.orders[level]++;
    this.count(side, 1);
  }

  /** Takes `slot` out of its queue, and its level out of the ladder when it was the last there. */
  remove(slot: number, side: Side): void {
    const levels = this.#levels;
    const { words } = this.#orders;
    const at = slot << SHIFT;
    const level = words[at + RESTING_LEVEL];
    const next = words[at + RESTING_NEXT];
    const previous = words[at + RESTING_PREVIOUS];
    if (previous === NONE) levels.head[level] = next;
    else words[(previous << SHIFT) + RESTING_NEXT] = next;
    if (next === NONE) levels.tail[level] = previous;
    else words[(next << SHIFT) + RESTING_PREVIOUS] = previous;
    levels.total[level] -= words[at + RESTING_QUANTITY] >>> 0;
    this.count(side, -1);
    if (--levels.orders[level] === 0) this.dropLevel(level, side);
  }

  /** Takes an empty level out of the ladder and gives its slot back. */
  dropLevel(level: number, side: Side): void {
    this.ladder.remove(level, side);
    this.#levels.give(level);
  }

  /** Lowers the open quantity of a resting order; it keeps its place. */
  reduce(slot: number, quantity: number): void {
    const { words } = this.#orders;
    const at = slot << SHIFT;
    this.#levels.total[words[at + RESTING_LEVEL]] -= (words[at + RESTING_QUANTITY] >>> 0) - quantity;
    words[at + RESTING_QUANTITY] = quantity;
  }

  count(side: Side, change: number): void {
    if (side === BUY) this.bidOrders += change;
    else this.askOrders += change;
  }

  /** Orders resting on `side`. */
  ordersOn(side: Side): number {
    return side === BUY ? this.bidOrders : this.askOrders;
  }

  /** Visits the orders of `side`: best level first, oldest first. */
  forEachOrder(side: Side, visit: (slot: number, price: number) => void): void {
    const { words } = this.#orders;
    this.forEachLevel(side, Number.POSITIVE_INFINITY, (price, _total, _orders, level) => {
      for (let slot = this.#levels.head[level]; slot !== NONE; slot = words[(slot << SHIFT) + RESTING_NEXT])
        visit(slot, price);
    });
  }

  /** Visits the best `max` levels of `side`, best first. A broken ladder fails here, before it goes in circles. */
  forEachLevel(
    side: Side,
    max: number,
    visit: (price: number, total: number, orders: number, level: number) => void,
  ): void {
    const { price: prices, total, orders } = this.#levels;
    let before = side === BUY ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    let left = max;
    for (let level = this.ladder.best(side); level !== NONE && left > 0; left--) {
      const price = prices[level];
      assert(side === BUY ? price < before : price > before, "prices of a side get worse level by level");
      before = price;
      visit(price, total[level], orders[level], level);
      level = this.ladder.worse(level, side);
    }
  }

  /** Completes `level`, whose element 0 is a price of `side`, with the total and the orders resting there: 0 for none. */
  readLevel(side: Side, level: Float64Array): void {
    const slot = this.ladder.peek(level[0], side);
    level[1] = slot === NONE ? 0 : this.#levels.total[slot];
    level[2] = slot === NONE ? 0 : this.#levels.orders[slot];
  }

  /** Puts the best `max` levels of `side` into `to`, best first: price, total and orders of each; returns how many there were. */
  readLevels(side: Side, max: number, to: Float64Array): number {
    const { price, total, orders } = this.#levels;
    let count = 0;
    for (let level = this.ladder.best(side); level !== NONE && count < max; count++) {
      to[3 * count] = price[level];
      to[3 * count + 1] = total[level];
      to[3 * count + 2] = orders[level];
      level = this.ladder.worse(level, side);
    }
    return count;
  }
}
