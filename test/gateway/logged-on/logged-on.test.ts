// Sessions with a logon, on an injected clock and a scripted exchange: what each gets, in which order, and how each ends.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { CloseCause } from "../../../src/base/index.ts";
import {
  ALL_SYMBOLS,
  BOTH_SIDES,
  CommandFlag,
  CommandKind,
  CommandWord,
  encodeModify,
  Reason,
  SessionFlag,
} from "../../../src/protocol/index.ts";
import {
  logon,
  logonRequest,
  logout,
  massCancel,
  openOrders,
  orderStatus,
  PROOF,
  type SessionVenueOptions,
  sessionVenue,
} from "../session-support.ts";
import { cancel, concat, frame, heartbeat, hello, instruments, order } from "../support.ts";

const [A, B, C] = [0, 1, 2];
const { CancelOnDisconnect, ReadOnly, Once } = SessionFlag;
const MS = 1_000;

let at: ReturnType<typeof sessionVenue>;
const renew = (options?: SessionVenueOptions) => {
  at = sessionVenue(options);
};
beforeEach(() => renew());

describe("logging on", () => {
  test("is answered when its place in the log is safe, and not before", () => {
    at.logOn(A);
    expect(at.sent(A)).toEqual(["Challenge 9"]);
    at.gateway.seal(1);
    expect(at.sent(A)).toEqual(["Challenge 9"]);
    at.gateway.release(1);
    expect(at.sent(A)).toEqual(["Challenge 9", "LogonAck 7 1..1"]);
    expect(at.exchange.log).toEqual(["open ann 7/0"]);
  });

  test.each([
    ["a wrong proof", logon({}, PROOF + 1), Reason.NotAuthorised],
    ["a name that no key has", logon({ name: "mallory" }), Reason.NotAuthorised],
    ["an account that the key does not name", logon({ account: 9 }), Reason.NotAuthorised],
    [
      "an account that the exchange has not",
      logon({ name: "bob", account: 4_000_000 }),
      Reason.NotAuthorised,
    ],
    [
      "a reader whose end would cancel",
      logon({ name: "eve", flags: CancelOnDisconnect }),
      Reason.NotAuthorised,
    ],
    ["a drop copy with a dead man", logon({ flags: ReadOnly, deadMan_ms: 1_000 }), Reason.NotAuthorised],
  ])("%s is refused, nothing is sequenced, and the connection ends", (_what, bytes, reason) => {
    at.open(A);
    at.gateway.received(A, concat(logonRequest(), bytes, order(1)));
    expect(at.sent(A)).toEqual(["Challenge 9", `LogonRefused ${reason}`]);
    expect(at.sink.commands).toEqual([]);
    expect(at.transport.closed).toEqual(new Set([A]));
    expect(at.closes()).toEqual({ LogonRefused: 1 });
  });

  test.each([
    ["a logon without a challenge", [logon()]],
    ["a second challenge", [logonRequest(), logonRequest()]],
    ["a logon behind an order", [order(1), logonRequest()]],
    ["a logon behind a Hello", [hello(1), logonRequest()]],
    ["a mass cancel without a logon", [massCancel(1, ALL_SYMBOLS, BOTH_SIDES)]],
    ["a Hello behind a logon", [logonRequest(), logon(), hello(7)]],
    ["a second logon", [logonRequest(), logon(), logon()]],
  ])("%s ends the connection as malformed", (_what, frames) => {
    at.open(A);
    at.gateway.received(A, concat(...frames));
    expect(at.closes()).toEqual({ Malformed: 1 });
  });

  test("what the exchange refuses is said when that is safe, and nothing behind the logon is taken", () => {
    at.exchange.refusal = Reason.StorageExhausted;
    at.open(A);
    at.gateway.received(A, concat(logonRequest(), logon(), order(1)));
    expect(at.sent(A)).toEqual(["Challenge 9"]);
    at.turn();
    expect(at.sent(A)).toEqual(["Challenge 9", `LogonRefused ${Reason.StorageExhausted}`]);
    expect(at.sink.commands).toHaveLength(1);
    expect(at.transport.closed).toEqual(new Set([A]));
  });

  test("a node that takes no orders takes no logon, and checks no signature", () => {
    at.gateway.refuseOrders(Reason.ShuttingDown);
    at.logOn(A);
    expect(at.sent(A)).toEqual(["Challenge 9", `LogonRefused ${Reason.ShuttingDown}`]);
    expect(at.keys.verified).toBe(0);
  });

  test("a logon waits for room in the ring, and its signature is checked once", () => {
    at.sink.room = 0;
    at.logOn(A);
    expect([at.gateway.stalled, at.keys.verified]).toEqual([1, 0]);
    at.sink.room = 1;
    at.gateway.resumeStalled();
    at.turn();
    expect(at.sent(A)).toEqual(["Challenge 9", "LogonAck 7 1..1"]);
    expect(at.keys.verified).toBe(1);
  });

  test("a key has as many sessions as it may, and a replaced one makes room for itself", () => {
    at.logOn(A, { name: "bob", account: 1 });
    at.logOn(B, { name: "bob", account: 2 });
    at.logOn(C, { name: "bob", account: 3 });
    expect(at.sent(C)).toEqual(["Challenge 9", `LogonRefused ${Reason.Throttled}`]);
    expect(at.closings.map(({ limit }) => limit)).toEqual(["sessions of its key"]);
    at.logOn(3, { name: "bob", account: 2 });
    at.turn();
    expect(at.sent(3)).toEqual(["Challenge 9", "LogonAck 2 1..1"]);
  });
});

