// The canonical snapshot: pinned bytes, the same state again, and everything that is not one refused.

import { expect, test } from "vitest";
import { SeriatimError, stateHash } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import {
  SnapshotAdministration,
  SnapshotCounters,
  SnapshotHeader,
  SnapshotInstrument,
  SnapshotOrder,
  SnapshotReportStream,
  SnapshotRequest,
  SnapshotSectionHeader,
  SnapshotSession,
  SnapshotSwitchedOff,
} from "../../src/engine/snapshot-layout.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import {
  type AdminCommand,
  EventKind,
  GenesisLayout,
  InstrumentLayout,
  Reason,
  type SessionCommand,
  SessionFlag,
  Side,
  writeAdminCommand,
  writeSessionCommand,
} from "../../src/protocol/index.ts";
import { buy, cancel, ioc, market, once, sell } from "./orders.ts";
import { Desk, hexOf, SNAPSHOT_AT, snapshotOf, snapshotPlaces } from "./support.ts";

/**
 * Two bids at one price, one behind them, one ask; one order of another account with an id above 2^32. Everything an
 * administrator or a node can say has been said, and the exchange is halted. Two requests have a number that is used once:
 * one was accepted, one refused. One session is connected and one silent; an account has a stream and no session any more.
 */
function smallDesk(): Desk {
  const desk = new Desk({}, ["EURUSD"]);
  desk.do(buy(1, 100, 5), 1_700_000_000_000_001);
  desk.do(buy(2 ** 32 + 2, 100, 7, { account: 3 }), 1_700_000_000_000_002);
  desk.do(buy(3, 99, 4), 1_700_000_000_000_003);
  desk.do(sell(4, 101, 9), 1_700_000_000_000_004);
  const session = { who: "ann", instance: 0x01020304, flags: SessionFlag.Once, deadMan_ms: 60_000 };
  const sessions: readonly SessionCommand[] = [
    { kind: "session_open", account: 3, session: 0x1112131415161718n, ...session },
    { kind: "session_open", account: 0, session: 7n, ...session },
    { kind: "session_open", account: 1, session: 8n, ...session },
    { kind: "session_end", account: 0, session: 7n, cause: "disconnected" },
    { kind: "session_end", account: 1, session: 8n, cause: "logout" },
  ];
  const said: readonly AdminCommand[] = [
    { kind: "tenure", epoch: 2, who: "node-a" },
    { kind: "ack_policy", policy: "disk+ram", who: "ops" },
    { kind: "forced_start", who: "ann" },
    { kind: "promotion", who: "eve" },
    { kind: "kill_switch", scope: "account", account: 2, on: true, who: "ops" },
    { kind: "kill_switch", scope: "account", account: 1, on: true, who: "ann" },
  ];
  for (const command of said) desk.do((words) => writeAdminCommand(words, 0, command));
  desk.do(once(7, ioc(5, Side.Sell, 100, 2)), 1_700_000_000_000_005);
  desk.do(once(2 ** 32 + 8, cancel(9, { account: 3 })), 1_700_000_000_000_005);
  desk.do(
    (words) => writeAdminCommand(words, 0, { kind: "halt", who: "0123456789abcdef" }),
    1_700_000_000_000_005,
  );
  for (const command of sessions)
    desk.do((words) => writeSessionCommand(words, 0, command), 1_700_000_000_000_005);
  return desk;
}

