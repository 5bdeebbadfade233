// Channel top into a symbol cache: what the listener is told, and what a reader then sees.

import { expect, test } from "vitest";
import { CacheReader, CacheWriter, ChannelCacheListener, createCache } from "../../../src/feed/index.ts";

test("a slot is stale while its symbol is, or the whole channel: what comes is told, but not trusted", () => {
  const cache = createCache(2);
  const listener = new ChannelCacheListener(new CacheWriter(cache));
  const reader = new CacheReader(cache);
  const stale = () =>
    [0, 1].map((slot) => {
      reader.read(slot);
      return reader.isStale;
    });
  for (const symbol of [0, 1]) listener.definition(symbol, `S${symbol}`, 1, 1, 2);
  expect(stale()).toEqual([true, true]);
  const steps: [() => void, boolean[]][] = [
    [() => listener.channelStale(false), [false, false]],
    [() => listener.symbolStale(1, true), [false, true]],
    [() => listener.top(1, 9, 1, 1, 10, 1, 1), [false, true]],
    [() => listener.channelStale(true), [true, true]],
    [() => listener.channelStale(false), [false, true]],
    [() => listener.definition(1, "S1", 1, 1, 2), [false, true]],
    [() => listener.symbolStale(1, false), [false, false]],
    [() => listener.symbolStale(7, true), [false, false]],
  ];
  for (const [step, expected] of steps) {
    step();
    expect(stale()).toEqual(expected);
  }
});

test("a day that ends takes its volume and its opening price with it, and the first trade opens the next", () => {
  const cache = createCache(1);
  const listener = new ChannelCacheListener(new CacheWriter(cache));
  const reader = new CacheReader(cache);
  const seen = () => {
    reader.read(0);
    const { isOpen, open, last, volume } = reader;
    return { isOpen, open, last, volume };
  };
  const none = { since_us: 9, open: 0, high: 0, low: 0, last: 0, volume: 0, trades: 0 };
  listener.statistics(0, none);
  listener.definition(0, "ACME", 1, 1, 2);
  listener.statistics(0, { since_us: 1, open: 50, high: 60, low: 50, last: 60, volume: 1_000, trades: 7 });
  expect(seen()).toEqual({ isOpen: true, open: 50, last: 60, volume: 1_000 });
  listener.statistics(0, none);
  expect(seen()).toEqual({ isOpen: false, open: 0, last: 60, volume: 0 });
  listener.trade(0, 200, 1);
  expect(seen()).toEqual({ isOpen: true, open: 200, last: 200, volume: 1 });
});

test("what another epoch knew of a symbol is stale until this one tells of it, also when it never does", () => {
  const cache = createCache(2);
  const listener = new ChannelCacheListener(new CacheWriter(cache));
  const reader = new CacheReader(cache);
  const stale = () =>
    [0, 1].map((slot) => {
      reader.read(slot);
      return reader.isStale;
    });
  for (const symbol of [0, 1]) listener.definition(symbol, `S${symbol}`, 1, 1, 2);
  listener.symbolStale(1, true);
  listener.channelStale(false);
  listener.epochBegan(2);
  listener.channelStale(true);
  listener.definition(0, "S0", 1, 1, 2);
  listener.symbolStale(0, false);
  listener.channelStale(false);
  expect(stale()).toEqual([false, true]);
  // Registered in this epoch: nobody says that it is fresh, for nothing of it was ever missing.
  listener.definition(1, "S1", 1, 1, 2);
  expect(stale()).toEqual([false, false]);
});
