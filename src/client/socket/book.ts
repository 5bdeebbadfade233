// The best levels of one symbol as the depth channel shows them: two short sorted columns, best first. A side has at most
// as many levels as the server sends (20), so a linear search from the best is the fastest one.

import type { DepthMessage, LevelEntry } from "../../protocol/index.ts";
import { ticksOf } from "./ticks.ts";

/** One side: level i is `prices[i]`, `quantities[i]`, `orders[i]`. */
export class BookSide {
  /** Ticks, best first. */
  readonly prices: number[] = [];
  /** Lots of each level. */
  readonly quantities: number[] = [];
  readonly orders: number[] = [];
  /** 1 when lower prices come first (asks), -1 when higher ones do (bids). */
  readonly #direction: 1 | -1;

  constructor(direction: 1 | -1) {
    this.#direction = direction;
  }

  clear(): void {
    this.prices.length = 0;
    this.quantities.length = 0;
    this.orders.length = 0;
  }

  /** Sets a level; quantity 0 takes it out. */
  set(price: number, quantity: number, orders: number): void {
    const { prices } = this;
    let at = 0;
    while (at < prices.length && (prices[at] - price) * this.#direction < 0) at++;
    const known = prices[at] === price;
    if (quantity === 0) {
      if (known) this.#splice(at, 1);
    } else if (known) {
      this.quantities[at] = quantity;
      this.orders[at] = orders;
    } else {
      this.#splice(at, 0, price, quantity, orders);
    }
  }

  #splice(
    at: number,
    removed: number,
    ...added: [] | [price: number, quantity: number, orders: number]
  ): void {
    if (added.length === 0) {
      this.prices.splice(at, removed);
      this.quantities.splice(at, removed);
      this.orders.splice(at, removed);
      return;
    }
    this.prices.splice(at, 0, added[0]);
    this.quantities.splice(at, 0, added[1]);
    this.orders.splice(at, 0, added[2]);
  }
}

/** The best levels of both sides. */
export class Book {
  readonly bids = new BookSide(-1);
  readonly asks = new BookSide(1);
  readonly #decimals: number;

  constructor(decimals: number) {
    this.#decimals = decimals;
  }

  apply({ snapshot, bids, asks }: DepthMessage): void {
    if (snapshot === true) {
      this.bids.clear();
      this.asks.clear();
    }
    this.#applySide(this.bids, bids);
    this.#applySide(this.asks, asks);
  }

  #applySide(side: BookSide, levels: readonly LevelEntry[]): void {
    for (const [price, quantity, orders] of levels)
      side.set(ticksOf(price, this.#decimals), quantity, orders);
  }
}
