// Sessions in the engine's state, what becomes of an account's orders when one ends, and mass cancels: commands, and
// exactly what follows from them.

import { describe, expect, test } from "vitest";
import { MASS_CANCEL_MAX } from "../../src/engine/bulk-cancel.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { SESSIONS_OF_ACCOUNT_MAX } from "../../src/engine/sessions.ts";
import {
  ALL_SYMBOLS,
  BOTH_SIDES,
  CancelCause,
  CommandKind,
  CommandWord,
  EventFlag,
  EventKind,
  Reason,
  readReport,
  type SessionEndCause,
  SessionFlag,
  Side,
  writeAdminCommand,
  writeMassCancel,
  writeSessionCommand,
} from "../../src/protocol/index.ts";
import { buy, cancel, from, modify, once, sell } from "./orders.ts";
import { Desk, hexOf, snapshotOf, type Write } from "./support.ts";

const { CancelOnDisconnect: COD } = SessionFlag;
const MINE = { account: 1 };

interface Opened {
  readonly account?: number;
  readonly who?: string;
  readonly instance?: number;
  readonly flags?: number;
  readonly deadMan_ms?: number;
}

const open = (session: bigint, opened: Opened = {}): Write => {
  const { account = 1, who = "ann", instance = 0, flags = 0, deadMan_ms = 0 } = opened;
  return (words) =>
    writeSessionCommand(words, 0, {
      ...{ kind: "session_open", account, session, who, instance, flags, deadMan_ms },
    });
};
const end = (session: bigint, cause: SessionEndCause, account = 1): Write => {
  return (words) => writeSessionCommand(words, 0, { kind: "session_end", account, session, cause });
};
/** Whose answers the reports of account 1 are. */
const answersOf = ({ engine }: Desk) => {
  const stream = engine.reports.of(1)!;
  return Array.from({ length: stream.next - stream.first }, (_, i) => {
    const { request, session } = readReport(stream.words(stream.first + i), stream.at(stream.first + i));
    return [request, session];
  });
};
const massCancel = (symbol = ALL_SYMBOLS, side: number = BOTH_SIDES, account = 1): Write => {
  return (words) => writeMassCancel(words, 0, account, symbol, side);
};

/** Orders of accounts 1 and 0 on two symbols and both sides; those of account 1 are numbered as they are cancelled. */
function busyDesk(...before: readonly Write[]): Desk {
  const desk = new Desk({ ordersMax: 40 }, ["S0", "S1"], 3);
  for (const write of before) desk.do(write);
  const orders = [
    sell(6, 203, 1, { ...MINE, symbol: 1 }),
    sell(4, 104, 5, MINE),
    buy(3, 99, 4, MINE),
    buy(20, 100, 9),
    buy(1, 100, 2, MINE),
    buy(2, 100, 3, MINE),
    sell(21, 104, 9),
    sell(5, 105, 6, MINE),
    buy(22, 150, 1, { symbol: 1 }),
  ];
  for (const write of orders) desk.do(write);
  return desk;
}

const idsOf = (desk: Desk, write: Write) => desk.do(write).map(({ orderId }) => Number(orderId));
const sessionsOf = ({ engine }: Desk) =>
  Array.from(engine.sessions, ({ account, who, instance, sessionLow, isSilent }) => {
    return `${account} ${who} ${instance} #${sessionLow}${isSilent ? " silent" : ""}`;
  });
function ownIds({ engine }: Desk, account = 1, symbol = ALL_SYMBOLS): number[] {
  const ids: number[] = [];
  expect(engine.forEachOwnOrder(account, symbol, 100, ({ idLow }) => ids.push(idLow))).toBe(true);
  return ids.sort((a, b) => a - b);
}

test("what the end of a session cancels is nobody's answer", () => {
  const desk = new Desk();
  desk.do(open(7n, { flags: COD }));
  desk.do(from(7, 12, buy(1, 100, 2, MINE)));
  desk.do(end(7n, "disconnected"));
  expect(answersOf(desk)).toEqual([
    [12n, 7n],
    [0n, 0n],
  ]);
});

