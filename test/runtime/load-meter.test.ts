import { expect, test } from "vitest";
import { type Load, LoadMeter } from "../../src/runtime/index.ts";

const SECOND_US = 1_000_000;

type Step =
  | ["sealed", position: number, begun_us: number]
  | ["released", position: number, now_us: number]
  | ["turnOver", position: number, now_us: number, load: Load];

const nothing = { commandsPerSecond: 0, latency: null };

test.each<[says: string, steps: readonly Step[]]>([
  ["a node that does nothing has no latency", [["turnOver", 10, SECOND_US, nothing]]],
  [
    "a batch counts from its first command to its release, and only in its second",
    [
      ["sealed", 14, 100],
      ["released", 13, 300],
      ["released", 14, 500],
      ["turnOver", 14, SECOND_US, { commandsPerSecond: 4, latency: { p50_us: 400, p99_us: 400 } }],
      ["turnOver", 14, 2 * SECOND_US, nothing],
    ],
  ],
  [
    "several batches may be released at once",
    [
      ["sealed", 11, 100],
      ["sealed", 12, 400],
      ["released", 12, 500],
      ["turnOver", 12, SECOND_US, { commandsPerSecond: 2, latency: { p50_us: 100, p99_us: 400 } }],
    ],
  ],
  [
    "a second that came late is as long as it was",
    [["turnOver", 110, 2 * SECOND_US, { commandsPerSecond: 50, latency: null }]],
  ],
  [
    "a clock that stands still changes nothing",
    [
      ["sealed", 11, 0],
      ["released", 11, 0],
      ["turnOver", 11, 0, nothing],
      ["turnOver", 11, SECOND_US, { commandsPerSecond: 1, latency: { p50_us: 1, p99_us: 1 } }],
    ],
  ],
])("%s", (_, steps) => {
  const meter = new LoadMeter(10, 0);
  for (const [what, position, at_us, load] of steps) {
    meter[what](position, at_us);
    if (load !== undefined) expect(meter.load).toEqual(load);
  }
});

test("more batches than it holds count as one with the newest, from the older's beginning", () => {
  const meter = new LoadMeter(0, 0);
  for (let batch = 1; batch <= 100; batch++) meter.sealed(batch, batch === 64 ? 200 : 400);
  meter.released(99, 500);
  meter.turnOver(100, SECOND_US);
  expect(meter.load.latency).toEqual({ p50_us: 100, p99_us: 100 });
  meter.released(100, 500);
  meter.turnOver(100, 2 * SECOND_US);
  expect(meter.load.latency).toEqual({ p50_us: 300, p99_us: 300 });
});