test("however many read an account, who trades for it can log on; one reader that goes makes room", () => {
  const { logOn } = at;
  for (let instance = 0; instance < 32; instance++) logOn(instance, { name: "eve", instance });
  const [last, again, trader] = [32, 33, 34];
  logOn(last, { name: "eve", instance: 32 });
  expect(at.sent(last)).toEqual(["Challenge 9", `LogonRefused ${Reason.StorageExhausted}`]);
  logOn(again, { name: "eve", instance: 5 });
  logOn(trader);
  at.turn();
  for (const slot of [again, trader]) expect(at.sent(slot).at(-1)).toMatch(/^LogonAck 7 /);
  at.gateway.received(0, logout());
  logOn(35, { name: "eve", instance: 32 });
  at.turn();
  expect(at.sent(35).at(-1)).toMatch(/^LogonAck 7 /);
});

describe("requests", () => {
  test("are the account's, carry the session and the flags, and are answered by reports when safe", () => {
    at.logOn(A, { flags: Once });
    at.gateway.received(A, concat(order(11), cancel(11), massCancel(12, ALL_SYMBOLS, BOTH_SIDES)));
    const [open, first] = at.sink.commands;
    expect(first[CommandWord.account]).toBe(7);
    expect(first[CommandWord.flags]).toBe(CommandFlag.Once);
    expect(first[CommandWord.requestLow]).toBe(11);
    expect(first[CommandWord.answerLimit_fills]).toBe(65_000);
    expect(first[CommandWord.sessionHigh]).toBe(open[CommandWord.sessionHigh]);
    expect(at.sent(A)).toEqual(["Challenge 9"]);
    at.turn();
    expect(at.sent(A).slice(1)).toEqual([
      "LogonAck 7 1..1",
      ...["1: Accepted 11", "2: Accepted 11", "3: Accepted 0"],
    ]);
  });

  test("reports leave as far as the log is safe", () => {
    at.logOn(A);
    at.gateway.received(A, concat(order(1), order(2), order(3)));
    at.gateway.seal(4);
    at.gateway.release(3);
    expect(at.heard(A).slice(1)).toEqual(["LogonAck 7 1..1", "1: Accepted 1", "2: Accepted 2"]);
    at.gateway.release(4);
    expect(at.heard(A)).toEqual(["3: Accepted 3"]);
  });

  test("a reader's and a drop copy's orders are refused, its queries are answered", () => {
    for (const [connection, terms] of [
      [A, { name: "eve" }],
      [B, { flags: ReadOnly }],
    ] as const) {
      at.logOn(connection, terms);
      at.turn();
      at.heard(connection);
      at.gateway.received(connection, concat(order(5), massCancel(6, ALL_SYMBOLS, BOTH_SIDES)));
      at.gateway.received(connection, orderStatus(7, 1));
      expect(at.heard(connection)).toEqual([
        `Refused 5 ${Reason.NotAuthorised} type 1`,
        `Refused 6 ${Reason.NotAuthorised} type 29`,
        "OpenOrder 1 state 0 as of 0",
      ]);
    }
    expect(at.sink.commands).toHaveLength(2);
  });

  test("what the gateway refuses everybody is a Refused, also of a modify", () => {
    at.logOn(A);
    at.turn();
    at.heard(A);
    at.gateway.refuseOrders(Reason.DiskFull);
    at.gateway.received(
      A,
      frame((v, i) => encodeModify(v, i, 9, 0, 3, 0, 0, 1, 0, 1)),
    );
    expect(at.heard(A)).toEqual([`Refused 9 ${Reason.DiskFull} type 18`]);
  });

  test("heartbeats and instruments are answered, and the list has an end", () => {
    at.logOn(A);
    at.turn();
    at.heard(A);
    at.gateway.received(A, concat(heartbeat(4), instruments()));
    expect(at.heard(A)).toEqual(["HeartbeatAck 4", "Instrument S", "InstrumentsEnd 1"]);
  });

  test("an order that finds the ring full is taken when there is room, behind an end that waited", () => {
    at.logOn(A);
    at.logOn(B, { instance: 1, flags: CancelOnDisconnect });
    at.turn();
    at.sink.room = 0;
    at.gateway.received(A, order(1));
    at.gateway.closed(B, CloseCause.Broken);
    at.exchange.log.length = 0;
    at.sink.room = 9;
    at.gateway.resumeStalled();
    expect(at.exchange.log).toEqual(["end 7 disconnected", "16 1"]);
  });
});

