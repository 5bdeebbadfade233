// Simulated trades and quotes: each symbol's price is a geometric Brownian motion, stepped exactly, so it is the same
// process whatever the rate and the number of symbols. Time in it is that of the configured rate, not of a clock: one seed
// gives one stream. The order of draws is part of what the seed means (ticks.md).
//
// Memory: 32 bytes per symbol. next() puts a tick into the fields below and allocates nothing.

import { assert } from "../../base/index.ts";
import { TICK_SYMBOLS_MAX } from "../../protocol/index.ts";
import { TickRandom } from "./random.ts";

export const Market = { neutral: 0, bull: 0.05, bear: -0.05 } as const;
/** Which way prices drift: the names of Market, whose values are drifts per year. */
export type Market = keyof typeof Market;

export interface TickGeneratorOptions {
  /** 1 to 500. */
  readonly symbols: number;
  /** Ticks a second that the stream is meant for, of all symbols together. */
  readonly rate: number;
  /** u32. */
  readonly seed: number;
  readonly market: Market;
  /** Simulated seconds in one of the stream's: above 0. */
  readonly timeScale: number;
}

/** Seconds of trading in a year: 252 days of 6.5 hours. */
const YEAR_S = 252 * 6.5 * 3_600;
const PRICE_MIN = 1;
const PRICE_MAX = 100_000;
/** Of a quote's quantities: where they may go, and by how much at once. */
const QUOTED_MIN = 100;
const QUOTED_MAX = 100_000;
const QUOTED_STEP_MAX = 500;
const TRADED_MIN = 100;
const TRADED_MAX = 10_000;
const TRADES_SHARE = 0.3;

export class TickGenerator {
  /** The tick: a trade with `price` and `quantity`, else a quote with the four below. */
  isTrade = false;
  symbol = 0;
  price = 0;
  quantity = 0;
  bid = 0;
  bidQuantity = 0;
  ask = 0;
  askQuantity = 0;
  readonly #random: TickRandom;
  readonly #symbols: number;
  /** Not rounded. */
  readonly #prices: Float64Array;
  /** Of the logarithm, per step: its drift and its standard deviation. */
  readonly #drifts: Float64Array;
  readonly #deviations: Float64Array;
  readonly #bidQuantities: Uint32Array;
  readonly #askQuantities: Uint32Array;

  constructor({ symbols, rate, seed, market, timeScale }: TickGeneratorOptions) {
    assert(symbols >= 1 && symbols <= TICK_SYMBOLS_MAX, "there are 1 to 500 symbols");
    assert(rate > 0 && timeScale > 0, "rate and time scale are above 0");
    this.#random = new TickRandom(seed);
    this.#symbols = symbols;
    this.#prices = new Float64Array(symbols);
    this.#drifts = new Float64Array(symbols);
    this.#deviations = new Float64Array(symbols);
    this.#bidQuantities = new Uint32Array(symbols);
    this.#askQuantities = new Uint32Array(symbols);
    // Between two ticks of one symbol, in years.
    const step = (timeScale * symbols) / (rate * YEAR_S);
    for (let symbol = 0; symbol < symbols; symbol++) this.#begin(symbol, step, Market[market]);
  }

  #begin(symbol: number, step: number, drift: number): void {
    const random = this.#random;
    this.#prices[symbol] = 100 + 4_900 * random.unit();
    const volatility = 0.01 + 0.05 * random.unit();
    this.#drifts[symbol] = (drift - volatility ** 2 / 2) * step;
    this.#deviations[symbol] = volatility * Math.sqrt(step);
    // A first spread is drawn and never said.
    random.unit();
    this.#bidQuantities[symbol] = random.between(TRADED_MIN, TRADED_MAX);
    this.#askQuantities[symbol] = random.between(TRADED_MIN, TRADED_MAX);
  }

  /** A symbol's price as it goes, not rounded. */
  priceOf(symbol: number): number {
    return this.#prices[symbol];
  }

  next(): void {
    const random = this.#random;
    const symbol = Math.floor(this.#symbols * random.unit());
    this.symbol = symbol;
    const moved =
      this.#prices[symbol] * Math.exp(this.#drifts[symbol] + this.#deviations[symbol] * random.normal());
    const price = Math.min(Math.max(moved, PRICE_MIN), PRICE_MAX);
    this.#prices[symbol] = price;
    this.#spread(price);
    this.isTrade = random.unit() < TRADES_SHARE;
    if (this.isTrade) this.#trade(price);
    else this.#quote(symbol);
  }

  /** 0.05 to 0.2 % of the price, at least a cent. */
  #spread(price: number): void {
    const half = (price * (0.0005 + 0.0015 * this.#random.unit())) / 2;
    this.bid = cents(price - half);
    this.ask = Math.max(cents(price + half), cents(this.bid + 0.01));
  }

  #trade(price: number): void {
    const traded = cents(price + (this.#random.unit() - 0.5) * (this.ask - this.bid));
    this.price = Math.min(Math.max(traded, this.bid), this.ask);
    this.quantity = this.#random.between(TRADED_MIN, TRADED_MAX);
  }

  #quote(symbol: number): void {
    this.bidQuantity = this.#stepped(this.#bidQuantities[symbol]);
    this.#bidQuantities[symbol] = this.bidQuantity;
    this.askQuantity = this.#stepped(this.#askQuantities[symbol]);
    this.#askQuantities[symbol] = this.askQuantity;
  }

  #stepped(quantity: number): number {
    const stepped = quantity + this.#random.between(-QUOTED_STEP_MAX, QUOTED_STEP_MAX);
    return Math.min(Math.max(stepped, QUOTED_MIN), QUOTED_MAX);
  }
}

function cents(value: number): number {
  return Math.round(value * 100) / 100;
}
