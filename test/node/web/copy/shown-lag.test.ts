// How old what the web shows is said to be.

import { expect, test } from "vitest";
import { ShownLag } from "../../../../src/node/web/copy/shown-lag.ts";

/** Second of the question, what may be seen then, what is shown, and the seconds that it is said to be behind. */
type Look = readonly [at_s: number, visible: number, shown: number, lag_s: number];

test.each<[what: string, looks: readonly Look[]]>([
  [
    "a copy that follows",
    [
      [100, 1_000, 1_000, 0],
      [101, 2_000, 2_100, 0],
    ],
  ],
  [
    "one that stands still while the log grows, and comes after it",
    [
      [100, 1_000, 1_000, 0],
      [101, 2_000, 999, 1],
      [102, 3_000, 1_999, 1],
      [103, 3_000, 1_999, 2],
      [104, 3_000, 3_000, 0],
    ],
  ],
  ["one that nobody has asked about: at least nothing", [[100, 1_000, 500, 0]]],
  // Ten thousand commands of the last moment were taken for those of a night.
  [
    "a log that rested while nobody asked",
    [
      [100, 1_000, 1_000, 0],
      [40_000, 11_000, 6_000, 0],
    ],
  ],
  [
    "another history, whose positions begin below",
    [
      [100, 1_000, 1_000, 0],
      [101, 10, 4, 0],
      [102, 10, 4, 1],
    ],
  ],
])("%s", (_what, looks) => {
  const lag = new ShownLag();
  for (const [at_s, visible, shown, lag_s] of looks)
    expect(lag.lag_us(visible, shown, at_s * 1e6) / 1e6).toBeCloseTo(lag_s, 5);
});