describe("reports", () => {
  test("go to every session of the account, and to nobody else", () => {
    at.logOn(A);
    at.logOn(B, { name: "eve" });
    at.logOn(C, { name: "bob", account: 8 });
    at.exchange.more.set(1, [8]);
    at.gateway.received(A, order(1));
    at.turn();
    expect(at.heard(A)).toContain("1: Accepted 1");
    expect(at.heard(B)).toContain("1: Accepted 1");
    expect(at.heard(C).slice(2)).toEqual(["1: Traded 1"]);
  });

  test.each([
    ["from now on", 0, "4..4", []],
    ["from the first it has not seen", 3, "3..4", ["3: Accepted 3"]],
    ["from the beginning", 1, "1..4", ["1: Accepted 1", "2: Accepted 2", "3: Accepted 3"]],
    ["from a number that was never given", 9, "4..4 gap", []],
  ])("who comes back is told %s", (_what, next, range, reports) => {
    at.logOn(A);
    at.gateway.received(A, concat(order(1), order(2), order(3), logout()));
    at.turn();
    at.logOn(B, { next });
    at.turn();
    expect(at.sent(B).slice(1)).toEqual([`LogonAck 7 ${range}`, ...reports]);
  });

  test("who comes back for reports that are not kept is told of the gap", () => {
    at.logOn(A);
    at.gateway.received(A, concat(order(1), order(2), order(3), logout()));
    at.turn();
    const stream = at.exchange.streams.get(7);
    if (stream !== undefined) stream.first = 3;
    at.logOn(B, { next: 2 });
    at.turn();
    expect(at.sent(B).slice(1)).toEqual(["LogonAck 7 3..4 gap", "3: Accepted 3"]);
  });

  test("a slow reader is written pieces below a quarter of the soft mark, and everything in the end", () => {
    renew({ limits: { outputSoft_bytes: 40_000 } });
    at.logOn(A);
    at.logOn(B, { instance: 1 });
    at.turn();
    at.heard(B);
    at.transport.holding.add(B);
    for (let id = 1; id <= 2_000; id++) {
      at.gateway.received(A, order(id));
      at.turn();
    }
    let most = 0;
    let pieces = 0;
    const pending = () => 2_256_000 - at.gateway.pool.left_bytes;
    for (; at.transport.drain(B); pieces++) {
      most = Math.max(most, pending());
      at.gateway.drained(B);
    }
    expect(at.heard(B)).toHaveLength(2_000);
    expect(pieces).toBeGreaterThan(15);
    expect(at.closes()).toEqual({});
  });

  // Its pieces filled the output as often as it drained: nothing of it was read before it had caught up.
  test("a slow reader's requests are read, until it is half of what is kept behind", () => {
    renew({ limits: { outputSoft_bytes: 40_000 } });
    at.logOn(A);
    at.logOn(B, { instance: 1 });
    at.turn();
    at.transport.holding.add(B);
    at.exchange.more.set(1, Array(65_535).fill(7));
    at.gateway.received(A, order(1));
    at.turn();
    at.gateway.received(B, order(2));
    expect([at.exchange.log.at(-1), at.transport.paused.has(B)]).toEqual([
      `${CommandKind.NewOrder} 2`,
      false,
    ]);
    at.exchange.more.set(3, Array(200).fill(7));
    at.gateway.received(A, order(3));
    at.turn();
    expect(at.transport.paused.has(B)).toBe(true);
    const left = () => (at.exchange.streams.get(7)?.next ?? 0) - 1 - at.sent(B).length + 2;
    while (at.transport.paused.has(B) && at.transport.drain(B)) at.gateway.drained(B);
    expect(left()).toBeGreaterThan(32_600);
    expect(left()).toBeLessThan(32_900);
    expect(at.closes()).toEqual({});
  });

  test("a reader whose kernel takes everything is written a piece a turn", () => {
    renew({ limits: { outputSoft_bytes: 40_000 } });
    at.logOn(A);
    at.turn();
    at.heard(A);
    at.exchange.more.set(1, Array(1_000).fill(7));
    at.gateway.received(A, order(1));
    at.turn();
    expect(at.heard(A)).toHaveLength(101);
    for (let turns = 0; turns < 8; turns++) at.transport.turn();
    expect(at.heard(A)).toHaveLength(808);
    for (let turns = 0; turns < 2; turns++) at.transport.turn();
    expect(at.heard(A)).toHaveLength(92);
    expect(at.closes()).toEqual({});
  });

  test("a reader whose room is taken by what waits for the log asks for no turns, and goes on when it is safe", () => {
    renew({ limits: { outputSoft_bytes: 10_000 } });
    at.logOn(A);
    at.turn();
    at.heard(A);
    const rests = { idHigh: 0, symbol: 0, side: 0, price: 5, quantity: 3, filled: 0 } as const;
    for (let idLow = 0; idLow < 200; idLow++) at.exchange.open.push({ ...rests, idLow });
    at.gateway.received(A, order(1));
    at.gateway.seal(2);
    at.gateway.received(A, openOrders(1, ALL_SYMBOLS));
    at.gateway.release(1);
    at.gateway.drained(A);
    const turns = vi.spyOn(at.transport, "nextTurn");
    for (let turn = 0; turn < 20; turn++) at.transport.turn();
    expect(turns.mock.calls.length).toBeLessThan(2);
    at.gateway.release(2);
    at.transport.turn();
    const heard = at.heard(A);
    expect(heard).toContain("1: Accepted 1");
    expect(heard).toHaveLength(202);
  });

  test("a reader whose next report is not kept any more is closed", () => {
    renew({ limits: { outputSoft_bytes: 1_000 } });
    at.logOn(A);
    at.logOn(B, { instance: 1, flags: CancelOnDisconnect });
    at.turn();
    at.transport.holding.add(B);
    for (let id = 1; id <= 50; id++) at.gateway.received(A, order(id));
    at.turn();
    const stream = at.exchange.streams.get(7);
    if (stream !== undefined) stream.first = 45;
    at.transport.drain(B);
    at.gateway.drained(B);
    at.transport.drain(B);
    at.gateway.drained(B);
    expect(at.closes()).toEqual({ FellBehind: 1 });
    expect(at.exchange.log.at(-1)).toBe("end 7 disconnected");
    expect(at.transport.closed).toEqual(new Set([B]));
  });
});