describe("a mass cancel", () => {
  const cases: [name: string, symbol: number, side: number, ids: number[]][] = [
    ["of everything", ALL_SYMBOLS, BOTH_SIDES, [1, 2, 3, 4, 5, 6]],
    ["of a symbol", 0, BOTH_SIDES, [1, 2, 3, 4, 5]],
    ["of the bids", ALL_SYMBOLS, Side.Buy, [1, 2, 3]],
    ["of the asks", ALL_SYMBOLS, Side.Sell, [4, 5, 6]],
    ["of one side of a symbol", 0, Side.Sell, [4, 5]],
    ["of a side where nothing rests", 1, Side.Buy, []],
  ];
  for (const [where, before] of [
    ["with a session", [open(7n)]],
    ["without one", []],
  ] as const) {
    test.each(cases)(`%s, ${where}: its own event, then a cancel per order`, (_name, symbol, side, ids) => {
      const desk = busyDesk(...before);
      const [first, ...cancels] = desk.do(massCancel(symbol, side));
      const last = (isLast: boolean) => (isLast ? EventFlag.Last : 0);
      expect(first).toMatchObject({
        ...{ kind: EventKind.MassCancel, command: CommandKind.MassCancel, flags: last(ids.length === 0) },
        ...{ symbol, side, account: 1, orderId: 0n, quantity: ids.length, sequence: 10 },
      });
      expect(cancels.map(({ orderId }) => Number(orderId))).toEqual(ids);
      cancels.forEach((event, i) => {
        expect(event).toMatchObject({
          ...{ kind: EventKind.Cancel, reason: CancelCause.MassCancel, account: 1, sequence: 11 + i },
          ...{ symbol: ids[i] === 6 ? 1 : 0, quantity: [0, 2, 3, 4, 5, 6, 1][ids[i]] },
          flags: last(i === ids.length - 1),
        });
      });
      expect(desk.engine.restingOrders).toBe(9 - ids.length);
    });
  }

  test("of a symbol or side that there is not is refused", () => {
    const desk = busyDesk();
    expect(desk.one(massCancel(2)).reason).toBe(Reason.UnknownSymbol);
    expect(desk.one(massCancel(0, 3)).reason).toBe(Reason.InvalidSide);
    expect(desk.engine.restingOrders).toBe(9);
  });

  test("of more orders than its account's stream can tell of is refused, and changes nothing", () => {
    const desk = new Desk({ ordersMax: MASS_CANCEL_MAX + 2 }, ["S0"], 3);
    desk.do(open(7n));
    desk.do(sell(0, 200, 1, MINE));
    desk.do(buy(1, 100, 1, MINE));
    desk.fill(MASS_CANCEL_MAX - 1, (words, i) => {
      words[CommandWord.orderIdLow] = i + 2;
    });
    expect(desk.one(massCancel()).reason).toBe(Reason.AnswerTooLarge);
    expect(desk.engine.restingOrders).toBe(MASS_CANCEL_MAX + 1);
    const { next } = desk.engine.reports.of(1)!;
    expect(desk.do(massCancel(0, Side.Buy))).toHaveLength(1 + MASS_CANCEL_MAX);
    expect(desk.engine.reports.of(1)!.first).toBeLessThan(next);
  });

  test("passes while everything is halted and switched off", () => {
    const desk = busyDesk();
    desk.do((words) => writeAdminCommand(words, 0, { kind: "halt", who: "ann" }));
    expect(desk.do(massCancel())).toHaveLength(7);
  });

  test("with a number that is used once is executed once, also when nothing rests", () => {
    const desk = busyDesk();
    expect(desk.do(once(5, massCancel(0)))).toHaveLength(6);
    desk.do(buy(30, 90, 1, MINE));
    expect(desk.one(once(5, massCancel(0)))).toMatchObject({ kind: EventKind.Repeat, sequence: 10 });
    expect(desk.one(once(5, massCancel(1))).reason).toBe(Reason.RequestReused);
    expect(desk.one(once(5, massCancel(0, Side.Buy))).reason).toBe(Reason.RequestReused);
    expect(desk.one(once(6, massCancel(1, Side.Buy)))).toMatchObject({ kind: EventKind.MassCancel });
    const restored = new ExchangeEngine();
    restored.restore(desk.snapshot(), desk.engine.position);
    expect(hexOf(snapshotOf(restored))).toBe(hexOf(desk.snapshot()));
  });
});