/** Header; then each section: its header, its records. An order takes two lines. */
const SMALL = `
  53455253 4e415000 01000000 00000000

  01000000 20000000 01000000 00000000
  06000000 00000000 01000000 00000000 05401e18 240a0600 00000000 00000000

  02000000 50000000 01000000 00000000
  01010000 00000000 e8030000 64000000 02000000 04000000 40420f00 00000000 01000000 02000000
  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000

  03000000 60000000 01000000 00000000
  02000600 00000000 45555255 53440000 00000000 00000000 01000000 00000000 01000000 00000000
  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
  00000000 00000000 00000000 00000000

  04000000 40000000 04000000 00000000
  01000000 00000000 64000000 00000000 03000000 00000000 00000000 00000000
  00000000 00000000 00000000 00000000 00000000 00000000 02000000 00000000
  02000000 01000000 64000000 00000000 07000000 03000000 00000000 00000000
  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
  03000000 00000000 63000000 00000000 04000000 00000000 00000000 00000000
  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
  04000000 00000000 65000000 00000000 09000000 00000000 00000000 01000000
  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000

  05000000 70000000 01000000 00000000
  02000000 00000000 6e6f6465 2d610000 00000000 00000000 6f707300 00000000 00000000 00000000
  30313233 34353637 38396162 63646566 616e6e00 00000000 00000000 00000000 65766500 00000000
  00000000 00000000 01000000 00000000 03010000 00000000 00000000 00000000

  06000000 18000000 02000000 00000000
  01000000 00000000 616e6e00 00000000 00000000 00000000
  02000000 00000000 6f707300 00000000 00000000 00000000

  07000000 38000000 02000000 00000000
  07000000 00000000 05000000 00000000 64000000 00000000 05000000 00000000
  00000000 00000000 02000000 10010001 00000000 00000000
  08000000 01000000 09000000 00000000 00000000 00000000 00000000 00000000
  03000000 00000000 00000000 11000000 08000000 00000000

  08000000 28000000 02000000 00000000
  00000000 04030201 616e6e00 00000000 00000000 00000000 07000000 00000000
  60ea0000 04010000
  03000000 04030201 616e6e00 00000000 00000000 00000000 18171615 14131211
  60ea0000 04000000

  09000000 18000000 03000000 00000000
  00000000 00000000 01000000 00000000 01000000 00000000
  01000000 00000000 01000000 00000000 01000000 00000000
  03000000 00000000 01000000 00000000 01000000 00000000

  0a000000 60000000 00000000 00000000`;
const HASH = "108e5892111d275947e0e03a35e40f5ee1b8c30668ec328df2bc47b911df3328";

/** What stands behind the requests of an exchange without sessions. */
const TAIL_BYTES = 3 * SnapshotSectionHeader.bytes;
/** What stands behind the orders of an exchange without kill switches, numbered requests and sessions. */
const ADMINISTRATION_BYTES = 3 * SnapshotSectionHeader.bytes + SnapshotAdministration.bytes + TAIL_BYTES;

/** Where records begin in the small snapshot. */
const { counters: COUNTERS, genesis: GENESIS, firstInstrument: INSTRUMENT, firstOrder: ORDER } = SNAPSHOT_AT;
const ADMIN = ORDER + 4 * SnapshotOrder.bytes + SnapshotSectionHeader.bytes;
const SWITCHED_OFF = ADMIN + SnapshotAdministration.bytes + SnapshotSectionHeader.bytes;
const SECOND_OFF = SWITCHED_OFF + SnapshotSwitchedOff.bytes;
const REQUEST = SECOND_OFF + SnapshotSwitchedOff.bytes + SnapshotSectionHeader.bytes;
const SECOND_REQUEST = REQUEST + SnapshotRequest.bytes;
const SESSION = SECOND_REQUEST + SnapshotRequest.bytes + SnapshotSectionHeader.bytes;
const SECOND_SESSION = SESSION + SnapshotSession.bytes;
const STREAM = SECOND_SESSION + SnapshotSession.bytes + SnapshotSectionHeader.bytes;
const THIRD_STREAM = STREAM + 2 * SnapshotReportStream.bytes;
const FIRST_ASK = ORDER + 3 * SnapshotOrder.bytes;
/** Section headers stand directly before their records. */
const headOf = (records: number): number => records - SnapshotSectionHeader.bytes;

