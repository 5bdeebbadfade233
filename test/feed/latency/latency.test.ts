// What the trackers say of known latencies.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { FeedLatency, LatencyTracker, latencyCsv } from "../../../src/feed/index.ts";

const NONE = {
  count: 0,
  min_ns: 0,
  mean_ns: 0,
  p50_ns: 0,
  p95_ns: 0,
  p99_ns: 0,
  p999_ns: 0,
  max_ns: 0,
  ahead: 0,
};

test("count, minimum, mean and maximum are exact, percentiles at most 12.5 % above the value", () => {
  const random = new Prng(5);
  const tracker = new LatencyTracker();
  const values = Array.from({ length: 5_000 }, () => random.between(1, 10 ** random.between(2, 9)));
  for (const value of values) tracker.record(value);
  values.sort((a, b) => a - b);
  const summary = tracker.summary();
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(summary).toMatchObject({ count: 5_000, min_ns: values[0], max_ns: values[4_999], ahead: 0 });
  expect(summary.mean_ns).toBeCloseTo(mean, 3);
  const exact = { p50_ns: 2_499, p95_ns: 4_749, p99_ns: 4_949, p999_ns: 4_994 } as const;
  for (const [name, place] of Object.entries(exact) as [keyof typeof exact, number][]) {
    expect(summary[name], name).toBeGreaterThanOrEqual(values[place]);
    expect(summary[name], name).toBeLessThanOrEqual(values[place] * 1.125 + 1);
  }
});

test("percentiles are of everything, however often somebody looked, until a reset", () => {
  const tracker = new LatencyTracker();
  expect(tracker.summary()).toEqual(NONE);
  for (let i = 0; i < 99; i++) tracker.record(100);
  tracker.summary();
  tracker.record(100_000);
  expect(tracker.summary()).toMatchObject({ count: 100, p50_ns: 104, p99_ns: 104, p999_ns: 100_000 });
  tracker.reset();
  expect(tracker.summary()).toEqual(NONE);
  tracker.record(7);
  expect(tracker.summary()).toMatchObject({ count: 1, min_ns: 7, p50_ns: 7, max_ns: 7 });
});

test("a stamp from the future counts as no time at all, and is told", () => {
  const tracker = new LatencyTracker();
  tracker.record(-5_000);
  tracker.record(3_000);
  expect(tracker.summary()).toMatchObject({ count: 2, min_ns: 0, mean_ns: 1_500, max_ns: 3_000, ahead: 1 });
});

test("a sender that stalls for a second is seen by schedule, not by its timestamps", () => {
  const latency = new FeedLatency(1_000);
  const start = 1_700_000_000_000_000;
  // A thousand messages a second, each 50 us on the way; before number 501 the sender stops for a second, then it
  // sends what is due at once.
  for (let number = 1; number <= 2_000; number++) {
    const due = start + (number - 1) * 1_000;
    const made = number > 500 ? Math.max(due, start + 1_500_000) : due;
    latency.received(number, made, made + 50);
  }
  expect(latency.byTimestamp.summary()).toMatchObject({ count: 2_000, min_ns: 50_000, max_ns: 50_000 });
  const scheduled = latency.byScheduled.summary();
  expect(scheduled).toMatchObject({ count: 2_000, min_ns: 50_000, max_ns: 1_000_050_000 });
  // Half of the messages waited for half a second on average.
  expect(scheduled.mean_ns).toBeCloseTo(50_000 + (1_001 * 500_000_000) / 2_000, -3);
});

test("a lost message leaves the times of the others alone", () => {
  const latency = new FeedLatency(1_000);
  for (const number of [10, 11, 15]) latency.received(number, number * 1_000, number * 1_000 + 20);
  expect(latency.byScheduled.summary()).toMatchObject({ count: 3, min_ns: 20_000, max_ns: 20_000 });
});

test("without a rate nothing has a schedule; numbers that begin again begin another one", () => {
  const unpaced = new FeedLatency();
  unpaced.received(1, 10, 20);
  expect([unpaced.byTimestamp.summary().count, unpaced.byScheduled.summary().count]).toEqual([1, 0]);
  const paced = new FeedLatency(10);
  paced.received(500, 10, 20);
  paced.restartSchedule();
  paced.received(1, 5_000_000, 5_000_010);
  expect(paced.byScheduled.summary()).toMatchObject({ count: 2, max_ns: 10_000 });
  paced.reset();
  expect(paced.byTimestamp.summary()).toEqual(NONE);
});

test("the table has a line per tracker, in whole nanoseconds", () => {
  const tracker = new LatencyTracker();
  for (const value of [1, 2]) tracker.record(value);
  expect(
    latencyCsv([
      ["by timestamp", tracker.summary()],
      ["by schedule", NONE],
    ]),
  ).toBe(
    "latency,count,min_ns,mean_ns,p50_ns,p95_ns,p99_ns,p999_ns,max_ns,ahead\n" +
      "by timestamp,2,1,2,2,2,2,2,2,0\n" +
      "by schedule,0,0,0,0,0,0,0,0,0\n",
  );
});
