// The bucket of one peer, on a clock that the table moves.

import { expect, test } from "vitest";
import { MessageRate } from "../../src/base/index.ts";

test.each<[string, most: number | undefined, steps: [now_us: number, wanted: number, got: number][]]>([
  [
    "holds a second's worth and is no fuller after a silence",
    undefined,
    [
      [0, 200, 100],
      [0, 1, 0],
      [9_000_000, 200, 100],
    ],
  ],
  [
    "gets back what comes in the time between",
    undefined,
    [
      [0, 100, 100],
      [9_999, 1, 0],
      [10_000, 2, 1],
      [110_000, 200, 10],
    ],
  ],
  [
    "holds what it is told, and gets back no faster",
    1_000,
    [
      [0, 2_000, 1_000],
      [1_000_000, 2_000, 100],
      [20_000_000, 2_000, 1_000],
    ],
  ],
])("a bucket of 100 a second %s", (_, most, steps) => {
  const rate = new MessageRate(100, 0, most);
  for (const [now_us, wanted, got] of steps) {
    let taken = 0;
    while (taken < wanted && rate.take(now_us)) taken++;
    expect([now_us, taken]).toEqual([now_us, got]);
  }
});