test("a small state is written as exactly the pinned bytes, and hashed as pinned", () => {
  const desk = smallDesk();
  expect(hexOf(desk.snapshot())).toBe(SMALL.replaceAll(/\s/g, ""));
  expect(hexOf(stateHash(desk.engine, new NativeChecksums()))).toBe(HASH);
});

test("a restored state has the same snapshot, counters, levels and queue order", () => {
  const desk = smallDesk();
  const restored = new Desk();
  restored.engine.restore(desk.snapshot(), desk.engine.position);
  expect(restored.snapshot()).toEqual(desk.snapshot());
  expect(restored.engine.book(0)).toEqual(desk.engine.book(0));
  expect([restored.engine.sequence, restored.engine.trades, restored.engine.restingOrders]).toEqual([
    6, 1, 4,
  ]);
  expect(restored.engine.administration).toEqual(desk.engine.administration);
  expect(restored.one(market(9, Side.Sell, 14)).reason).toBe(Reason.TradingHalted);
  restored.do((words) => writeAdminCommand(words, 0, { kind: "resume", who: "ann" }));
  expect(restored.one(market(9, Side.Sell, 1, { account: 1 })).reason).toBe(Reason.AccountSwitchedOff);
  const makers = restored.do(market(9, Side.Sell, 14)).filter((event) => event.kind === EventKind.Trade);
  expect(makers.map((event) => [event.makerId, event.makerAccount, event.price, event.quantity])).toEqual([
    [1n, 0, 100, 3],
    [2n ** 32n + 2n, 3, 100, 7],
    [3n, 0, 99, 4],
  ]);
});

test("a snapshot is read from any place in a larger buffer", () => {
  const bytes = smallDesk().snapshot();
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 3);
  const engine = new ExchangeEngine();
  engine.restore(larger.subarray(3), POSITION);
  expect(snapshotOf(engine)).toEqual(bytes);
});

test("a snapshot is read from a Buffer, whose slices are no copies", () => {
  const bytes = Buffer.from(smallDesk().snapshot());
  const engine = new ExchangeEngine();
  engine.restore(bytes, POSITION);
  expect(hexOf(snapshotOf(engine))).toBe(bytes.toString("hex"));
});

test("a snapshot larger than one piece is restored to the last byte", () => {
  const desk = new Desk({ ordersMax: 6000, maxNotional: Number.MAX_SAFE_INTEGER }, ["S0", "S1"]);
  for (let id = 0; id < 6000; id++) {
    const place = { symbol: id & 1, account: id % 4 };
    desk.do(id % 3 === 0 ? buy(id, 1000 - (id % 50), 1, place) : sell(id, 2000 + (id % 70) * 1000, 1, place));
  }
  const bytes = desk.snapshot();
  expect(bytes.length).toBe(snapshotPlaces(2).firstOrder + 6000 * SnapshotOrder.bytes + ADMINISTRATION_BYTES);
  const engine = new ExchangeEngine();
  engine.restore(bytes, desk.engine.position);
  expect(Buffer.compare(snapshotOf(engine), bytes)).toBe(0);
});

const UNKNOWN = "with something that this version does not know";
const SIZE = SnapshotSectionHeader.recordBytes;
const RECORDS = SnapshotSectionHeader.records;