describe("queries", () => {
  const own = (idLow: number) => ({
    ...{ idLow, idHigh: 0, symbol: 0, side: 0, price: 5, quantity: 3, filled: 1 },
  });

  test("are answered as of their moment, when that is safe", () => {
    at.logOn(A);
    at.exchange.open.push(own(1), own(2));
    at.turn();
    at.heard(A);
    at.gateway.received(A, concat(order(1), openOrders(5, ALL_SYMBOLS), order(2), orderStatus(6, 2)));
    expect(at.heard(A)).toEqual([]);
    at.turn();
    expect(at.heard(A)).toEqual([
      ...["1: Accepted 1", "2: Accepted 2"],
      ...["OpenOrder 1 state 1 as of 1", "OpenOrder 2 state 1 as of 1", "OpenOrdersEnd 2"],
      "OpenOrder 2 state 1 as of 2",
    ]);
    expect(at.sink.commands).toHaveLength(3);
  });

  test("are answered at once when nothing waits to become safe", () => {
    at.logOn(A);
    at.turn();
    at.heard(A);
    at.gateway.received(A, openOrders(5, ALL_SYMBOLS));
    expect(at.heard(A)).toEqual(["OpenOrdersEnd 0"]);
  });
});

describe("ends", () => {
  const openAndTrade = (terms = {}) => {
    at.logOn(A, terms);
    at.turn();
    at.gateway.received(A, order(1));
    at.exchange.log.length = 0;
  };

  test("a logout is answered by all there is, then the close; nothing behind it is taken", () => {
    openAndTrade({ flags: CancelOnDisconnect });
    at.gateway.received(A, concat(order(2), logout(), order(3)));
    expect(at.transport.closed.size).toBe(0);
    at.turn();
    expect(at.sent(A).slice(2)).toEqual(["1: Accepted 1", "2: Accepted 2", "LoggedOut 3"]);
    expect(at.transport.closed).toEqual(new Set([A]));
    expect(at.exchange.log).toEqual(["16 2", "end 7 logout"]);
    expect(at.closes()).toEqual({ LoggedOut: 1 });
  });

  test("LoggedOut is the last word, also behind lists that wait for their moment to be safe", () => {
    openAndTrade({});
    at.gateway.received(A, concat(order(2), openOrders(9, 0xffff_ffff), logout()));
    at.turn();
    const said = at.sent(A).slice(2);
    expect(said.at(-1)).toBe("LoggedOut 3");
    expect(said.filter((words) => words.startsWith("OpenOrdersEnd"))).toHaveLength(1);
    expect(at.transport.closed).toEqual(new Set([A]));
  });

  test("LoggedOut is the last word, also behind reports that find no room at first", () => {
    renew({ limits: { outputSoft_bytes: 1_000 } });
    at.logOn(A);
    at.turn();
    at.heard(A);
    at.transport.holding.add(A);
    for (let id = 1; id <= 50; id++) at.gateway.received(A, order(id));
    at.gateway.received(A, logout());
    at.turn();
    expect(at.transport.closed.size).toBe(0);
    while (at.transport.drain(A)) at.gateway.drained(A);
    const reports = Array.from({ length: 50 }, (_, i) => `${i + 1}: Accepted ${i + 1}`);
    expect(at.heard(A)).toEqual([...reports, "LoggedOut 51"]);
    expect(at.transport.closed).toEqual(new Set([A]));
  });

  test.each([
    ["half-closes", () => at.gateway.ended(A), { PeerEnded: 1 }],
    ["sends what is no request", () => at.gateway.received(A, new Uint8Array(16)), { Malformed: 1 }],
    ["is stopped with the node", () => void at.gateway.stop(), { Stopped: 1 }],
  ])("who %s gets all reports up to its end, then the close", (_what, act, closes) => {
    openAndTrade();
    act();
    expect(at.transport.closed.size).toBe(0);
    at.turn();
    expect(at.sent(A).slice(2)).toEqual(["1: Accepted 1"]);
    expect(at.transport.closed).toEqual(new Set([A]));
    expect(at.exchange.log).toEqual(["end 7 disconnected"]);
    expect(at.closes()).toEqual(closes);
  });

  test("who half-closes before its logon is safe gets the answer to it, then the close", () => {
    at.logOn(A);
    at.gateway.received(A, order(1));
    at.gateway.ended(A);
    at.turn();
    expect(at.sent(A).slice(1)).toEqual(["LogonAck 7 1..1", "1: Accepted 1"]);
    expect(at.transport.closed).toEqual(new Set([A]));
    expect(at.exchange.log).toEqual(["open ann 7/0", "16 1", "end 7 disconnected"]);
  });

  test("who is gone is ended in the log at once", () => {
    openAndTrade();
    at.gateway.closed(A, CloseCause.Broken);
    expect(at.exchange.log).toEqual(["end 7 disconnected"]);
    expect(at.closes()).toEqual({ Broken: 1 });
    at.turn();
  });

  test("an end that finds the ring full waits for room, and is given once", () => {
    openAndTrade();
    at.sink.room = 0;
    at.gateway.closed(A, CloseCause.Broken);
    at.gateway.tick(0);
    expect(at.exchange.log).toEqual([]);
    at.sink.room = 5;
    at.gateway.tick(1);
    at.gateway.tick(2);
    expect(at.exchange.log).toEqual(["end 7 disconnected"]);
  });

  test("the same session over another connection replaces the first, which is told and closed before", () => {
    openAndTrade();
    at.sink.room = 0;
    at.gateway.received(A, order(2));
    at.sink.room = 9;
    at.logOn(B, { next: 1 });
    at.gateway.resumeStalled();
    at.turn();
    expect(at.sent(A).at(-1)).toBe(`LogonRefused ${Reason.SessionReplaced}`);
    expect(at.closes()).toEqual({ Replaced: 1 });
    expect(at.transport.closed).toEqual(new Set([A]));
    // The order that waited was not executed, nor anything cancelled.
    expect(at.exchange.log).toEqual(["open ann 7/0"]);
    expect(at.sent(B).slice(1)).toEqual(["LogonAck 7 1..2", "1: Accepted 1"]);
    at.gateway.closed(A, CloseCause.Finished);
    expect(at.exchange.log).toEqual(["open ann 7/0"]);
  });

  test("sessions are counted while they are there", () => {
    at.logOn(A);
    at.logOn(B, { name: "bob", account: 9 });
    at.logOn(C, { next: 1 });
    at.gateway.closed(B, CloseCause.Broken);
    expect([at.gateway.counters.sessions, at.gateway.counters.logons]).toEqual([1, 3]);
  });

  test("another instance of the same key and account replaces nobody", () => {
    openAndTrade();
    at.logOn(B, { instance: 1 });
    at.turn();
    expect(at.closes()).toEqual({});
  });

  test("what the state says is connected when a node begins to serve is ended: its node is lost", () => {
    const session = { sessionLow: 3, sessionHigh: 1, account: 7, who: "ann", instance: 0 };
    at.exchange.sessions = [
      { ...session, deadMan_ms: 0, isSilent: false },
      { ...session, account: 8, deadMan_ms: 500, isSilent: false },
      { ...session, account: 9, deadMan_ms: 900, isSilent: true },
    ];
    at.gateway.begin();
    expect(at.exchange.log).toEqual(["end 7 node_lost", "end 8 node_lost"]);
    at.exchange.log.length = 0;
    at.gateway.tick(5_000_000);
    at.gateway.tick(5_400_000);
    expect(at.exchange.log).toEqual([]);
    at.gateway.tick(5_500_000);
    at.gateway.tick(5_900_000);
    expect(at.exchange.log).toEqual(["end 8 dead_man", "end 9 dead_man"]);
  });
});

