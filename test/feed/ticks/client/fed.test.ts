// What a symbol cache and a latency tracker learn from a stream of ticks/1.

import { expect, test } from "vitest";
import type { Clock } from "../../../../src/base/index.ts";
import {
  CacheReader,
  CacheWriter,
  createCache,
  FeedLatency,
  TickCacheListener,
  TickIntake,
  TickLatencyListener,
} from "../../../../src/feed/index.ts";
import { joined, quote, START_NS, trade } from "./support.ts";

const START_US = Number(START_NS / 1_000n);

test("a cache has each symbol under its default name, stale from a loss to its next tick", () => {
  const cache = createCache(2);
  const listener = new TickCacheListener(new CacheWriter(cache));
  const intake = new TickIntake({ listener });
  const reader = new CacheReader(cache);
  intake.push(joined(quote(1, 7, 10, 11, [3, 5]), trade(2, 7, 10.5, 4), trade(3, 499, 99), trade(4, 8, 1)));
  // The third found it full.
  expect([reader.count, reader.slotOf(8)]).toEqual([2, -1]);
  expect(reader.read(reader.slotOf(7))).toBe(true);
  expect([reader.name, reader.bid, reader.bidQuantity, reader.ask, reader.askQuantity]).toEqual([
    "SYM007",
    10,
    3,
    11,
    5,
  ]);
  expect([reader.last, reader.lastQuantity, reader.volume, reader.updates]).toEqual([10.5, 4, 4, 2]);
  expect([reader.sequence, reader.timestamp_us, reader.isStale]).toEqual([2, START_US + 2, false]);
  const stale = (): boolean[] =>
    [7, 499].map((symbol) => reader.read(reader.slotOf(symbol)) && reader.isStale);
  listener.onStale();
  expect(stale()).toEqual([true, true]);
  intake.push(trade(5, 499, 98));
  expect(stale()).toEqual([true, false]);
});

test("latency is measured by timestamps, and by the numbers at the rate that is known, over their wrap", () => {
  let now_us = START_US;
  const clock: Clock = { wallMicros: () => now_us, monotonicMicros: () => now_us };
  // Number n is stamped n microseconds after the start by these frames; due it is every 10 microseconds.
  const latency = new FeedLatency(100_000);
  const listener = new TickLatencyListener(latency, clock);
  const intake = new TickIntake({ listener });
  now_us = START_US + 105;
  intake.push(joined(trade(5, 1, 1), trade(6, 1, 1)));
  expect(latency.byTimestamp.summary()).toMatchObject({ count: 2, min_ns: 99_000, max_ns: 100_000 });
  // The first is on time when it was stamped, the second due 10 microseconds later.
  expect(latency.byScheduled.summary()).toMatchObject({ count: 2, min_ns: 90_000, max_ns: 100_000 });
  listener.onStale();
  latency.byScheduled.reset();
  // The schedule begins with the first number, and goes on over the wrap: the next is due 10 microseconds later.
  now_us = START_US + 4_294_967_295 + 25;
  intake.push(joined(trade(4_294_967_295, 1, 1), trade(0, 1, 1)));
  expect(latency.byScheduled.summary()).toMatchObject({ count: 2, min_ns: 15_000, max_ns: 25_000 });
});
