// What administrators decide: which orders are refused from then on, which are cancelled, and that nothing else changes.

import { describe, expect, test } from "vitest";
import { SWITCHED_OFF_MAX } from "../../src/engine/administration.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import {
  type AdminCommand,
  AdminLayout,
  CommandKind,
  EventFlag,
  EventKind,
  Reason,
  Side,
  writeAdminCommand,
} from "../../src/protocol/index.ts";
import { buy, cancel, ioc, market, modify, sell } from "./orders.ts";
import { Desk, hexOf, snapshotOf, type Write } from "./support.ts";

const say = (command: AdminCommand): Write => {
  return (words) => writeAdminCommand(words, 0, command);
};
const killSwitch = (account: number, on: boolean) =>
  say({ kind: "kill_switch", scope: "account", account, on, who: "ann" });
const HALT = say({ kind: "halt", who: "ann" });
const RESUME = say({ kind: "resume", who: "bob" });

/** Kind, or the reason of a refusal. */
const outcomes = (desk: Desk, ...writes: readonly Write[]) =>
  writes.map((write) =>
    desk.do(write).map(({ kind, reason }) => (kind === EventKind.Reject ? -reason : kind)),
  );

test("a halt refuses new orders and modifies, and lets cancels pass, until it is lifted", () => {
  const desk = new Desk();
  desk.do(buy(1, 100, 5));
  desk.do(buy(2, 100, 5));
  expect(outcomes(desk, HALT)).toEqual([[]]);
  expect(desk.engine.administration).toMatchObject({ halted: true, haltedBy: "ann" });
  const orders = [buy(3, 1, 1), market(4, Side.Sell, 1), ioc(5, Side.Sell, 1, 1), modify(1, 100, 1)];
  expect(outcomes(desk, ...orders)).toEqual(orders.map(() => [-Reason.TradingHalted]));
  expect(outcomes(desk, cancel(1), cancel(1))).toEqual([[EventKind.Cancel], [-Reason.UnknownOrder]]);
  expect(outcomes(desk, RESUME, modify(2, 100, 1), buy(3, 1, 1))).toEqual([
    [],
    [EventKind.Modify],
    [EventKind.Accept],
  ]);
  expect(desk.engine.administration).toMatchObject({ halted: false, haltedBy: "bob" });
});

test("a halted exchange refuses before it looks at anything else of an order", () => {
  const desk = new Desk();
  desk.do(HALT);
  desk.do(killSwitch(0, true));
  expect(outcomes(desk, buy(1, 0, 0, { symbol: 9 }), modify(9, 0, 0))).toEqual([
    [-Reason.TradingHalted],
    [-Reason.TradingHalted],
  ]);
});