/** Each damage sets bytes of the small snapshot; the refusal must say this. */
const DAMAGES: readonly [name: string, at: number, bytes: readonly number[], says: string][] = [
  ["a wrong magic", 0, [0], "offset 0: not a snapshot"],
  ["a wrong end of the magic", 7, [1], "offset 0: not a snapshot"],
  ["a version of the future", SnapshotHeader.version, [2], "version 2 is not supported"],
  ["something else in the header", SnapshotHeader.reserved, [1], `offset 12: a header ${UNKNOWN}`],

  ["a section of the future", headOf(COUNTERS), [99], "offset 16: section 99 is not known to this version"],
  ["a section out of its place", headOf(INSTRUMENT), [4], "section 4 where section 3 should stand"],
  [
    "larger counters",
    headOf(COUNTERS) + SIZE,
    [40],
    "section 1 has records of 40 bytes, this version's have 32",
  ],
  ["larger orders", headOf(ORDER) + SIZE, [72], "section 4 has records of 72 bytes, this version's have 64"],
  ["no counters", headOf(COUNTERS) + RECORDS, [0], "section 1 has 0 records instead of one"],
  ["two geneses", headOf(GENESIS) + RECORDS, [2], "section 2 has 2 records instead of one"],
  ["more symbols than allowed", headOf(INSTRUMENT) + RECORDS, [3], "3 symbols, at most 2 are allowed"],
  ["2^40 symbols", headOf(INSTRUMENT) + RECORDS + 5, [1], "ends inside section 3 of"],
  ["more orders than there are", headOf(ORDER) + RECORDS, [99], "ends inside section 4 of 99 records"],
  ["fewer orders than there are", headOf(ORDER) + RECORDS, [3], "section 4 where section 5 should stand"],

  ["a sequence of 2^53", COUNTERS + SnapshotCounters.sequence + 6, [0x20], "a sequence above 2^53-1"],
  ["2^53 trades", COUNTERS + SnapshotCounters.trades + 6, [0x20], "a number of trades above 2^53-1"],
  ["a timestamp of 2^63", COUNTERS + SnapshotCounters.timestamp_us + 7, [0x80], "a timestamp above 2^53-1"],
  ["another counter", COUNTERS + SnapshotCounters.reserved, [1], `offset 56: counters ${UNKNOWN}`],

  ["a genesis of another kind", GENESIS + GenesisLayout.kind, [2], "offset 80: not a genesis record"],
  ["a genesis of another version", GENESIS + GenesisLayout.version, [2], "not a genesis record"],
  ["a genesis with reserved bytes", GENESIS + GenesisLayout.unused, [1], "not a genesis record"],
  ["a genesis with a time", GENESIS + GenesisLayout.timestamp_us, [1], "not a genesis record"],
  ["a genesis with instruments", GENESIS + GenesisLayout.instruments, [1], "not a genesis record"],
  ["room for no order", GENESIS + GenesisLayout.ordersMax, [0], "not a genesis record"],
  ["room for 2^31 orders", GENESIS + GenesisLayout.ordersMax + 3, [0x80], "not a genesis record"],
  ["room for 2^31 symbols", GENESIS + GenesisLayout.symbolsMax + 3, [0x80], "not a genesis record"],
  ["a largest notional of 2^53", GENESIS + GenesisLayout.maxNotional + 6, [0x20], "not a genesis record"],
  [
    "room for fewer orders than there are",
    GENESIS + GenesisLayout.ordersMax,
    [3],
    "4 orders, at most 3 are allowed",
  ],

  ["an instrument of another kind", INSTRUMENT, [3], "offset 176: not an instrument record"],
  ["an instrument without a name", INSTRUMENT + InstrumentLayout.nameLength, [0], "not an instrument record"],
  ["a name that is too long", INSTRUMENT + InstrumentLayout.nameLength, [17], "not an instrument record"],
  ["a name that is no UTF-8", INSTRUMENT + InstrumentLayout.name, [0xff], "not an instrument record"],
  ["19 decimals", INSTRUMENT + InstrumentLayout.priceDecimals, [19], "not an instrument record"],
  ["a tick of 2^63", INSTRUMENT + InstrumentLayout.tick + 7, [0x80], "not an instrument record"],
  ["an instrument with a time", INSTRUMENT + InstrumentLayout.timestamp_us, [1], "not an instrument record"],
  ["a halted instrument", INSTRUMENT + SnapshotInstrument.status, [1], `an instrument ${UNKNOWN}`],
  ["an auction", INSTRUMENT + SnapshotInstrument.phase, [1], `an instrument ${UNKNOWN}`],

  ["a price of 0", ORDER + SnapshotOrder.price, [0], "offset 288: an order with an impossible price"],
  ["a price of 2^53", ORDER + SnapshotOrder.price + 6, [0x20], "an order with an impossible price"],
  ["a negative price", ORDER + SnapshotOrder.price + 7, [0x80], "an order with an impossible price"],
  ["a quantity of 0", ORDER + SnapshotOrder.quantity, [0], "an order with an impossible price"],
  ["an account that is not", ORDER + SnapshotOrder.account, [4], "an order of account 4, of 4 accounts"],
  [
    "a symbol that is not",
    ORDER + SnapshotOrder.symbol,
    [1],
    "an order of symbol 1, which is not registered",
  ],
  ["a side that is not", ORDER + SnapshotOrder.side, [2], "an order of side 2"],
  ["an order of another type", ORDER + SnapshotOrder.orderType, [2], `an order ${UNKNOWN}`],
  ["an order with a flag", ORDER + SnapshotOrder.flags + 3, [0x80], `an order ${UNKNOWN}`],
  ["an iceberg", ORDER + SnapshotOrder.displayQuantity, [1], `an order ${UNKNOWN}`],
  ["a stop", ORDER + SnapshotOrder.triggerPrice, [1], `an order ${UNKNOWN}`],
  ["an order that ends", ORDER + SnapshotOrder.expires_s, [1], `an order ${UNKNOWN}`],
  ["a better bid behind a worse", ORDER + SnapshotOrder.price, [98], "better than the one before"],
  ["an ask that says it is a bid", FIRST_ASK + SnapshotOrder.side, [0], "better than the one before"],
  ["a bid behind an ask", ORDER + SnapshotOrder.side, [1], "behind those of a later side or symbol"],
  ["an ask at the best bid", FIRST_ASK + SnapshotOrder.price, [100], "an ask that crosses the best bid"],
  ["an ask below the best bid", FIRST_ASK + SnapshotOrder.price, [1], "an ask that crosses the best bid"],
  ["the same order twice", ORDER + 2 * SnapshotOrder.bytes, [1], "the same order twice"],

  ["an epoch of 2^53", ADMIN + SnapshotAdministration.epoch + 6, [0x20], "a tenure's epoch above 2^53-1"],
  ["a node without an epoch", ADMIN + SnapshotAdministration.epoch, [0], "a node and its name that don't"],
  ["a node's name with a gap", ADMIN + SnapshotAdministration.node + 9, [65], "a node by a name that is no"],
  ["a node's name with a space", ADMIN + SnapshotAdministration.node, [32], "a node by a name that is no"],
  [
    "a policy of the future",
    ADMIN + SnapshotAdministration.ackPolicy,
    [5],
    "acknowledgement policy 5, which",
  ],
  ["a name of no policy", ADMIN + SnapshotAdministration.ackPolicy, [0], "a policy and its name that don't"],
  ["more than halted", ADMIN + SnapshotAdministration.halted, [2], "a halt that no writer makes"],
  ["a forced start less", ADMIN + SnapshotAdministration.forcedStarts, [0], "a forced start and its name"],
  ["something else decided", ADMIN + SnapshotAdministration.reserved, [1], `an administration ${UNKNOWN}`],
  ["65,537 kill switches", headOf(SWITCHED_OFF) + RECORDS, [1, 0, 1], "ends inside section 6 of"],
  ["a kill switch that is not there", SECOND_OFF, [4], "a kill switch of account 4, of 4 accounts"],
  ["kill switches out of order", SECOND_OFF, [0], "a kill switch behind that of a later account"],
  ["a switch of an unknown symbol", SECOND_OFF + SnapshotSwitchedOff.scope, [1], "a kill switch of symbol 2"],
  ["a switch of all with a number", SECOND_OFF + SnapshotSwitchedOff.scope, [2], "scope 2 and number 2"],
  ["a switch of another scope", SECOND_OFF + SnapshotSwitchedOff.scope, [3], "a kill switch of scope 3"],
  ["the same kill switch twice", SECOND_OFF, [1], "a kill switch behind that of a later account"],
  ["a kill switch of nobody", SECOND_OFF + SnapshotSwitchedOff.by, [0, 0, 0], "a kill switch and its name"],
  ["a kill switch and more", SECOND_OFF + SnapshotSwitchedOff.reserved, [1], `a kill switch ${UNKNOWN}`],
  [
    "a request of nobody's",
    SECOND_REQUEST + SnapshotRequest.account,
    [4],
    "a request of account 4, of 4 acc",
  ],
  ["a request of no trader's", REQUEST + SnapshotRequest.kind, [8], "a request of kind 8"],
  ["a request that was not answered", REQUEST + SnapshotRequest.sequence, [0], "an answer that no engine"],
  ["a request answered by the future", REQUEST + SnapshotRequest.sequence, [7], "an answer that no engine"],
  ["a request answered twice", REQUEST + SnapshotRequest.reason, [8], "an answer that no engine"],
  ["an unknown refusal", SECOND_REQUEST + SnapshotRequest.reason, [99], "an answer that no engine"],
  ["a request and more", REQUEST + SnapshotRequest.reserved + 6, [1], `a request ${UNKNOWN}`],
  ["a session of nobody", SESSION + SnapshotSession.who, [0, 0, 0], "a session that no writer makes"],
  ["a flag of the future", SESSION + SnapshotSession.flags, [8], "a session that no writer makes"],
  ["more than silent", SESSION + SnapshotSession.silent, [2], "a session that no writer makes"],
  ["silent without a dead man", SESSION + SnapshotSession.deadMan_ms, [0, 0], "a session that no writer"],
  ["a session and more", SESSION + SnapshotSession.reserved, [1], `a session ${UNKNOWN}`],
  ["sessions out of order", SESSION + SnapshotSession.account, [3, 0, 0, 0, 5], "a session behind a later"],
  ["the same session twice", SESSION + SnapshotSession.account, [3], "or the same session twice"],
  ["a session without a stream", SECOND_SESSION + SnapshotSession.account, [2], "account 2, which has no"],
  ["streams out of order", STREAM, [2], "a report stream behind that of a later account"],
  ["a stream of nobody's", THIRD_STREAM, [4], "a report stream of account 4, of 4 accounts"],
  ["a stream and more", STREAM + SnapshotReportStream.reserved, [1], `a stream ${UNKNOWN}`],
];

