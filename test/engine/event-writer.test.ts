// Event records: one of each kind as pinned bytes, and the sequence where its low lane overflows.

import { expect, test } from "vitest";
import { RecordBuffer } from "../../src/base/index.ts";
import { SnapshotCounters } from "../../src/engine/snapshot-layout.ts";
import { EVENT_WORDS, EventFlag, EventKind, Reason, Side } from "../../src/protocol/index.ts";
import { buy, cancel, ioc, market, modify, once, sell } from "./orders.ts";
import { Desk, hexOf, SNAPSHOT_AT, type Write } from "./support.ts";

/** Commands, each with the bytes of its events. */
const GOLDEN: readonly [name: string, command: Write, hex: string][] = [
  [
    "Accept of an order that rests",
    sell(2 ** 40 + 1, 2 ** 33 + 5, 6, { account: 2, symbol: 1 }),
    `
      01001001 01000000 01000000 00000000 01000000 00010000 00000000 00000000 05000000 02000000
      06000000 00000000 02000000 00000000 00000000 01000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "Modify in place",
    modify(2 ** 40 + 1, 2 ** 33 + 5, 4, { account: 2, symbol: 1 }),
    `
      03001203 01000000 02000000 00000000 01000000 00010000 00000000 00000000 05000000 02000000
      04000000 00000000 02000000 00000000 00000000 01000000 05000000 02000000 06000000 00000000`,
  ],
  [
    "Accept and Trade of a market order",
    market(7, Side.Buy, 3, { account: 1, symbol: 1 }),
    `
      01001000 01000000 03000000 00000000 07000000 00000000 00000000 00000000 00000000 00000000
      03000000 00000000 01000000 00000000 00000000 00010100 00000000 00000000 00000000 00000000
      04001001 01000000 04000000 00000000 07000000 00000000 01000000 00010000 05000000 02000000
      03000000 00000000 01000000 02000000 01000000 00010100 00000000 00000000 00000000 00000000`,
  ],
  [
    "Modify to another price",
    modify(2 ** 40 + 1, 2 ** 33 + 4, 9, { account: 2, symbol: 1 }),
    `
      03001201 01000000 05000000 00000000 01000000 00010000 00000000 00000000 04000000 02000000
      09000000 00000000 02000000 00000000 00000000 01000000 05000000 02000000 01000000 00000000`,
  ],
  [
    "Modify to quantity 0",
    modify(2 ** 40 + 1, -1, 0, { account: 2, symbol: 1 }),
    `
      03001201 01000000 06000000 00000000 01000000 00010000 00000000 00000000 04000000 02000000
      00000000 00000000 02000000 00000000 00000000 01000000 04000000 02000000 09000000 00000000`,
  ],
  [
    "Accept of an order to cancel",
    buy(8, 50, 1, { symbol: 1 }),
    `
      01001001 01000000 07000000 00000000 08000000 00000000 00000000 00000000 32000000 00000000
      01000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "Cancel",
    cancel(8, { symbol: 1 }),
    `
      02001101 01000000 08000000 00000000 08000000 00000000 00000000 00000000 32000000 00000000
      01000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "Reject of a sell",
    sell(9, 0, 1, { account: 3, symbol: 1 }),
    `
      05021001 01000000 00000000 00000000 09000000 00000000 00000000 00000000 00000000 00000000
      00000000 00000000 03000000 00000000 00000000 01000000 00000000 00000000 00000000 00000000`,
  ],
];

test("each kind of event is written as exactly the pinned bytes", () => {
  const desk = new Desk({ maxNotional: 2 ** 40 }, ["S0", "S1"]);
  // Filled with ones and drained first, so that what a buffer keeps of older events shows.
  const events = new RecordBuffer(EVENT_WORDS, 4, () => {});
  for (const [name, command, hex] of GOLDEN) {
    events.words.fill(-1);
    events.used_words = events.words.length;
    events.drain();
    command(desk.words);
    desk.engine.apply(desk.words, 0, events);
    expect(hexOf(events.bytes.subarray(0, events.used_words * 4)), name).toBe(hex.replaceAll(/\s/g, ""));
  }
});

/** A desk whose last sequence is `sequence`. */
function deskAt(sequence: number): Desk {
  const desk = new Desk();
  const bytes = desk.snapshot();
  new DataView(bytes.buffer).setBigUint64(
    SNAPSHOT_AT.counters + SnapshotCounters.sequence,
    BigInt(sequence),
    true,
  );
  desk.engine.restore(bytes, desk.engine.position);
  return desk;
}

test.each([2 ** 31 - 3, 2 ** 32 - 3, 2 ** 40 - 3, 2 ** 52 + 2 ** 32 - 3])(
  "the sequence goes on without a gap from %i, and an answer that is repeated has the one it had",
  (last) => {
    const desk = deskAt(last);
    const orders = [sell(1, 100, 1), sell(2, 100, 1), buy(2, 100, 1), buy(3, 100, 3), cancel(3)];
    const requests = orders.map((order, i) => once(i + 1, order));
    const answers = requests.map((request) => desk.do(request));
    const stamped = answers.flat().filter((event) => event.kind !== EventKind.Reject);
    expect(stamped.map((event) => event.sequence)).toEqual([1, 2, 3, 4, 5, 6].map((i) => last + i));
    expect(desk.engine.sequence).toBe(last + 6);
    const repeated = requests.map((request) => desk.one(request));
    expect(repeated.map(({ kind }) => kind)).toEqual(requests.map(() => EventKind.Repeat));
    expect(repeated.map(({ sequence }) => sequence)).toEqual(answers.map(([first]) => first.sequence));
  },
);

test.each([1, 2, 3, 64])(
  "an output of %i records drains in between and holds the same events, the last one marked",
  (eventsHeld) => {
    const desk = new Desk({}, ["S0"], eventsHeld);
    for (let id = 1; id <= 5; id++) desk.do(sell(id, 100 + id, 1));
    const events = desk.do(ioc(9, Side.Buy, 104, 9));
    expect(events.map((event) => [event.kind, event.makerId, event.flags])).toEqual([
      [EventKind.Accept, 0n, 0],
      [EventKind.Trade, 1n, 0],
      [EventKind.Trade, 2n, 0],
      [EventKind.Trade, 3n, 0],
      [EventKind.Trade, 4n, EventFlag.Last],
    ]);
    expect(desk.one(cancel(77))).toMatchObject({ reason: Reason.UnknownOrder, flags: EventFlag.Last });
  },
);
