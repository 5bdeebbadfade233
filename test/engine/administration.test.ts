// What administrators decide: which orders are refused from then on, which are cancelled, and that nothing else changes.

import { describe, expect, test } from "vitest";
import { SWITCHED_OFF_MAX } from "../../src/engine/administration.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import {
  type AdminCommand,
  AdminLayout,
  CancelCause,
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

describe("a kill switch of a symbol or of all", () => {
  const who = "ann";
  const ofSymbol = (symbol: number, on: boolean) =>
    say({ kind: "kill_switch", scope: "symbol", symbol, on, who });
  const ofAll = (on: boolean) => say({ kind: "kill_switch", scope: "all", on, who });
  const REFUSED = -Reason.SymbolSwitchedOff;

  /** Two levels of bids and one of asks on S0, an ask on S1. */
  function desk(): Desk {
    const made = new Desk({}, ["S0", "S1"], 2);
    const orders = [
      sell(5, 200, 1, { symbol: 1 }),
      buy(3, 99, 1),
      buy(1, 100, 1, { account: 1 }),
      buy(2, 100, 1),
      sell(4, 101, 1),
    ];
    for (const write of orders) made.do(write);
    return made;
  }

  test("cancels every order of the symbol, and refuses new orders and modifies of it", () => {
    const made = desk();
    const cancelled = made.do(ofSymbol(0, true));
    expect(cancelled.map(({ orderId, account, flags }) => [orderId, account, flags])).toEqual([
      [1n, 1, 0],
      [2n, 0, 0],
      [3n, 0, 0],
      [4n, 0, EventFlag.Last],
    ]);
    for (const event of cancelled)
      expect(event).toMatchObject({ kind: EventKind.Cancel, reason: CancelCause.KillSwitch, symbol: 0 });
    const orders = [buy(1, 100, 1), modify(9, 100, 1), cancel(9), buy(6, 1, 1, { symbol: 1 })];
    expect(outcomes(made, ...orders)).toEqual([
      [REFUSED],
      [REFUSED],
      [-Reason.UnknownOrder],
      [EventKind.Accept],
    ]);
    expect(outcomes(made, ofSymbol(0, true), ofSymbol(0, false), buy(1, 100, 1))).toEqual([
      [],
      [],
      [EventKind.Accept],
    ]);
  });

  test("of a symbol that there is not is refused", () => {
    expect(outcomes(desk(), ofSymbol(2, true), ofSymbol(2, false))).toEqual([
      [-Reason.UnknownSymbol],
      [-Reason.UnknownSymbol],
    ]);
  });

  test("of all cancels every order, symbol by symbol, and refuses whatever is new", () => {
    const made = desk();
    expect(made.do(ofAll(true)).map(({ orderId }) => orderId)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(made.engine.restingOrders).toBe(0);
    const refused = [-Reason.ExchangeSwitchedOff];
    expect(outcomes(made, buy(1, 1, 1), modify(1, 1, 1, { symbol: 9 }))).toEqual([refused, refused]);
    expect(outcomes(made, ofAll(false), buy(1, 1, 1))).toEqual([[], [EventKind.Accept]]);
  });

  test("the broadest reason is told", () => {
    const made = desk();
    for (const write of [ofSymbol(0, true), killSwitch(1, true), ofAll(true), HALT]) made.do(write);
    const order = buy(9, 1, 1, { account: 1 });
    const told = [RESUME, ofAll(false), killSwitch(1, false), ofSymbol(0, false)].map((lift) => {
      const [[reason]] = outcomes(made, order);
      made.do(lift);
      return -reason;
    });
    expect(told).toEqual([
      Reason.TradingHalted,
      Reason.ExchangeSwitchedOff,
      Reason.AccountSwitchedOff,
      Reason.SymbolSwitchedOff,
    ]);
    expect(outcomes(made, order)).toEqual([[EventKind.Accept]]);
  });

  test("is in the snapshot, in whatever order it was turned on", () => {
    const [one, other] = [desk(), desk()];
    const switches = [
      ofSymbol(1, true),
      killSwitch(3, true),
      ofSymbol(0, true),
      ofAll(true),
      killSwitch(1, true),
    ];
    for (const write of switches) one.do(write);
    for (const write of switches.toReversed()) other.do(write);
    const restored = new Desk({}, ["S0", "S1"]);
    restored.engine.restore(one.snapshot(), one.engine.position);
    expect(hexOf(restored.snapshot())).toBe(hexOf(one.snapshot()));
    expect(restored.engine.administration).toEqual(one.engine.administration);
    for (const made of [one, other, restored]) made.do(ofAll(false));
    expect([...restored.engine.administration.symbolsOff.keys()]).toEqual([0, 1]);
    expect(outcomes(restored, buy(9, 1, 1), buy(9, 1, 1, { account: 3 }))).toEqual([
      [REFUSED],
      [-Reason.AccountSwitchedOff],
    ]);
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

test("a tenure says who its cluster is, also behind a snapshot; one that does not say leaves it unknown", () => {
  const desk = new Desk();
  const restored = () => {
    const engine = new ExchangeEngine();
    engine.restore(desk.snapshot(), desk.engine.position);
    expect(engine.administration).toEqual(desk.engine.administration);
    return engine.administration.cluster;
  };
  desk.do(say({ kind: "tenure", epoch: 1, who: "south", others: ["north", "west"] }));
  expect(restored()).toEqual(["north", "south", "west"]);
  const { length } = desk.snapshot();
  desk.do(say({ kind: "tenure", epoch: 2, who: "north", others: ["south"] }));
  expect(restored()).toEqual(["north", "south"]);
  desk.do(say({ kind: "tenure", epoch: 3, who: "north" }));
  expect(restored()).toEqual([]);
  // As the snapshots of before: no section where nothing is said.
  expect(length - desk.snapshot().length).toBe(16 + 3 * 16);
});

test.each<[string, readonly string[]]>([
  ["of one node", ["south"]],
  ["of four nodes", ["east", "north", "south", "west"]],
  ["without the node that leads", ["north", "west"]],
  ["out of order", ["south", "north"]],
  ["with a node twice", ["south", "south"]],
  ["with a node of no name", ["", "south"]],
])("a snapshot with a cluster %s is refused", (_, names) => {
  const desk = new Desk();
  desk.do(say({ kind: "tenure", epoch: 1, who: "south" }));
  const section = new Uint8Array(16 + 16 * names.length);
  section.set([11, 0, 0, 0, 16, 0, 0, 0, names.length]);
  section.set(new TextEncoder().encode(names.map((name) => name.padEnd(16, "\0")).join("")), 16);
  const bytes = Buffer.concat([desk.snapshot(), section]);
  expect(() => new ExchangeEngine().restore(bytes, 1)).toThrow("a cluster that no tenure names");
});

test("a promotion without a tenure says nothing: its state could not be restored", () => {
  const desk = new Desk();
  desk.do(say({ kind: "promotion", who: "eve" }));
  const restored = new ExchangeEngine();
  restored.restore(desk.snapshot(), desk.engine.position);
  expect(restored.administration.promotedBy).toBe("");
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
