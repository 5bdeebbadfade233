// Buckets of tokens on a clock that the table moves.

import { expect, test } from "vitest";
import { TokenBuckets } from "../../../src/gateway/guard/token-bucket.ts";

/** Takes up to `wanted` tokens of bucket `i` at `now_us`; how many there were. */
function takeUpTo(buckets: TokenBuckets, wanted: number, rate: number, now_us: number, i = 0): number {
  let taken = 0;
  for (; taken < wanted && buckets.has(i, rate, now_us); taken++) buckets.take(i);
  return taken;
}

test.each<
  [what: string, rate: number, steps: readonly (readonly [now_us: number, wanted: number, got: number])[]]
>([
  ["a new one is full: a second's worth", 100, [[0, 1_000, 100]]],
  [
    "what comes in a tenth of a second can be taken then",
    100,
    [
      [0, 100, 100],
      [100_000, 100, 10],
      [200_000, 5, 5],
      [300_000, 100, 15],
    ],
  ],
  [
    "after a second it is full and no fuller",
    100,
    [
      [0, 100, 100],
      [1_000_000, 1_000, 100],
      [9_000_000, 1_000, 100],
    ],
  ],
  [
    "a token is there when all of it has come",
    3,
    [
      [0, 3, 3],
      [333_333, 1, 0],
      [333_334, 1, 1],
      [666_666, 1, 0],
      [666_667, 1, 1],
    ],
  ],
  [
    "one a second is one a second",
    1,
    [
      [0, 2, 1],
      [999_999, 1, 0],
      [1_000_000, 2, 1],
      [1_500_000, 1, 0],
      [2_000_000, 1, 1],
    ],
  ],
  [
    "asking too early costs nothing",
    10,
    [[0, 10, 10], ...Array.from({ length: 9 }, (_, i) => [(i + 1) * 10_000, 1, 0] as const), [100_000, 2, 1]],
  ],
  [
    "a clock that stands still brings nothing",
    5,
    [
      [7, 9, 5],
      [7, 1, 0],
    ],
  ],
  [
    "the highest rate after a year of running",
    10_000_000,
    [
      [31_536_000_000_000, 2, 2],
      [31_536_000_000_001, 1, 1],
    ],
  ],
])("%s", (_what, rate, steps) => {
  const buckets = new TokenBuckets(1);
  for (const [now_us, wanted, got] of steps) expect(takeUpTo(buckets, wanted, rate, now_us)).toBe(got);
});

test("over a long time a bucket gives its rate exactly, however it is asked", () => {
  for (const [rate, step_us] of [
    [7, 1_000],
    [1_000, 77],
    [999_983, 13],
  ] as const) {
    const buckets = new TokenBuckets(1);
    let taken = 0;
    const end_us = 5_000_000;
    for (let now_us = 0; now_us <= end_us; now_us += step_us) taken += takeUpTo(buckets, rate, rate, now_us);
    const last_us = Math.floor(end_us / step_us) * step_us;
    expect(taken).toBe(rate + Math.floor((rate * last_us) / 1_000_000));
  }
});

test("buckets don't know each other, and one that is given to somebody else is full", () => {
  const buckets = new TokenBuckets(2);
  expect(takeUpTo(buckets, 9, 5, 0, 1)).toBe(5);
  expect(takeUpTo(buckets, 9, 5, 0, 0)).toBe(5);
  buckets.reset(1);
  expect(takeUpTo(buckets, 9, 5, 0, 1)).toBe(5);
  expect(takeUpTo(buckets, 9, 5, 0, 0)).toBe(0);
});
