import { expect, test } from "vitest";
import { LATENCY_COUNTS_BYTES, LatencyCounts, LatencyReader, Prng } from "../../src/base/index.ts";

function histogram() {
  const memory = new SharedArrayBuffer(LATENCY_COUNTS_BYTES);
  return { counts: new LatencyCounts(memory), reader: new LatencyReader(memory), memory };
}

/** What a histogram of `value_ns` alone says of it. */
function told(value_ns: number): number {
  const { counts, reader } = histogram();
  counts.record(value_ns);
  reader.look();
  expect(reader.count).toBe(1);
  return reader.percentile_ns(50);
}

test.each([
  [0, 1],
  [7, 8],
  [8, 9],
  [15.9, 16],
  [16, 18],
  [999, 1024],
  [1_000_000, 1_048_576],
  [2 ** 32 - 1, 2 ** 32],
  [2 ** 32, 2 ** 32 + 2 ** 29],
  [2 ** 37 - 1, 2 ** 37],
])("%d ns is told as below %d", (value_ns, below_ns) => expect(told(value_ns)).toBe(below_ns));

test("what a clock may never say is the shortest or the longest", () => {
  expect([told(-1), told(2 ** 37), told(Number.MAX_VALUE)]).toEqual([1, 2 ** 37, 2 ** 37]);
});

test("every value is told as no less than it is, and at most an eighth more", () => {
  const random = new Prng(1);
  for (let i = 0; i < 4_000; i++) {
    const value_ns = Math.floor(2 ** (3 + 33.9 * random.unit()));
    const below_ns = told(value_ns);
    expect(below_ns, String(value_ns)).toBeGreaterThan(value_ns);
    expect(below_ns, String(value_ns)).toBeLessThanOrEqual(value_ns * 1.125 + 1);
  }
});

test("percentiles are of what came between two looks, totals of everything", () => {
  const { counts, reader } = histogram();
  for (let i = 0; i < 98; i++) counts.record(100);
  for (let i = 0; i < 2; i++) counts.record(5_000);
  reader.look();
  expect([reader.count, reader.percentile_ns(50), reader.percentile_ns(99)]).toEqual([100, 104, 5120]);
  counts.record(300);
  reader.look();
  expect([reader.count, reader.percentile_ns(50), reader.percentile_ns(99)]).toEqual([1, 320, 320]);
  reader.look();
  expect([reader.count, reader.percentile_ns(99)]).toEqual([0, 0]);
  expect(reader.total).toEqual({ count: 101, sum_us: 20 });
  expect(reader.below(7, 13)).toEqual([98, 98, 99, 99, 99, 99, 101]);
});

test("counts and sums that wrap lose nothing", () => {
  const { counts, reader, memory } = histogram();
  counts.record(8_000);
  reader.look();
  // As after 2^32 - 1 more values of as many microseconds.
  const words = new Uint32Array(memory);
  words.forEach((word, i) => {
    if (word > 0) words[i] = word - 2;
  });
  reader.look();
  expect(reader.total.count).toBe(2 ** 32 - 1);
  counts.record(8_000);
  reader.look();
  expect([reader.count, reader.total.count]).toEqual([1, 2 ** 32]);
});