/** As good as any: no test here has reports. */
const POSITION = 1;

function messageOf(engine: ExchangeEngine, bytes: Uint8Array): string {
  try {
    engine.restore(bytes, POSITION);
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "SNAPSHOT_INVALID") return error.message;
    throw error;
  }
  return "restored";
}

test.each(DAMAGES)("%s is refused, and the engine's state stays what it was", (_name, at, damage, says) => {
  const desk = smallDesk();
  const before = desk.snapshot();
  const bytes = before.slice();
  bytes.set(damage, at);
  expect(messageOf(desk.engine, bytes)).toContain(says);
  expect(desk.snapshot()).toEqual(before);
});

test("a snapshot cut short at any byte is refused, and so is one with a byte more", () => {
  const desk = smallDesk();
  const bytes = desk.snapshot();
  for (let length = 0; length < bytes.length; length++)
    expect(messageOf(desk.engine, bytes.subarray(0, length))).toMatch(/: ends inside (the|section)/);
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  expect(messageOf(desk.engine, longer)).toBe(
    `snapshot, offset ${bytes.length}: bytes after the last section`,
  );
  expect(desk.snapshot()).toEqual(bytes);
});

test("a section behind those known is refused by its kind, also an empty one", () => {
  const bytes = smallDesk().snapshot();
  const longer = new Uint8Array(bytes.length + SnapshotSectionHeader.bytes);
  longer.set(bytes);
  longer[bytes.length] = 99;
  expect(messageOf(new ExchangeEngine(), longer)).toBe(
    `snapshot, offset ${bytes.length}: section 99 is not known to this version`,
  );
});

