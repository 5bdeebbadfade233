// The bound of an account's open orders: which orders count, which are refused at it, and that what an account is told of all of
// them at once is kept.

import { describe, expect, test } from "vitest";
import { MASS_CANCEL_MAX } from "../../src/engine/bulk-cancel.ts";
import {
  ALL_SYMBOLS,
  BOTH_SIDES,
  CommandWord,
  EventKind,
  Reason,
  Side,
  writeAdminCommand,
  writeMassCancel,
  writeSessionCommand,
} from "../../src/protocol/index.ts";
import { buy, cancel, ioc, modify, sell } from "./orders.ts";
import { Desk, type Write } from "./support.ts";

const MINE = { account: 1 };
const buyAtOnce: Write = (words) => {
  ioc(4, Side.Buy, 101, 1)(words);
  words[CommandWord.account] = 1;
};

const logOn: Write = (words) =>
  writeSessionCommand(words, 0, {
    ...{ kind: "session_open", account: 1, session: 7n, who: "ann", instance: 0, flags: 0, deadMan_ms: 0 },
  });
const massCancel = (side: number): Write => {
  return (words) => writeMassCancel(words, 0, 1, ALL_SYMBOLS, side);
};
const killSwitch: Write = (words) =>
  writeAdminCommand(words, 0, { kind: "kill_switch", scope: "account", account: 1, on: true, who: "ann" });

/** Account 1 has logged on and has as many open orders as it may: three bids, 1 to 3. */
function fullDesk(): Desk {
  const desk = new Desk({ accountOrdersMax: 3 });
  desk.do(logOn);
  for (const id of [1, 2, 3]) desk.do(buy(id, 100, 5, MINE));
  return desk;
}

/** Of the first event. */
const outcome = (desk: Desk, write: Write) => {
  const [{ kind, reason }] = desk.do(write);
  return kind === EventKind.Reject ? reason : kind;
};
const REFUSED = Reason.TooManyOpenOrders;

describe("an account that has logged on, with as many open orders as it may have", () => {
  test("is refused one more that may rest, also one that would trade, and nothing changes", () => {
    const desk = fullDesk();
    desk.do(sell(9, 101, 1));
    const before = desk.engine.sequence;
    expect(outcome(desk, buy(4, 90, 1, MINE))).toBe(REFUSED);
    expect(outcome(desk, buy(4, 101, 1, MINE))).toBe(REFUSED);
    expect([desk.engine.sequence, desk.engine.restingOrders]).toEqual([before, 4]);
  });

  test("may send what can't rest, change what does, and take it out", () => {
    const desk = fullDesk();
    desk.do(sell(9, 101, 1));
    expect(outcome(desk, buyAtOnce)).toBe(EventKind.Accept);
    expect(outcome(desk, modify(1, 99, 7, MINE))).toBe(EventKind.Modify);
    expect(outcome(desk, modify(1, 99, 6, MINE))).toBe(EventKind.Modify);
    expect(outcome(desk, cancel(1, MINE))).toBe(EventKind.Cancel);
    expect(outcome(desk, buy(4, 90, 1, MINE))).toBe(EventKind.Accept);
    expect(outcome(desk, buy(5, 90, 1, MINE))).toBe(REFUSED);
  });

  test.each<[how: string, leave: Write]>([
    ["one trades to its end as a maker", sell(9, 100, 5)],
    ["one trades to its end as it is changed", modify(1, 102, 5, MINE)],
    ["one is changed to nothing", modify(1, 100, 0, MINE)],
    ["all are cancelled at once", massCancel(BOTH_SIDES)],
  ])("has room again when %s", (_how, leave) => {
    const desk = fullDesk();
    desk.do(sell(8, 102, 5));
    desk.do(leave);
    expect(outcome(desk, buy(4, 90, 1, MINE))).toBe(EventKind.Accept);
  });

  test("has none when one has traded in part", () => {
    const desk = fullDesk();
    desk.do(sell(9, 100, 4));
    expect(outcome(desk, buy(4, 90, 1, MINE))).toBe(REFUSED);
  });

  test("has as many after a snapshot", () => {
    const desk = fullDesk();
    const restored = new Desk({ accountOrdersMax: 3 });
    restored.engine.restore(desk.snapshot(), desk.engine.position);
    expect(restored.engine.genesis.accountOrdersMax).toBe(3);
    expect(outcome(restored, buy(4, 90, 1, MINE))).toBe(REFUSED);
    restored.do(cancel(2, MINE));
    expect(outcome(restored, buy(4, 90, 1, MINE))).toBe(EventKind.Accept);
  });
});

test("what rested before its first session counts, other accounts have no bound, nor has a log that says none", () => {
  const desk = new Desk({ accountOrdersMax: 3 });
  for (const id of [1, 2, 3, 4]) {
    expect(outcome(desk, buy(id, 100, 5, MINE))).toBe(EventKind.Accept);
    expect(outcome(desk, buy(id, 100, 5))).toBe(EventKind.Accept);
  }
  desk.do(logOn);
  desk.do(cancel(1, MINE));
  expect(outcome(desk, buy(5, 100, 5, MINE))).toBe(REFUSED);
  expect(outcome(desk, buy(5, 100, 5))).toBe(EventKind.Accept);
  const unbounded = new Desk();
  unbounded.do(logOn);
  for (let id = 1; id <= 20; id++) expect(outcome(unbounded, buy(id, 100, 1, MINE))).toBe(EventKind.Accept);
  expect(unbounded.engine.genesis).not.toHaveProperty("accountOrdersMax");
});

// Its sessions were closed (FellBehind) by what they had asked for: two mass cancels behind each other, or one kill switch.
test.each<[what: string, writes: readonly Write[]]>([
  ["mass cancels behind each other", [massCancel(Side.Buy), massCancel(Side.Sell)]],
  ["a kill switch", [killSwitch]],
])("what an account is told of all its orders by %s is kept", (_what, writes) => {
  const half = MASS_CANCEL_MAX / 2;
  const desk = new Desk({ ordersMax: 2 * MASS_CANCEL_MAX, accountOrdersMax: MASS_CANCEL_MAX }, ["S0"], 4_096);
  desk.do(logOn);
  for (const [first, order] of [
    [1, buy],
    [half + 1, sell],
  ] as const) {
    desk.do(order(first, order === buy ? 100 : 200, 1, MINE));
    desk.fill(half - 1, (words, i) => {
      words[CommandWord.orderIdLow] = first + 1 + i;
    });
  }
  expect(desk.engine.restingOrders).toBe(MASS_CANCEL_MAX);
  expect(outcome(desk, buy(MASS_CANCEL_MAX + 1, 100, 1, MINE))).toBe(REFUSED);
  const { next } = desk.engine.reports.of(1) ?? { next: 0 };
  for (const write of writes) desk.do(write);
  const stream = desk.engine.reports.of(1);
  expect([desk.engine.restingOrders, stream?.next]).toEqual([
    0,
    next + MASS_CANCEL_MAX + (writes.length === 2 ? 2 : 0),
  ]);
  expect(stream?.first).toBeLessThanOrEqual(next);
});
