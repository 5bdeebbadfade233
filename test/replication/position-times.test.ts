// How long a node has lacked what it lacks.

import { expect, test } from "vitest";
import { PositionTimes } from "../../src/replication/index.ts";

/** Samples as (position, time). */
function times(samplesMax: number, ...samples: readonly (readonly [number, number])[]): PositionTimes {
  const noted = new PositionTimes(samplesMax);
  for (const [position, now_us] of samples) noted.note(position, now_us);
  return noted;
}

/** A log that grows by 10 in 100 us, rests until 1,000, and grows again. */
const LOG = [
  [0, 0],
  [10, 100],
  [20, 200],
  [20, 600],
  [20, 1_000],
  [30, 1_100],
] as const;

test.each([
  { name: "who has everything lacks nothing", position: 35, latest: 35, now_us: 1_200, lag_us: 0 },
  { name: "who is ahead of a look at the log too", position: 36, latest: 35, now_us: 1_200, lag_us: 0 },
  {
    name: "what came since the last sample came evenly",
    position: 30,
    latest: 40,
    now_us: 1_200,
    lag_us: 90,
  },
  { name: "half of it", position: 34, latest: 40, now_us: 1_200, lag_us: 50 },
  { name: "a sample's own position is had", position: 20, latest: 30, now_us: 1_100, lag_us: 90 },
  { name: "while a log rests nobody falls behind", position: 19, latest: 30, now_us: 1_100, lag_us: 900 },
  { name: "nothing at all", position: 0, latest: 30, now_us: 1_100, lag_us: 1_090 },
])("$name", ({ position, latest, now_us, lag_us }) => {
  expect(times(8, ...LOG).lag_us(position, latest, now_us)).toBeCloseTo(lag_us, 6);
});

test("of what is older than the samples that are kept: at least so long", () => {
  const noted = times(2, ...LOG);
  expect(noted.lag_us(25, 30, 1_100)).toBeCloseTo(40, 6);
  expect(noted.lag_us(5, 30, 1_100)).toBe(100);
});

test("a log of which nothing is known has nobody behind it", () => {
  expect(new PositionTimes().lag_us(0, 5, 100)).toBe(0);
});

test("the samples turn round any number of times", () => {
  const noted = new PositionTimes(8);
  for (let i = 1; i <= 1_000; i++) noted.note(i * 10, i * 100);
  expect(noted.lag_us(9_950, 10_000, 100_050)).toBeCloseTo(540, 6);
});