test("whatever byte is changed, what is restored is canonical: written again it is the same bytes", () => {
  const bytes = smallDesk().snapshot();
  // The capacity is left out: many of its values are good, and each would be allocated.
  const capacity = GENESIS + GenesisLayout.ordersMax;
  let restored = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (at >= capacity && at < capacity + 4) continue;
    for (const bit of [1, 0x40, 0x80]) {
      const damaged = bytes.slice();
      damaged[at] ^= bit;
      const engine = new ExchangeEngine();
      if (messageOf(engine, damaged) !== "restored") continue;
      restored++;
      expect(hexOf(snapshotOf(engine)), `byte ${at} bit ${bit}`).toBe(hexOf(damaged));
    }
  }
  expect(restored).toBeGreaterThan(50);
});

/** Each changes one byte of the request at `place`, of those of accounts 1, 2 and 2, numbered 1, 1 and 2. */
test.each<[string, place: number, field: number, value: number, says: string]>([
  ["of a later account first", 0, SnapshotRequest.account, 3, "a request behind those of a later account"],
  ["of a higher number first", 1, SnapshotRequest.request, 3, "a request behind one with a higher number"],
  ["of one number twice", 2, SnapshotRequest.request, 1, "a request behind one with a higher number, or"],
])("requests %s are refused", (_name, place, field, value, says) => {
  const desk = new Desk();
  for (const [request, account] of [
    [1, 1],
    [1, 2],
    [2, 2],
  ])
    desk.do(once(request, cancel(1, { account })));
  const bytes = desk.snapshot();
  bytes[bytes.length - TAIL_BYTES + (place - 3) * SnapshotRequest.bytes + field] = value;
  expect(messageOf(new ExchangeEngine(), bytes)).toContain(says);
});

