// A trader that takes: market orders, and immediate-or-cancel orders that pay up to a few steps beyond the fair price. Sides
// come in runs, as the parts of larger intentions do; sizes have a heavy tail (measured exponents lie near 1.5: Gopikrishnan et al.
// 2000).

import type { Prng } from "../../base/index.ts";
import { Reason, Side } from "../../protocol/index.ts";
import { heavyTailed } from "./fair-price.ts";
import type { MarketView, Trader, TraderCommand } from "./trader.ts";

const SIZE_EXPONENT = 1.5;
/** Some quotes' worth: more would only sweep the book. */
const SIZE_MAX = 400;
/** A buy is followed by a buy this often. */
const SAME_SIDE = 0.7;
const MARKET_ORDER = 0.4;
/** How far beyond the fair price an immediate-or-cancel order may pay. */
const REACH_STEPS = 6;

export class Taker implements Trader {
  readonly #random: Prng;
  #side: Side = Side.Buy;
  #sizeMax = SIZE_MAX;
  /** None of its orders ever rests, so no id can meet one of an earlier life. */
  #lastId = 0;

  constructor(random: Prng) {
    this.#random = random;
  }

  act({ instrument: { symbol, tick }, fair, step }: MarketView): TraderCommand {
    const random = this.#random;
    if (!random.chance(SAME_SIDE)) this.#side = this.#side === Side.Buy ? Side.Sell : Side.Buy;
    const side = this.#side;
    const quantity = heavyTailed(random, SIZE_EXPONENT, this.#sizeMax);
    const id = ++this.#lastId;
    if (random.chance(MARKET_ORDER)) return { kind: "market", id, symbol, side, quantity };
    const reach = (1 + random.unit() * REACH_STEPS) * step;
    const limit = side === Side.Buy ? fair + reach : fair - reach;
    const price = Math.max(1, Math.round(limit / tick)) * tick;
    return { kind: "ioc", id, symbol, side, price, quantity };
  }

  onAccepted(): void {}

  onRejected(_command: TraderCommand, reason: Reason): void {
    if (reason !== Reason.MaxQuantityExceeded && reason !== Reason.MaxNotionalExceeded) return;
    this.#sizeMax = Math.max(1, Math.floor(this.#sizeMax / 2));
  }

  onFill(): void {}

  onLost(): void {}

  cancels(): TraderCommand[] {
    return [];
  }
}