describe("times", () => {
  const tickTo = (ms: number, from: number) => {
    for (let now = from; now <= ms; now += 100) at.gateway.tick(now * MS);
  };

  test("a session that hears nothing for its heartbeat is sent one, and one that hears something is not", () => {
    at.logOn(A, { heartbeat_ms: 1_000 });
    at.turn();
    at.heard(A);
    tickTo(900, 0);
    expect(at.heard(A)).toEqual([]);
    tickTo(1_000, 1_000);
    expect(at.heard(A)).toEqual(["ServerHeartbeat 1"]);
    at.gateway.received(A, order(1));
    at.turn();
    at.heard(A);
    tickTo(2_000, 1_100);
    expect(at.heard(A)).toEqual([]);
    tickTo(2_100, 2_100);
    expect(at.heard(A)).toEqual(["ServerHeartbeat 2"]);
  });

  test("who says nothing for two heartbeats is closed, and who says anything is not", () => {
    at.logOn(A, { heartbeat_ms: 1_000 });
    at.logOn(B, { heartbeat_ms: 1_000, instance: 1 });
    at.turn();
    tickTo(1_000, 0);
    at.gateway.received(B, heartbeat(1));
    tickTo(2_000, 1_100);
    expect(at.closes()).toEqual({ Idle: 1 });
    tickTo(3_100, 2_100);
    expect(at.closes()).toEqual({ Idle: 2 });
  });

  test("a dead man's time ends a connected session, and all is cancelled by the log", () => {
    at.logOn(A, { deadMan_ms: 700 });
    at.turn();
    tickTo(600, 0);
    expect(at.closes()).toEqual({});
    tickTo(700, 700);
    at.turn();
    expect(at.closes()).toEqual({ DeadMan: 1 });
    expect(at.exchange.log).toEqual(["open ann 7/0", "end 7 dead_man"]);
    expect(at.transport.closed).toEqual(new Set([A]));
  });

  test("a dead man's time goes on when the connection is gone, and ends with it once", () => {
    at.logOn(A, { deadMan_ms: 1_000 });
    at.turn();
    tickTo(300, 0);
    at.gateway.closed(A, CloseCause.Broken);
    tickTo(900, 400);
    expect(at.exchange.log).toEqual(["open ann 7/0", "end 7 disconnected"]);
    tickTo(3_000, 1_000);
    expect(at.exchange.log).toEqual(["open ann 7/0", "end 7 disconnected", "end 7 dead_man"]);
  });

  test("a deadline right behind the logon is counted from there, whatever the clock shows", () => {
    at.gateway.tick(50_000 * MS);
    at.logOn(A, { deadMan_ms: 1_000, heartbeat_ms: 5_000 });
    at.logOn(B, { heartbeat_ms: 500, instance: 1 });
    at.turn();
    tickTo(51_000, 50_100);
    expect(at.closes()).toEqual({});
    tickTo(51_100, 51_100);
    expect(at.closes()).toEqual({ DeadMan: 1, Idle: 1 });
  });

  test("a connection that is gone before the first tick has its dead man's whole time from there", () => {
    at.gateway.tick(50_000 * MS);
    at.logOn(A, { deadMan_ms: 1_000 });
    at.turn();
    at.gateway.closed(A, CloseCause.Broken);
    tickTo(51_000, 50_100);
    expect(at.exchange.log).toEqual(["open ann 7/0", "end 7 disconnected"]);
    tickTo(51_100, 51_100);
    expect(at.exchange.log.at(-1)).toBe("end 7 dead_man");
  });

  test("a word since the last tick before a connection ends counts as of the next", () => {
    at.logOn(A, { deadMan_ms: 1_000 });
    at.turn();
    tickTo(300, 0);
    at.gateway.received(A, heartbeat(1));
    at.gateway.closed(A, CloseCause.Broken);
    tickTo(1_300, 400);
    expect(at.exchange.log.at(-1)).toBe("end 7 disconnected");
    tickTo(1_400, 1_400);
    expect(at.exchange.log.at(-1)).toBe("end 7 dead_man");
  });

  test("who comes back in time, or has logged out, is not waited for", () => {
    at.logOn(A, { deadMan_ms: 1_000 });
    at.logOn(B, { deadMan_ms: 1_000, instance: 1 });
    at.turn();
    tickTo(300, 0);
    at.gateway.closed(A, CloseCause.Broken);
    at.gateway.received(B, logout());
    at.turn();
    at.logOn(C, {});
    at.turn();
    at.exchange.log.length = 0;
    tickTo(5_000, 400);
    expect(at.exchange.log).toEqual([]);
  });
});

