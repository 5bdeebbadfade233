// A fair price that walks by Geometric Brownian Motion without drift, in the exact solution for steps of any length
// (Glasserman, Monte Carlo Methods in Financial Engineering, 2003, section 3.2.3):
//
//   S(t + dt) = S(t) * exp(-sigma^2/2 * dt + sigma * sqrt(dt) * Z)       Z standard normal, so E[S(t + dt)] = S(t)
//
// sigma is per square root of a second: sigma * sqrt(31,557,600) is what a year's volatility means elsewhere. Time goes
// in slices of the same length, so the path is a function of seed and time alone, however often anybody looks.

import type { Prng } from "../../base/index.ts";

/** Fine enough that a price moves less than a tick per slice, coarse enough to cost nothing. */
const SLICE_US = 20_000;
const SLICE_S = SLICE_US / 1e6;
/** Of a pause (a machine that slept) this much is walked; a market is not shown what nobody saw. */
const CATCH_UP_US = 10_000_000;
/** A walk ends here in either direction: not in prices that leave the safe integers. */
const RANGE = 100;

export class FairPrice {
  /** In the instrument's smallest units; not whole. */
  price: number;
  readonly #drift: number;
  readonly #deviation: number;
  readonly #low: number;
  readonly #high: number;
  readonly #random: Prng;
  #time_us: number;

  /** `start` in the instrument's smallest units, `volatility` per square root of a second. */
  constructor(start: number, volatility: number, random: Prng, now_us: number) {
    this.price = start;
    this.#drift = (-(volatility ** 2) / 2) * SLICE_S;
    this.#deviation = volatility * Math.sqrt(SLICE_S);
    this.#low = start / RANGE;
    this.#high = start * RANGE;
    this.#random = random;
    this.#time_us = now_us;
  }

  /** Walks up to `now_us`. */
  advance(now_us: number): void {
    this.#time_us = Math.max(this.#time_us, now_us - CATCH_UP_US);
    for (; this.#time_us + SLICE_US <= now_us; this.#time_us += SLICE_US) {
      const next = this.price * Math.exp(this.#drift + this.#deviation * standardNormal(this.#random));
      this.price = Math.min(this.#high, Math.max(this.#low, next));
    }
  }
}

/** A draw of the standard normal distribution (Box and Muller 1958). */
export function standardNormal(random: Prng): number {
  // 1 - u lies in (0, 1]: its logarithm is finite.
  const radius = Math.sqrt(-2 * Math.log(1 - random.unit()));
  return radius * Math.cos(2 * Math.PI * random.unit());
}

/** A whole number from 1 to `max` with a Pareto tail: P(X >= x) = x^-exponent below `max`. Most are small, a few large. */
export function heavyTailed(random: Prng, exponent: number, max: number): number {
  return Math.min(max, Math.floor((1 - random.unit()) ** (-1 / exponent)));
}