describe("a session that ends", () => {
  const EVERY = [1, 2, 3, 4, 5, 6];
  const cases: [name: string, opened: Opened, cause: SessionEndCause, ids: number[], left: string[]][] = [
    ["by a logout", { flags: COD, deadMan_ms: 5 }, "logout", [], []],
    ["by its connection", {}, "disconnected", [], []],
    ["by its connection, with cancel on disconnect", { flags: COD }, "disconnected", EVERY, []],
    ["by its node, with cancel on disconnect", { flags: COD }, "node_lost", EVERY, []],
    ["by its connection, with a dead man", { deadMan_ms: 5 }, "disconnected", [], ["1 ann 0 #7 silent"]],
    ["by its node, with both", { flags: COD, deadMan_ms: 5 }, "node_lost", EVERY, ["1 ann 0 #7 silent"]],
    ["by its dead man", { deadMan_ms: 5 }, "dead_man", EVERY, []],
  ];
  test.each(cases)("%s", (_name, opened, cause, ids, left) => {
    const desk = busyDesk(open(7n, opened));
    const events = desk.do(end(7n, cause), 1_000_000);
    expect(events.map(({ orderId }) => Number(orderId))).toEqual(ids);
    const reason = cause === "dead_man" ? CancelCause.DeadMan : CancelCause.Disconnected;
    for (const event of events)
      expect(event).toMatchObject({ kind: EventKind.Cancel, reason, command: CommandKind.SessionEnd });
    if (ids.length > 0) expect(events.at(-1)?.flags).toBe(EventFlag.Last);
    expect(sessionsOf(desk)).toEqual(left);
    expect(desk.engine.restingOrders).toBe(9 - ids.length);
  });

  test("and falls silent is ended by its dead man alone or by coming back", () => {
    const desk = busyDesk(open(7n, { flags: COD, deadMan_ms: 5 }));
    desk.do(end(7n, "disconnected"), 1_000_000);
    desk.do(buy(30, 90, 1, MINE), 2_000_000);
    expect([...desk.engine.sessions]).toMatchObject([{ isSilent: true }]);
    expect(desk.do(end(7n, "node_lost"), 3_000_000)).toEqual([]);
    expect([...desk.engine.sessions]).toMatchObject([{ isSilent: true }]);
    desk.do(open(8n, { deadMan_ms: 6 }), 4_000_000);
    expect([...desk.engine.sessions]).toMatchObject([
      { sessionLow: 8, isSilent: false, deadMan_ms: 6, flags: 0 },
    ]);
    expect(desk.do(end(7n, "dead_man"))).toEqual([]);
    desk.do(end(8n, "disconnected"));
    expect(idsOf(desk, end(8n, "dead_man"))).toEqual([30]);
    expect(sessionsOf(desk)).toEqual([]);
  });

  test("is not known: no such number, or of another account", () => {
    const desk = busyDesk(open(7n, { flags: COD }), open(2n ** 40n + 7n, { flags: COD, instance: 1 }));
    for (const write of [end(8n, "dead_man"), end(7n, "dead_man", 2), end(2n ** 41n + 7n, "disconnected")])
      expect(desk.do(write)).toEqual([]);
    expect(sessionsOf(desk)).toHaveLength(2);
    expect(idsOf(desk, end(2n ** 40n + 7n, "disconnected"))).toEqual(EVERY);
    expect(sessionsOf(desk)).toEqual(["1 ann 0 #7"]);
  });
});

describe("sessions of an account", () => {
  test("are one per key and instance, and one per connection", () => {
    const desk = new Desk();
    desk.do(open(1n));
    desk.do(open(2n, { instance: 1 }));
    desk.do(open(3n, { who: "bob" }));
    desk.do(open(4n));
    expect(sessionsOf(desk)).toEqual(["1 ann 0 #4", "1 ann 1 #2", "1 bob 0 #3"]);
    desk.do(open(2n, { who: "zoe" }));
    expect(sessionsOf(desk)).toEqual(["1 ann 0 #4", "1 bob 0 #3", "1 zoe 0 #2"]);
  });

  test("are at most 64, one that is replaced counts once, and another account has its own", () => {
    const desk = new Desk();
    for (let instance = 0; instance < SESSIONS_OF_ACCOUNT_MAX; instance++)
      expect(desk.do(open(BigInt(instance), { instance }))).toEqual([]);
    const refused = desk.one(open(99n, { instance: 99 }));
    expect(refused).toMatchObject({ reason: Reason.StorageExhausted, account: 1, sequence: 0 });
    expect(desk.do(open(99n, { instance: 3 }))).toEqual([]);
    expect(desk.do(open(99n, { account: 2 }))).toEqual([]);
    desk.do(end(99n, "logout"));
    expect(desk.do(open(100n, { instance: 99 }))).toEqual([]);
    expect(desk.one(open(100n, { account: 4 })).reason).toBe(Reason.NotAuthorised);
  });

  test("are refused to the 8,193rd account, and not to one that had one before", () => {
    const desk = new Desk({ accountsMax: 10_000 });
    for (let account = 0; account < 8_192; account++) desk.do(open(1n, { account }));
    desk.do(end(1n, "logout", 5));
    expect(desk.one(open(1n, { account: 9_000 })).reason).toBe(Reason.StorageExhausted);
    expect(desk.do(open(2n, { account: 5 }))).toEqual([]);
  });

  test("that no node of this version writes stop the engine", () => {
    const desk = new Desk();
    const odd: Write = (words) => {
      open(1n)(words);
      words[1] = 1;
    };
    expect(() => desk.do(odd)).toThrow("a session record is none of this version");
  });
});

