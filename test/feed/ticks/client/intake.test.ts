// What a ticks/1 frame that is whole must hold to be delivered, and what is remembered of each symbol.

import { expect, test } from "vitest";
import { allTickListeners, SubscriptionWishes, TickIntake, TickLasts } from "../../../../src/feed/index.ts";
import { heartbeat, joined, quote, Recorded, START_NS, trade } from "./support.ts";

const { NaN: NAN, POSITIVE_INFINITY: INFINITY } = Number;

test.each([
  ["a trade at 0", trade(2, 1, 0)],
  ["a trade below 0", trade(2, 1, -1)],
  ["a trade at no number", trade(2, 1, NAN)],
  ["a trade at infinity", trade(2, 1, INFINITY)],
  ["a bid of 0", quote(2, 1, 0, 5)],
  ["an ask of 0", quote(2, 1, 5, 0)],
  ["a bid of minus infinity", quote(2, 1, -INFINITY, 5)],
  ["an ask that is no number", quote(2, 1, 5, NAN)],
])("%s takes its number, is counted, and is not delivered", (_, frame) => {
  const reader = new Recorded();
  expect(reader.read(joined(heartbeat(1, 0), frame, heartbeat(3, 0)))).toBe(true);
  expect(reader.counted).toEqual({ frames: 3, heartbeats: 2, invalidValues: 1 });
});

test("a symbol at the bound is unknown, the one below it is not", () => {
  const reader = new Recorded({ maxSymbols: 7 });
  reader.read(joined(trade(1, 6, 1), trade(2, 7, 1), quote(3, 65_535, 1, 2), quote(4, 0, 1, 2)));
  expect(reader.counted).toEqual({ frames: 4, trades: 1, quotes: 1, unknownSymbols: 2 });
  expect(reader.frames.map(({ symbol }) => symbol)).toEqual([6, 0]);
});

test("500 symbols by default, and all that 16 bits hold if asked for", () => {
  const bytes = joined(trade(1, 499, 1), trade(2, 500, 1), trade(3, 65_535, 1));
  const [few, all] = [new Recorded(), new Recorded({ maxSymbols: 65_536 })];
  few.read(bytes);
  all.read(bytes);
  expect(few.counted).toEqual({ frames: 3, trades: 1, unknownSymbols: 2 });
  expect(all.counted).toEqual({ frames: 3, trades: 3 });
});

test("a bid above the ask, any quantity and the smallest price are delivered as they are", () => {
  const reader = new Recorded();
  reader.read(joined(quote(1, 1, 9, 8, [0, 4_294_967_295]), trade(2, 1, 5e-324, 0)));
  expect(reader.frames.map(({ values }) => values)).toEqual([
    [9, 0, 8, 4_294_967_295],
    [5e-324, 0],
  ]);
});

test("frames of an unknown type are skipped, and the connection is kept", () => {
  const unknown = heartbeat(2, 0);
  unknown[1] = 0x40;
  const reader = new Recorded();
  expect(
    reader.read(joined(heartbeat(1, 0), unknown, heartbeat(3, 0), heartbeat(4, 0), heartbeat(5, 0))),
  ).toBe(true);
  const { typeIncidents, checksumIncidents, framesLost } = reader.intake.counters;
  expect([typeIncidents, checksumIncidents, framesLost]).toEqual([1, 0, 1]);
});

test("symbols that are not wanted are dropped, and their numbers count", () => {
  const wishes = new SubscriptionWishes([3, 4]);
  const reader = new Recorded({ wishes });
  reader.read(joined(trade(1, 3, 1), trade(2, 5, 1), quote(3, 4, 1, 2), heartbeat(4, 0)));
  wishes.wish("all");
  reader.read(joined(trade(5, 5, 1)));
  wishes.wish([]);
  reader.read(joined(trade(6, 5, 1), heartbeat(7, 0)));
  expect(reader.counted).toEqual({ frames: 7, trades: 2, quotes: 1, heartbeats: 2, unwantedFrames: 2 });
});

test("of a server that numbers globally a filtered client books no loss, and all again it does", () => {
  const wishes = new SubscriptionWishes([3]);
  const reader = new Recorded({ wishes });
  reader.read(joined(trade(900, 3, 1), trade(905, 3, 1), heartbeat(907, 0)));
  wishes.wish("all");
  reader.read(joined(trade(908, 3, 1), trade(910, 5, 1)));
  expect(reader.counted).toEqual({
    frames: 5,
    trades: 4,
    heartbeats: 1,
    unattributedGaps: 2,
    gapIncidents: 1,
    framesLost: 1,
  });
});

test("the last trade and quote of a symbol are kept, stale from a loss to its next tick", () => {
  const lasts = new TickLasts(10);
  let heard = 0;
  const listener = allTickListeners(lasts, { onTrade: () => void heard++ }, { onStale: () => void heard++ });
  const intake = new TickIntake({ listener });
  intake.push(joined(quote(1, 4, 10, 11, [3, 5]), trade(2, 4, 10.5, 7), trade(3, 5, 99)));
  listener.onStale?.();
  intake.push(joined(trade(4, 5, 98)));
  expect(heard).toBe(4);
  expect(lasts.of(4)).toEqual({
    symbol: 4,
    trade: { price: 10.5, quantity: 7 },
    quote: { bid: 10, bidQuantity: 3, ask: 11, askQuantity: 5 },
    timestamp_ns: START_NS + 2_000n,
    isStale: true,
  });
  expect(lasts.of(5)).toMatchObject({ trade: { price: 98 }, quote: undefined, isStale: false });
  expect([lasts.of(6), lasts.of(10), lasts.of(-1)]).toEqual([undefined, undefined, undefined]);
});
