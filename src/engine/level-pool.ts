// All price levels of the engine, as a struct of arrays. A level exists exactly while orders rest on it, so there
// are never more levels than orders and the pool can't run out before the order pool does.

import { highLane, lowLane } from "../base/index.ts";
import { NO_SLOT } from "./order-pool.ts";

const NONE = NO_SLOT;

export class LevelPool {
  /** Ticks. */
  readonly price: Float64Array;
  /** The same as lanes, the form in which events carry it. */
  readonly priceLow: Int32Array;
  readonly priceHigh: Int32Array;
  /** Sum of the lots resting; a safe integer (more is StorageExhausted). */
  readonly total: Float64Array;
  readonly orders: Int32Array;
  /** The oldest order, first to trade. */
  readonly head: Int32Array;
  /** The youngest order. While the level is free: the next free level. */
  readonly tail: Int32Array;
  #free = NONE;
  #fresh = 0;

  constructor(capacity: number) {
    this.price = new Float64Array(capacity);
    this.priceLow = new Int32Array(capacity);
    this.priceHigh = new Int32Array(capacity);
    this.total = new Float64Array(capacity);
    this.orders = new Int32Array(capacity);
    this.head = new Int32Array(capacity);
    this.tail = new Int32Array(capacity);
  }

  /** An empty level at `price`. */
  take(price: number): number {
    let slot = this.#free;
    if (slot === NONE) slot = this.#fresh++;
    else this.#free = this.tail[slot];
    this.price[slot] = price;
    this.priceLow[slot] = lowLane(price);
    this.priceHigh[slot] = highLane(price);
    this.total[slot] = 0;
    this.orders[slot] = 0;
    this.head[slot] = NONE;
    this.tail[slot] = NONE;
    return slot;
  }

  give(slot: number): void {
    this.tail[slot] = this.#free;
    this.#free = slot;
  }
}