describe("open mode", () => {
  test("an account that a trader's key names is closed to Hello, and to who names none", () => {
    renew({ reserved: [0, 7] });
    at.open(A, B, C);
    at.gateway.received(A, order(1));
    expect(at.sent(A)).toEqual([`Reject 1 ${Reason.NotAuthorised}`]);
    at.gateway.received(C, hello(7));
    expect(at.closes()).toEqual({ UnknownAccount: 1 });
    at.gateway.received(B, concat(hello(8), order(2)));
    expect(at.sink.commands.map((words) => words[0] & 0xff)).toEqual([CommandKind.NewOrder]);
  });

  test("switched off, requests before a logon are refused, and a Hello is not had", () => {
    renew({ openOrderEntry: false });
    at.open(A, B);
    at.gateway.received(A, concat(heartbeat(1), order(1)));
    expect(at.sent(A)).toEqual(["HeartbeatAck 1", `Reject 1 ${Reason.NotLoggedOn}`]);
    at.gateway.received(B, hello(8));
    expect(at.closes()).toEqual({ UnknownAccount: 1 });
    expect(at.sink.commands).toEqual([]);
    // A list is long, and nobody unproved has to be told it.
    at.open(C);
    at.gateway.received(C, instruments());
    expect([at.sent(C), at.closes()]).toEqual([[], { UnknownAccount: 1, Malformed: 1 }]);
  });
});