describe("a kill switch", () => {
  /** Two accounts on two symbols; account 1 rests on every side, before and behind the other. */
  function busyDesk(): Desk {
    const desk = new Desk({}, ["S0", "S1"], 2);
    const own = { account: 1 };
    desk.do(sell(10, 205, 9, { ...own, symbol: 1 }));
    desk.do(buy(1, 100, 5, own));
    desk.do(buy(2, 101, 6));
    desk.do(buy(3, 101, 7, own));
    desk.do(sell(4, 103, 8, own));
    desk.do(sell(5, 102, 8, own));
    desk.do(sell(6, 102, 1));
    return desk;
  }

  test("cancels every order of the account: by symbol, bids first, best level first", () => {
    const desk = busyDesk();
    const cancelled = desk.do(killSwitch(1, true));
    expect(
      cancelled.map(({ symbol, orderId, side, price, quantity }) => [symbol, orderId, side, price, quantity]),
    ).toEqual([
      [0, 3n, Side.Buy, 101, 7],
      [0, 1n, Side.Buy, 100, 5],
      [0, 5n, Side.Sell, 102, 8],
      [0, 4n, Side.Sell, 103, 8],
      [1, 10n, Side.Sell, 205, 9],
    ]);
    expect(cancelled.map(({ sequence }) => sequence)).toEqual([8, 9, 10, 11, 12]);
    expect(cancelled.map(({ flags }) => flags)).toEqual([0, 0, 0, 0, EventFlag.Last]);
    for (const event of cancelled)
      expect(event).toMatchObject({ kind: EventKind.Cancel, command: CommandKind.KillSwitch, account: 1 });
    expect([desk.engine.restingOrders, desk.engine.book(1).orders]).toEqual([2, 0]);
    expect(desk.engine.book(0)).toMatchObject({
      bids: [{ price: 101, total: 6, orders: 1 }],
      asks: [{ price: 102, total: 1, orders: 1 }],
    });
  });

  test("refuses the account's new orders until it is off, and nobody else's", () => {
    const desk = busyDesk();
    desk.do(killSwitch(1, true));
    expect(outcomes(desk, buy(1, 100, 5, { account: 1 }), buy(7, 100, 5), killSwitch(1, true))).toEqual([
      [-Reason.AccountSwitchedOff],
      [EventKind.Accept],
      [],
    ]);
    expect(outcomes(desk, killSwitch(1, false), buy(1, 100, 5, { account: 1 }))).toEqual([
      [],
      [EventKind.Accept],
    ]);
  });

  test("of an account that there is not is refused", () => {
    const desk = new Desk();
    const refused = desk.one(killSwitch(4, true));
    expect(refused).toMatchObject({ reason: Reason.NotAuthorised, account: 4, sequence: 0, orderId: 0n });
    expect(desk.engine.administration.switchedOff.size).toBe(0);
  });

  test("is refused to one account more than can be switched off, and not to one that is already", () => {
    const desk = new Desk({ accountsMax: SWITCHED_OFF_MAX + 1 });
    desk.do(killSwitch(0, true));
    const account = AdminLayout.account / 4;
    desk.fill(SWITCHED_OFF_MAX - 1, (words, i) => {
      words[account] = i + 1;
    });
    expect(desk.engine.administration.switchedOff.size).toBe(SWITCHED_OFF_MAX);
    expect(outcomes(desk, killSwitch(SWITCHED_OFF_MAX, true), killSwitch(0, true))).toEqual([
      [-Reason.StorageExhausted],
      [],
    ]);
    const restored = new ExchangeEngine();
    restored.restore(desk.snapshot(), desk.engine.position);
    expect(hexOf(snapshotOf(restored))).toBe(hexOf(desk.snapshot()));
  });

  test("shows in the snapshot whose it is, in whatever order they were turned on", () => {
    const [one, other] = [new Desk(), new Desk()];
    for (const account of [1, 3, 0]) one.do(killSwitch(account, true));
    for (const account of [3, 0, 2, 1]) other.do(killSwitch(account, true));
    other.do(killSwitch(2, false));
    expect(hexOf(one.snapshot())).toBe(hexOf(other.snapshot()));
  });
});

test("tenures, policies and forced starts change no book, and are part of the state", () => {
  const desk = new Desk();
  desk.do(buy(1, 100, 5));
  const before = hexOf(desk.snapshot());
  const said = [
    say({ kind: "tenure", epoch: 3, who: "node-a" }),
    say({ kind: "ack_policy", policy: "two-disks", who: "ann" }),
    say({ kind: "forced_start", who: "ann" }),
    say({ kind: "forced_start", who: "bob" }),
    say({ kind: "promotion", who: "eve" }),
  ];
  expect(outcomes(desk, ...said)).toEqual([[], [], [], [], []]);
  expect(desk.engine.administration).toMatchObject({
    epoch: 3,
    node: "node-a",
    ackPolicy: "two-disks",
    ackPolicyBy: "ann",
    forcedStarts: 2,
    forcedBy: "bob",
    promotedBy: "eve",
    halted: false,
  });
  expect(desk.engine.book(0).orders).toBe(1);
  expect(hexOf(desk.snapshot())).not.toBe(before);
  expect(outcomes(desk, sell(2, 100, 1))).toEqual([[EventKind.Accept, EventKind.Trade]]);
});

test("an administrative record that no node of this version writes stops the engine", () => {
  const desk = new Desk();
  const odd: Write = (words) => {
    writeAdminCommand(words, 0, { kind: "halt", who: "ann" });
    words[AdminLayout.epoch / 4] = 1;
  };
  expect(() => desk.do(odd)).toThrow("an administrative record is none of this version");
  expect(desk.engine.administration.halted).toBe(false);
});
