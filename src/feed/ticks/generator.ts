// Simulated trades and quotes: each symbol's price is a geometric Brownian motion, stepped exactly, so it is the same
// process whatever the rate and the number of symbols. Time in it is that of the configured rate, not of a clock: one seed
// gives one stream. The order of draws is part of what the seed means (ticks.md).
//
// Memory: 32 bytes per symbol. next() allocates nothing.

import { assert } from "../../base/index.ts";
import { TICK_SYMBOLS_MAX, TickValues } from "../../protocol/index.ts";
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
  /** What next() made; its time is left to others. Of a trade, bid and ask are those it lies between. */
  readonly tick = new TickValues();
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

  /** Draws in this order: symbol, normal value, spread, kind, and two numbers of the kind. */
  next(): void {
    const { tick } = this;
    const random = this.#random;
    const { drawn } = random;
    random.drawUnits(1);
    const symbol = Math.floor(this.#symbols * drawn[0]);
    tick.symbol = symbol;
    random.drawNormal();
    const moved = this.#prices[symbol] * Math.exp(this.#drifts[symbol] + this.#deviations[symbol] * drawn[0]);
    this.#prices[symbol] = Math.min(Math.max(moved, PRICE_MIN), PRICE_MAX);
    random.drawUnits(4);
    tick.isTrade = drawn[1] < TRADES_SHARE;
    this.#spread(symbol);
    if (tick.isTrade) this.#trade(symbol);
    else this.#quote(symbol);
  }

  /** 0.05 to 0.2 % of the price, at least a cent. */
  #spread(symbol: number): void {
    const price = this.#prices[symbol];
    const half = (price * (0.0005 + 0.0015 * this.#random.drawn[0])) / 2;
    const bid = cents(price - half);
    this.tick.bid = bid;
    this.tick.ask = Math.max(cents(price + half), cents(bid + 0.01));
  }

  #trade(symbol: number): void {
    const { tick } = this;
    const { drawn } = this.#random;
    const traded = cents(this.#prices[symbol] + (drawn[2] - 0.5) * (tick.ask - tick.bid));
    tick.price = Math.min(Math.max(traded, tick.bid), tick.ask);
    tick.quantity = TRADED_MIN + Math.floor((TRADED_MAX - TRADED_MIN + 1) * drawn[3]);
  }

  #quote(symbol: number): void {
    const { tick } = this;
    tick.bidQuantity = this.#stepped(this.#bidQuantities[symbol], 2);
    this.#bidQuantities[symbol] = tick.bidQuantity;
    tick.askQuantity = this.#stepped(this.#askQuantities[symbol], 3);
    this.#askQuantities[symbol] = tick.askQuantity;
  }

  /** A quantity after a step that the number drawn at `draw` says. */
  #stepped(quantity: number, draw: number): number {
    const step = Math.floor((2 * QUOTED_STEP_MAX + 1) * this.#random.drawn[draw]) - QUOTED_STEP_MAX;
    return Math.min(Math.max(quantity + step, QUOTED_MIN), QUOTED_MAX);
  }
}

function cents(value: number): number {
  return Math.round(value * 100) / 100;
}
