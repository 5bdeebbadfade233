// The ordering's cases as tables of events: what is done, and the answer in words (naive-ordering.ts says them). The twin has
// to give the same.

import { expect, test } from "vitest";
import { type Limits, NaiveOrdering, type Ordering, RealOrdering } from "./naive-ordering.ts";

const limits: Limits = {
  lease_us: 1_000,
  sessionConnectionsMax: 2,
  heldBatchesMax: 3,
  heldBytesMax: 250,
  memoryBytes: 400,
  fencedMax: 2,
};

type Event = readonly [(ordering: Ordering) => string | readonly string[], string | readonly string[]];

const open = (connection: number, publisher: number, epoch: number, answer: string): Event => [
  (ordering) => ordering.open(connection, publisher, epoch),
  answer,
];
const batch = (connection: number, number: number, answer: string, now = 0): Event => [
  (ordering) => ordering.batch(connection, number, 100, now),
  answer,
];
const close = (connection: number): Event => [
  (ordering) => {
    ordering.close(connection);
    return "closed";
  },
  "closed",
];
const pass = (now: number, ...lines: string[]): Event => [(ordering) => ordering.pass(now), lines];

const cases: readonly [string, 0 | 1 | 2, readonly Event[]][] = [
  [
    "order 1: a newer connection of a session takes its place, numbers may jump, what was there is a duplicate",
    1,
    [
      open(1, 7, 0, "Begun epoch 1 last 0 replaces "),
      batch(1, 5, "Take 5 of 1 last 5 memory 0"),
      open(2, 7, 1, "Joined epoch 1 last 5 replaces 1"),
      batch(1, 6, "Stranger"),
      batch(2, 5, "Duplicate  last 5 memory 0"),
      batch(2, 9, "Take 9 of 2 last 9 memory 0"),
    ],
  ],
  [
    "order 2: what is ahead waits, and follows in order when the missing one comes, over whatever connection",
    2,
    [
      open(1, 7, 3, "Begun epoch 3 last 0 replaces "),
      open(2, 7, 3, "Joined epoch 3 last 0 replaces "),
      batch(1, 3, "Hold  last 0 memory 100"),
      batch(2, 2, "Hold  last 0 memory 200"),
      batch(2, 3, "AlreadyHeld  last 0 memory 200"),
      batch(1, 1, "Cascade Take 1 of 1,2 of 2,3 of 2 last 3 memory 0"),
      batch(1, 3, "Duplicate  last 3 memory 0"),
    ],
  ],
  [
    "order 2: a batch that comes late, but within the lease, is not fenced",
    2,
    [
      open(1, 7, 1, "Begun epoch 1 last 0 replaces "),
      batch(1, 2, "Hold  last 0 memory 100", 0),
      pass(1_000),
      batch(1, 1, "Cascade Take 1 of 1,2 of 1 last 2 memory 0", 1_000),
      pass(9_000),
    ],
  ],
  [
    "order 2: the lease counts from when the first one waited, and anew when a batch is taken",
    2,
    [
      open(1, 7, 1, "Begun epoch 1 last 0 replaces "),
      batch(1, 2, "Hold  last 0 memory 100", 0),
      batch(1, 4, "Hold  last 0 memory 200", 900),
      batch(1, 1, "Cascade Take 1 of 1,2 of 1 last 2 memory 100", 1_000),
      pass(2_000),
      pass(2_001, "Fence 7 after 2 connections 1"),
    ],
  ],
  [
    "order 2: a session fenced is refused from then on, a higher epoch begins, and others are never held up",
    2,
    [
      open(1, 7, 1, "Begun epoch 1 last 0 replaces "),
      open(2, 8, 1, "Begun epoch 1 last 0 replaces "),
      batch(1, 1, "Take 1 of 1 last 1 memory 0"),
      batch(1, 3, "Hold  last 1 memory 100", 10),
      batch(2, 1, "Take 1 of 2 last 1 memory 100", 20),
      pass(1_011, "Fence 7 after 1 connections 1"),
      batch(1, 2, "Stranger", 1_012),
      batch(2, 2, "Take 2 of 2 last 2 memory 0", 1_012),
      open(3, 7, 1, "Fenced epoch 1 last 1 replaces "),
      open(3, 7, 0, "Begun epoch 2 last 0 replaces "),
      open(4, 7, 1, "OldEpoch epoch 2 last 0 replaces "),
      batch(3, 1, "Take 1 of 3 last 1 memory 0"),
    ],
  ],
  [
    "order 2: what waits outlives its connection until the lease is over",
    2,
    [
      open(1, 7, 1, "Begun epoch 1 last 0 replaces "),
      batch(1, 2, "Hold  last 0 memory 100", 0),
      close(1),
      pass(500),
      open(2, 7, 1, "Joined epoch 1 last 0 replaces "),
      batch(2, 1, "Cascade Take 1 of 2,2 of 1 last 2 memory 0", 600),
      batch(2, 4, "Hold  last 2 memory 100", 700),
      close(2),
      pass(1_701, "Fence 7 after 2 connections "),
      open(3, 7, 1, "Fenced epoch 1 last 2 replaces "),
    ],
  ],
  [
    "order 2: fences are remembered up to a bound: the oldest one's session is open again behind its last batch",
    2,
    [
      open(1, 7, 1, "Begun epoch 1 last 0 replaces "),
      open(2, 8, 1, "Begun epoch 1 last 0 replaces "),
      open(3, 9, 1, "Begun epoch 1 last 0 replaces "),
      batch(1, 1, "Take 1 of 1 last 1 memory 0"),
      batch(1, 3, "Hold  last 1 memory 100"),
      batch(2, 2, "Hold  last 0 memory 200"),
      batch(3, 2, "Hold  last 0 memory 300"),
      pass(1_001, ...[7, 8, 9].map((n) => `Fence ${n} after ${n === 7 ? 1 : 0} connections ${n - 6}`)),
      open(4, 9, 1, "Fenced epoch 1 last 0 replaces "),
      open(5, 8, 1, "Fenced epoch 1 last 0 replaces "),
      open(6, 7, 1, "Joined epoch 1 last 1 replaces "),
      batch(6, 2, "Take 2 of 6 last 2 memory 0"),
    ],
  ],
  [
    "order 2: a fence that a higher epoch has ended takes no place of another",
    2,
    [
      open(1, 8, 1, "Begun epoch 1 last 0 replaces "),
      open(2, 7, 1, "Begun epoch 1 last 0 replaces "),
      open(3, 9, 1, "Begun epoch 1 last 0 replaces "),
      batch(1, 2, "Hold  last 0 memory 100", 0),
      batch(2, 2, "Hold  last 0 memory 200", 1),
      batch(3, 2, "Hold  last 0 memory 300", 500),
      pass(1_002, "Fence 8 after 0 connections 1", "Fence 7 after 0 connections 2"),
      open(4, 7, 2, "Begun epoch 2 last 0 replaces "),
      pass(1_501, "Fence 9 after 0 connections 3"),
      open(5, 8, 1, "Fenced epoch 1 last 0 replaces "),
      open(6, 9, 1, "Fenced epoch 1 last 0 replaces "),
    ],
  ],
  [
    "order 2: a higher epoch closes every connection of the one before and forgets what waited there",
    2,
    [
      open(1, 7, 1, "Begun epoch 1 last 0 replaces "),
      open(2, 7, 1, "Joined epoch 1 last 0 replaces "),
      batch(2, 2, "Hold  last 0 memory 100"),
      open(3, 7, 2, "Begun epoch 2 last 0 replaces 1,2"),
      batch(2, 1, "Stranger"),
      batch(3, 1, "Take 1 of 3 last 1 memory 0"),
    ],
  ],
  [
    "order 2: the bounds of what waits: batches ahead, bytes of a session, memory of all, connections of a session",
    2,
    [
      open(1, 7, 1, "Begun epoch 1 last 0 replaces "),
      open(2, 7, 1, "Joined epoch 1 last 0 replaces "),
      open(3, 7, 1, "TooMany epoch 1 last 0 replaces "),
      open(4, 8, 1, "Begun epoch 1 last 0 replaces "),
      open(5, 9, 1, "Begun epoch 1 last 0 replaces "),
      batch(1, 0, "BadNumber  last 0 memory 0"),
      batch(1, 5, "BadNumber  last 0 memory 0"),
      batch(1, 4, "Hold  last 0 memory 100"),
      batch(1, 3, "Hold  last 0 memory 200"),
      batch(1, 2, "HoldFull  last 0 memory 200"),
      batch(4, 2, "Hold  last 0 memory 300"),
      batch(5, 2, "Hold  last 0 memory 400"),
      batch(5, 3, "HoldFull  last 0 memory 400"),
    ],
  ],
  [
    // One Hello with the highest number there is took a publisher's number from everybody for good.
    "behind the highest epoch that may be named the next ones are given out, and can be joined",
    2,
    [
      open(1, 7, 2, "Begun epoch 2 last 0 replaces "),
      open(2, 7, Number.MAX_SAFE_INTEGER, "OldEpoch epoch 2 last 0 replaces "),
      open(2, 7, 2 ** 52 + 1, "OldEpoch epoch 2 last 0 replaces "),
      open(2, 7, 2 ** 52, "Begun epoch 4503599627370496 last 0 replaces 1"),
      open(3, 7, 0, "Begun epoch 4503599627370497 last 0 replaces 2"),
      open(4, 7, 2 ** 52 + 1, "Joined epoch 4503599627370497 last 0 replaces "),
      open(5, 7, 2 ** 52 + 2, "OldEpoch epoch 4503599627370497 last 0 replaces "),
    ],
  ],
];

test.each(cases)("%s", (_, level, events) => {
  for (const ordering of [new RealOrdering(level, limits), new NaiveOrdering(level, limits)]) {
    const answers = events.map(([event]) => event(ordering));
    expect(answers).toEqual(events.map(([, answer]) => answer));
  }
});

test("a topic that is closed gives back the memory of all that waited, and forgets sessions and fences", () => {
  const ordering = new RealOrdering(2, limits);
  for (const publisher of [7, 8, 9]) ordering.open(publisher, publisher, 1);
  ordering.batch(7, 2, 100, 0);
  expect(ordering.pass(1_001)).toHaveLength(1);
  ordering.batch(8, 2, 100, 1_001);
  ordering.batch(8, 4, 100, 1_001);
  expect(ordering.memory.used_bytes).toBe(200);
  ordering.sessions.clear();
  expect([ordering.memory.used_bytes, ordering.sessions.size]).toEqual([0, 0]);
  expect(ordering.pass(9_000)).toEqual([]);
  expect(ordering.open(10, 7, 1)).toBe("Joined epoch 1 last 0 replaces ");
});
