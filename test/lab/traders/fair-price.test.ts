// The walk against the formulas it claims, over fixed seeds: every figure here is the same on every machine.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { FairPrice, heavyTailed, standardNormal } from "../../../src/lab/index.ts";

/** So large that the drift term, half its square, is seen too. */
const VOLATILITY = 0.1;

/** The logarithm of how far a walk of `seconds` has come. */
function logReturn(seed: number, seconds: number): number {
  const fair = new FairPrice(10_000, VOLATILITY, new Prng(seed), 0);
  for (let s = 1; s <= seconds; s++) fair.advance(s * 1e6);
  return Math.log(fair.price / 10_000);
}

function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
  return { mean, deviation: Math.sqrt(variance) };
}

test.each([4, 25])(
  "logarithmic returns over %i s are normal with mean -s^2/2 t and deviation s sqrt(t)",
  (seconds) => {
    const walks = 2_000;
    const { mean, deviation } = meanAndDeviation(
      Array.from({ length: walks }, (_, seed) => logReturn(seed, seconds)),
    );
    const expected = VOLATILITY * Math.sqrt(seconds);
    // Four standard errors each.
    expect(Math.abs(mean + (VOLATILITY ** 2 / 2) * seconds)).toBeLessThan((4 * expected) / Math.sqrt(walks));
    expect(Math.abs(deviation / expected - 1)).toBeLessThan(4 / Math.sqrt(2 * walks));
  },
);

test("the path is a function of seed and time, however often anybody looks", () => {
  const often = new FairPrice(10_000, VOLATILITY, new Prng(7), 0);
  const once = new FairPrice(10_000, VOLATILITY, new Prng(7), 0);
  for (let now_us = 0; now_us <= 5e6; now_us += 777) often.advance(now_us);
  often.advance(5e6);
  once.advance(5e6);
  expect(often.price).toBe(once.price);
});

test("a pause is walked only for its last seconds, and a clock that goes back moves nothing", () => {
  const paused = new FairPrice(10_000, VOLATILITY, new Prng(7), 0);
  const rested = new FairPrice(10_000, VOLATILITY, new Prng(7), 0);
  paused.advance(3_600e6);
  rested.advance(10e6);
  expect(paused.price).toBe(rested.price);
  paused.advance(0);
  expect(paused.price).toBe(rested.price);
});

test("a walk ends at a hundredth and at a hundred times its start", () => {
  const fair = new FairPrice(10_000, 5, new Prng(1), 0);
  for (let s = 1; s <= 500; s++) {
    fair.advance(s * 1e6);
    expect(fair.price).toBeGreaterThanOrEqual(100);
    expect(fair.price).toBeLessThanOrEqual(1_000_000);
  }
});

test("normal draws have mean 0, deviation 1, and one in twenty beyond 1.96", () => {
  const random = new Prng(1);
  const draws = Array.from({ length: 20_000 }, () => standardNormal(random));
  const { mean, deviation } = meanAndDeviation(draws);
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(20_000));
  expect(Math.abs(deviation - 1)).toBeLessThan(4 / Math.sqrt(40_000));
  const beyond = draws.filter((x) => Math.abs(x) > 1.96).length / 20_000;
  expect(Math.abs(beyond - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / 20_000));
});

test.each([2, 5, 10])(
  "a heavy tail of exponent 1.5 reaches %i with probability x^-1.5, and its bound never more",
  (x) => {
    const random = new Prng(2);
    const draws = Array.from({ length: 20_000 }, () => heavyTailed(random, 1.5, 50));
    const wanted = x ** -1.5;
    const share = draws.filter((draw) => draw >= x).length / 20_000;
    expect(Math.abs(share - wanted)).toBeLessThan(4 * Math.sqrt((wanted * (1 - wanted)) / 20_000));
    expect(Math.min(...draws)).toBe(1);
    expect(Math.max(...draws)).toBe(50);
  },
);
