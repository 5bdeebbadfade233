// One symbol's book: who rests where, in what order. It keeps the queues of the levels and the two sides' counts,
// and knows nothing of matching, risk, accounts or commands.

import { assert, SAFE_MAX } from "../base/index.ts";
import { Side } from "../protocol/index.ts";
import type { LevelPool } from "./level-pool.ts";
import { NO_SLOT, type OrderPool } from "./order-pool.ts";
import { type LadderShare, PriceLadder } from "./price-ladder.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md
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

  /** Rests `slot` (its quantity is set) at the tail of `level`, or of a new level at `price` when that is NONE. */
  add(slot: number, found: number, price: number, side: Side): void {
    const levels = this.#levels;
    const orders = this.#orders;
    let level = found;
    if (level === NONE) {
      level = levels.take(price);
      this.ladder.insert(level, side);
    }
    const tail = levels.tail[level];
    orders.level[slot] = level;
    orders.next[slot] = NONE;
    orders.previous[slot] = tail;
    if (tail === NONE) levels.head[level] = slot;
    else orders.next[tail] = slot;
    levels.tail[level] = slot;
    levels.total[level] += orders.quantity[slot];
    levels.orders[level]++;
    this.count(side, 1);
  }

  /** Takes `slot` out of its queue, and its level out of the ladder when it was the last there. */
  remove(slot: number, side: Side): void {
    const levels = this.#levels;
    const orders = this.#orders;
    const level = orders.level[slot];
    const next = orders.next[slot];
    const previous = orders.previous[slot];
    if (previous === NONE) levels.head[level] = next;
    else orders.next[previous] = next;
    if (next === NONE) levels.tail[level] = previous;
    else orders.previous[next] = previous;
    levels.total[level] -= orders.quantity[slot];
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
    const orders = this.#orders;
    this.#levels.total[orders.level[slot]] -= orders.quantity[slot] - quantity;
    orders.quantity[slot] = quantity;
  }

  count(side: Side, change: number): void {
    if (side === BUY) this.bidOrders += change;
    else this.askOrders += change;
  }

  /** Orders resting on `side`. */
  ordersOn(side: Side): number {
    return side === BUY ? this.bidOrders : this.askOrders;
  }

  /** Visits the levels of `side`, best first. Cold path: a broken ladder fails here, before it goes in circles. */
  forEachLevel(side: Side, visit: (level: number) => void): void {
    const prices = this.#levels.price;
    let before = side === Side.Buy ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    for (let level = this.ladder.best(side); level !== NONE; level = this.ladder.worse(level, side)) {
      const price = prices[level];
      assert(
        side === Side.Buy ? price < before : price > before,
        "prices of a side get worse level by level",
      );
      before = price;
      visit(level);
    }
  }
}
