// A market that moves: the prices one symbol's orders are sent at. Always a valid price, 1 to 2^53-1.

import { type Prng, SAFE_MAX } from "../base/index.ts";
import { Side } from "../protocol/index.ts";
import type { PriceModel } from "./flow-profiles.ts";

const SAFE_BITS = 53;
/** A direction lasts this many prices on average. */
const TREND_PRICES = 150;

export class PriceWalk {
  readonly #model: PriceModel;
  readonly #random: Prng;
  #market: number;
  #trend_ticks = 0;

  constructor(model: PriceModel, start: number, random: Prng) {
    this.#model = model;
    this.#market = start;
    this.#random = random;
  }

  /** The next order's price: behind the market, a little across it, or far away. */
  next(side: Side): number {
    this.#move();
    const { far } = this.#model;
    const away = this.#random.chance(far) ? this.#random.between(0, SAFE_BITS) : 0;
    const behind = this.#behind_ticks();
    // Halved or doubled `away` times: powers of two are exact on every machine.
    const market = side === Side.Buy ? Math.floor(this.#market / 2 ** away) : this.#market * 2 ** away;
    return priceBehind(side, market, behind);
  }

  #behind_ticks(): number {
    const { spread_ticks, reach_ticks } = this.#model;
    // Denser towards the market, as books are.
    const spread = spread_ticks / 2 ** this.#random.between(0, 3);
    return Math.floor(this.#random.between(-reach_ticks, spread));
  }

  #move(): void {
    const { drift_ticks, gap, gap_ticks } = this.#model;
    if (this.#random.chance(1 / TREND_PRICES))
      this.#trend_ticks = this.#random.between(-drift_ticks, drift_ticks);
    const jump = this.#random.chance(gap) ? this.#random.pick([-gap_ticks, gap_ticks]) : 0;
    const jitter = this.#random.between(-drift_ticks, drift_ticks);
    this.#market = clamp(this.#market + this.#trend_ticks + jitter + jump);
  }
}

/** `ticks` behind `price`, within the valid prices. */
export function priceBehind(side: Side, price: number, ticks: number): number {
  return clamp(side === Side.Buy ? price - ticks : price + ticks);
}

function clamp(price: number): number {
  return Math.min(SAFE_MAX, Math.max(1, price));
}