test("257 requests of one account are refused", () => {
  const desk = new Desk();
  for (let request = 1; request <= 256; request++) desk.do(once(request, cancel(1)));
  const bytes = desk.snapshot();
  const end = bytes.length - TAIL_BYTES;
  const longer = new Uint8Array(bytes.length + SnapshotRequest.bytes);
  longer.set(bytes);
  longer.copyWithin(end, end - SnapshotRequest.bytes);
  longer.set([1, 1], end + SnapshotRequest.request);
  const section = end - 256 * SnapshotRequest.bytes;
  longer.set([1, 1], headOf(section) + RECORDS);
  expect(messageOf(new ExchangeEngine(), longer)).toContain("more than 256 requests of account 0");
});

test("the same instrument twice is refused", () => {
  const bytes = new Desk({}, ["S0", "S1"]).snapshot();
  bytes[snapshotPlaces(2).firstInstrument + SnapshotInstrument.bytes + InstrumentLayout.name + 1] =
    "0".charCodeAt(0);
  expect(messageOf(new ExchangeEngine(), bytes)).toBe("snapshot, offset 272: the same instrument twice");
});

test("where price levels lie in memory never shows in the snapshot", () => {
  // One engine goes through a far market first, so that its window lies elsewhere and has moved.
  const plain = new Desk();
  const travelled = new Desk();
  for (let i = 0; i < 90; i++) travelled.do(buy(i + 10, 1 + i * 10, 1));
  for (let i = 0; i < 90; i++) travelled.do(ioc(1, Side.Sell, 1, 1));
  const travelledSnapshot = (): Uint8Array => {
    const bytes = travelled.snapshot();
    bytes.set(plain.snapshot().subarray(COUNTERS, COUNTERS + SnapshotCounters.bytes), COUNTERS);
    return bytes;
  };
  for (const desk of [plain, travelled]) {
    for (let i = 0; i < 20; i++)
      desk.do(i % 2 === 0 ? buy(i, 5000 - i * 100, 3) : sell(i, 6000 + i * 700, 2));
  }
  expect(hexOf(travelledSnapshot())).toBe(hexOf(plain.snapshot()));
});