describe("own orders", () => {
  test("of an account with a session are linked, those that rested before it too", () => {
    const desk = busyDesk();
    expect(ownIds(desk)).toEqual([]);
    desk.do(open(7n));
    expect(ownIds(desk)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(ownIds(desk, 1, 1)).toEqual([6]);
    expect(ownIds(desk, 0)).toEqual([]);
  });

  test("follow every end an order can have, and every change", () => {
    const desk = busyDesk(open(7n));
    desk.do(cancel(3, MINE));
    desk.do(modify(5, 106, 7, MINE));
    desk.do(modify(1, 100, 1, MINE));
    desk.do(modify(2, 0, 0, MINE));
    desk.do(buy(23, 104, 6));
    expect(ownIds(desk)).toEqual([1, 5, 6]);
    desk.do(modify(1, 104, 20, MINE));
    expect(ownIds(desk)).toEqual([1, 5, 6]);
    desk.do(modify(1, 106, 20, MINE));
    expect(ownIds(desk)).toEqual([1, 6]);
    expect(desk.engine.findOrder(1, 0, 1, 0)).toMatchObject({ side: Side.Buy, price: 106 });
    desk.do(end(7n, "logout"));
    desk.do(buy(40, 90, 1, MINE));
    expect(ownIds(desk)).toContain(40);
  });

  test("an order that loses its place in the queue is cancelled behind those that then stand before it", () => {
    const desk = new Desk();
    desk.do(open(7n));
    for (const id of [1, 2, 3]) desk.do(buy(id, 100, 5, MINE));
    desk.do(modify(1, 100, 6, MINE));
    desk.do(modify(2, 100, 4, MINE));
    expect(idsOf(desk, massCancel())).toEqual([0, 2, 3, 1]);
  });

  test("are visited up to a number, and that there are more is said", () => {
    const desk = busyDesk(open(7n));
    const { engine } = desk;
    let visited = 0;
    const visit = () => visited++;
    expect([engine.forEachOwnOrder(1, ALL_SYMBOLS, 5, visit), visited]).toEqual([false, 5]);
    visited = 0;
    expect([engine.forEachOwnOrder(1, ALL_SYMBOLS, 6, visit), visited]).toEqual([true, 6]);
  });

  test("are found by id, with what they have traded", () => {
    const desk = busyDesk(open(7n));
    desk.do(buy(30, 104, 2));
    expect(desk.engine.findOrder(1, 0, 4, 0)).toEqual({
      ...{ symbol: 0, idLow: 4, idHigh: 0, side: Side.Sell, price: 104, quantity: 3, filled: 2 },
    });
    for (const [account, symbol, id] of [
      [1, 0, 99],
      [0, 0, 4],
      [1, 1, 4],
    ])
      expect(desk.engine.findOrder(account, symbol, id, 0)).toBeUndefined();
  });

  test("are the same in an engine restored from a snapshot, which cancels them in the same order", () => {
    const desk = busyDesk(open(7n, { flags: COD }), open(8n, { account: 0, deadMan_ms: 9 }));
    desk.do(end(8n, "disconnected", 0), 5_000_000);
    desk.do(modify(1, 100, 9, MINE), 5_000_000);
    const restored = new Desk({}, ["S0", "S1"]);
    restored.engine.restore(desk.snapshot(), desk.engine.position);
    expect(hexOf(restored.snapshot())).toBe(hexOf(desk.snapshot()));
    expect(sessionsOf(restored).sort()).toEqual(sessionsOf(desk).sort());
    for (const account of [0, 1]) expect(ownIds(restored, account)).toEqual(ownIds(desk, account));
    const write = end(7n, "node_lost");
    expect(restored.do(write)).toEqual(desk.do(write));
    expect(hexOf(restored.snapshot())).toBe(hexOf(desk.snapshot()));
  });
});
