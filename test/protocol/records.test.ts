// Command records: one of each kind as pinned bytes; and the tables of the record specifications hold the layouts.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  SnapshotAdministration,
  SnapshotClusterNode,
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
import {
  type AdminCommand,
  AdminLayout,
  ALL_SYMBOLS,
  BOTH_SIDES,
  COMMAND_BYTES,
  COMMAND_WORDS,
  CommandLayout,
  CommandWord,
  checkAdminCommand,
  checkSessionCommand,
  EVENT_BYTES,
  EventLayout,
  GenesisLayout,
  InstrumentLayout,
  type KillTarget,
  OrderType,
  REPORT_BYTES,
  ReportLayout,
  readCommand,
  readGenesis,
  readInstrument,
  readTimestamp,
  type SessionCommand,
  SessionEndLayout,
  SessionFlag,
  SessionOpenLayout,
  Side,
  TimeInForce,
  writeAdminCommand,
  writeCancel,
  writeGenesis,
  writeInstrument,
  writeMassCancel,
  writeModify,
  writeNewOrder,
  writeSessionCommand,
  writeTick,
  writeTimestamp,
} from "../../src/protocol/index.ts";

const GENESIS = {
  maxQuantity: 1_000_000,
  maxNotional: 2 ** 40 + 1,
  ordersMax: 1 << 20,
  symbolsMax: 1024,
  accountsMax: 16,
  indexSeed: [0x01020304, 0xf5f6f7f8],
} as const;
const INSTRUMENT = { name: "Ölpreis", priceDecimals: 2, tick: 5, lot: 100 };

/** Fields that the gateway adds to an order. */
function addRequest(words: Int32Array): void {
  words[CommandWord.answerLimit_fills] = 33;
  words[CommandWord.requestLow] = 7;
  words[CommandWord.requestHigh] = 8;
  words[CommandWord.sessionLow] = 9;
  words[CommandWord.sessionHigh] = 10;
}

const SESSION_OPEN: SessionCommand = {
  kind: "session_open",
  account: 0x01020304,
  session: 0x1112131415161718n,
  who: "ann",
  instance: 0x21222324,
  flags: SessionFlag.CancelOnDisconnect | SessionFlag.Once,
  deadMan_ms: 0x31323334,
};

const GOLDEN: readonly [name: string, write: (words: Int32Array) => void, hex: string][] = [
  [
    "Genesis",
    (words) => writeGenesis(words, 0, GENESIS, 3),
    `
      01010000 03000000 40420f00 00001000 00040000 10000000 01000000 00010000 04030201 f8f7f6f5
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "RegisterInstrument",
    (words) => writeInstrument(words, 0, INSTRUMENT),
    `
      02020800 00000000 c3966c70 72656973 00000000 00000000 05000000 00000000 64000000 00000000
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "Tick",
    (words) => writeTick(words, 0),
    `
      03000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "NewOrder, at a price below 0",
    (words) => {
      const { Sell } = Side;
      const ioc = TimeInForce.ImmediateOrCancel;
      writeNewOrder(words, 0, 3, 5, 0x11223344, 0x55667788, Sell, OrderType.Limit, ioc, -2, -1, 600);
      addRequest(words);
    },
    `
      10010001 00000000 03000000 05000000 44332211 88776655 feffffff ffffffff 58020000 21000000
      01401e18 240a0600 07000000 08000000 09000000 0a000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "Cancel",
    (words) => writeCancel(words, 0, 3, 5, 0x11223344, 0x55667788),
    `
      11000000 00000000 03000000 05000000 44332211 88776655 00000000 00000000 00000000 00000000
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "Modify",
    (words) => writeModify(words, 0, 3, 5, 0x11223344, 0x55667788, 0x64, 1, 0xffffffff),
    `
      12000000 00000000 03000000 05000000 44332211 88776655 64000000 01000000 ffffffff 00000000
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "Tenure",
    (words) => writeAdminCommand(words, 0, { kind: "tenure", epoch: 2 ** 40 + 7, who: "node-a" }),
    `
      04000000 00000000 00000000 00000000 07000000 00010000 6e6f6465 2d610000 00000000 00000000
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "Tenure of a cluster",
    (words) =>
      writeAdminCommand(words, 0, { kind: "tenure", epoch: 1, who: "b", others: ["a", "c123456789abcdef"] }),
    `
      04000000 00000000 00000000 00000000 01000000 00000000 62000000 00000000 00000000 00000000
      01401e18 240a0600 61000000 00000000 00000000 00000000 63313233 34353637 38396162 63646566`,
  ],
  [
    "AckPolicy",
    (words) => writeAdminCommand(words, 0, { kind: "ack_policy", policy: "two-disks", who: "ann" }),
    `
      05040000 00000000 00000000 00000000 00000000 00000000 616e6e00 00000000 00000000 00000000
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "Halt",
    (words) => writeAdminCommand(words, 0, { kind: "halt", who: "0123456789abcdef" }),
    `
      06000000 00000000 00000000 00000000 00000000 00000000 30313233 34353637 38396162 63646566
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "Resume",
    (words) => writeAdminCommand(words, 0, { kind: "resume", who: "ann" }),
    `
      07000000 00000000 00000000 00000000 00000000 00000000 616e6e00 00000000 00000000 00000000
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "KillSwitch",
    (words) =>
      writeAdminCommand(words, 0, {
        kind: "kill_switch",
        scope: "account",
        account: 0x01020304,
        on: true,
        who: "ann",
      }),
    `
      08010000 00000000 04030201 00000000 00000000 00000000 616e6e00 00000000 00000000 00000000
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "KillSwitch of a symbol",
    (words) =>
      writeAdminCommand(words, 0, {
        ...{ kind: "kill_switch", scope: "symbol", symbol: 0x01020304, on: true, who: "ann" },
      }),
    `
      08010100 00000000 00000000 04030201 00000000 00000000 616e6e00 00000000 00000000 00000000
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "ForcedStart",
    (words) => writeAdminCommand(words, 0, { kind: "forced_start", who: "ann" }),
    `
      09000000 00000000 00000000 00000000 00000000 00000000 616e6e00 00000000 00000000 00000000
      01401e18 240a0600 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000`,
  ],
  [
    "SessionOpen",
    (words) => writeSessionCommand(words, 0, SESSION_OPEN),
    `
      0a050000 00000000 04030201 24232221 34333231 00000000 616e6e00 00000000 00000000 00000000
      01401e18 240a0600 00000000 00000000 18171615 14131211 00000000 00000000 00000000 00000000`,
  ],
  [
    "SessionEnd",
    (words) => {
      const session = 0x1112131415161718n;
      writeSessionCommand(words, 0, { kind: "session_end", account: 7, session, cause: "node_lost" });
    },
    `
      0b040000 00000000 07000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
      01401e18 240a0600 00000000 00000000 18171615 14131211 00000000 00000000 00000000 00000000`,
  ],
  [
    "MassCancel of all",
    (words) => {
      writeMassCancel(words, 0, 3, ALL_SYMBOLS, BOTH_SIDES);
      addRequest(words);
    },
    `
      13020000 00000000 03000000 ffffffff 00000000 00000000 00000000 00000000 00000000 21000000
      01401e18 240a0600 07000000 08000000 09000000 0a000000 00000000 00000000 00000000 00000000`,
  ],
];

test.each(GOLDEN)(
  "%s is written as exactly the pinned bytes, over whatever was there",
  (_name, write, hex) => {
    const words = new Int32Array(COMMAND_WORDS + 2).fill(-1);
    const record = words.subarray(1, 1 + COMMAND_WORDS);
    write(record);
    writeTimestamp(record, 0, 1_700_000_000_000_001);
    const bytes = Buffer.from(record.buffer, record.byteOffset, COMMAND_BYTES);
    expect(bytes.toString("hex")).toBe(hex.replaceAll(/\s/g, ""));
    expect([words[0], words[COMMAND_WORDS + 1], readTimestamp(record, 0)]).toEqual([
      -1, -1, 1_700_000_000_000_001,
    ]);
  },
);

test("genesis and instrument are read as they were written, at any word", () => {
  const words = new Int32Array(3 * COMMAND_WORDS);
  writeGenesis(words, 1, GENESIS, 3);
  writeInstrument(words, 1 + COMMAND_WORDS, INSTRUMENT);
  expect(readGenesis(words, 1)).toEqual({ ...GENESIS, instruments: 3 });
  expect(readInstrument(words, 1 + COMMAND_WORDS)).toEqual(INSTRUMENT);
});

test.each<AdminCommand>([
  { kind: "tenure", epoch: Number.MAX_SAFE_INTEGER, who: "n" },
  { kind: "tenure", epoch: 1, who: "b", others: ["a"] },
  { kind: "tenure", epoch: 1, who: "b", others: ["0123456789abcdef", "a"] },
  { kind: "ack_policy", policy: "disk", who: "~!" },
  { kind: "resume", who: "0123456789abcdef" },
  { kind: "kill_switch", scope: "account", account: 0xffffffff, on: false, who: "ann" },
])("$kind is read as it was written, at any word and time", (command) => {
  const words = new Int32Array(2 * COMMAND_WORDS);
  writeAdminCommand(words, 1, command);
  writeTimestamp(words, 1, 1_700_000_000_000_001);
  expect(checkAdminCommand(words, 1)).toEqual(command);
});

test.each<[string, readonly [string, string]]>([
  ["its own node again", ["a", "n"]],
  ["a node twice", ["a", "a"]],
  ["nodes out of order", ["b", "a"]],
  ["a gap before a node", ["", "a"]],
  ["a name with a space", ["a b", ""]],
])("a tenure that names %s is none that a writer makes", (_, names) => {
  const words = new Int32Array(COMMAND_WORDS);
  writeAdminCommand(words, 0, { kind: "tenure", epoch: 1, who: "n", others: ["a"] });
  const bytes = new Uint8Array(words.buffer);
  bytes.fill(0, AdminLayout.others);
  bytes.set(
    new TextEncoder().encode(names.map((name) => name.padEnd(16, "\0")).join("")),
    AdminLayout.others,
  );
  expect(checkAdminCommand(words, 0)).toBeUndefined();
});

test.each<KillTarget>([
  { scope: "account", account: 0xffffffff },
  { scope: "symbol", symbol: 0xfffffffe },
  { scope: "all" },
])("a kill switch of $scope is read as it was written", (target) => {
  const words = new Int32Array(COMMAND_WORDS);
  const command = { kind: "kill_switch", ...target, on: true, who: "ann" } as const;
  writeAdminCommand(words, 0, command);
  expect(checkAdminCommand(words, 0)).toEqual(command);
});

test.each<SessionCommand>([
  { ...SESSION_OPEN, account: 0xffffffff, session: 2n ** 64n - 1n, instance: 0xffffffff, flags: 7 },
  { ...SESSION_OPEN, session: 0n, instance: 0, flags: 0, deadMan_ms: 0, who: "0123456789abcdef" },
  { kind: "session_end", account: 0xffffffff, session: 2n ** 64n - 1n, cause: "logout" },
  { kind: "session_end", account: 0, session: 0n, cause: "disconnected" },
  { kind: "session_end", account: 1, session: 2n ** 63n, cause: "dead_man" },
])("$kind $account is read as it was written, at any word and time", (command) => {
  const words = new Int32Array(2 * COMMAND_WORDS);
  writeSessionCommand(words, 1, command);
  writeTimestamp(words, 1, 1_700_000_000_000_001);
  expect(checkSessionCommand(words, 1)).toEqual(command);
  expect(readCommand(words, 1)).toEqual({
    kind: command.kind,
    timestamp_us: 1_700_000_000_000_001,
    session: command,
  });
});

test("a mass cancel says its symbol and side unless they are all", () => {
  const words = new Int32Array(COMMAND_WORDS);
  const said = { account: 3, request: 0n, session: 0n };
  writeMassCancel(words, 0, 3, 5, Side.Sell);
  expect(readCommand(words, 0).massCancel).toEqual({ ...said, symbol: 5, side: "sell" });
  writeMassCancel(words, 0, 3, ALL_SYMBOLS, BOTH_SIDES);
  expect(readCommand(words, 0).massCancel).toEqual(said);
});

test("a name of 16 bytes fits, and longer or empty ones are a bug of the caller", () => {
  const words = new Int32Array(COMMAND_WORDS);
  writeInstrument(words, 0, { ...INSTRUMENT, name: "abcdefgh01234567" });
  expect(readInstrument(words, 0).name).toBe("abcdefgh01234567");
  for (const name of ["", "abcdefgh012345678", "ÖÖÖÖÖÖÖÖÖ"])
    expect(() => writeInstrument(words, 0, { ...INSTRUMENT, name })).toThrow("1-16 bytes");
});

/** A layout's fields with their sizes, as a table has them: in words, without units. */
function rowsOf(layout: Readonly<Record<string, number>>, size: number): string[] {
  const fields = Object.entries(layout).filter(([name]) => name !== "bytes");
  return fields.map(([name, offset], i) => {
    const end = fields[i + 1]?.[1] ?? size;
    const words = name
      .replace(/_[a-z]+$/, "")
      .replace(/Tail$/, "")
      .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    return `${offset} ${words} ${end - offset}`;
  });
}

/** The offset tables of a specification, each as its rows. */
function tablesOf(file: string): string[][] {
  const text = readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8");
  return text
    .split("\n\n")
    .map((block) => block.split("\n").filter((line) => /^\| \d+ \| [a-z ]+ \| \d+ \|/.test(line)))
    .filter((rows) => rows.length > 0)
    .map((rows) =>
      rows.map((row) =>
        row
          .split("|")
          .slice(1, 4)
          .map((cell) => cell.trim())
          .join(" "),
      ),
    );
}

test("the tables of commands.md hold the layouts of order, genesis, instrument, administrative and session records", () => {
  expect(tablesOf("protocol/commands/commands.md")).toEqual([
    rowsOf(CommandLayout, COMMAND_BYTES),
    rowsOf(GenesisLayout, COMMAND_BYTES),
    rowsOf(InstrumentLayout, COMMAND_BYTES),
    rowsOf(AdminLayout, COMMAND_BYTES),
    rowsOf(SessionOpenLayout, COMMAND_BYTES),
    rowsOf(SessionEndLayout, COMMAND_BYTES),
  ]);
});

test("the table of events.md holds the layout of an event record", () => {
  expect(tablesOf("protocol/events/events.md")).toEqual([rowsOf(EventLayout, EVENT_BYTES)]);
});

test("the table of reports.md holds the layout of a report record", () => {
  expect(tablesOf("protocol/reports/reports.md")).toEqual([rowsOf(ReportLayout, REPORT_BYTES)]);
});

test("the tables of snapshot.md hold the layouts of the headers and of each record", () => {
  expect(tablesOf("engine/snapshot.md")).toEqual([
    rowsOf(SnapshotHeader, SnapshotHeader.bytes),
    rowsOf(SnapshotSectionHeader, SnapshotSectionHeader.bytes),
    rowsOf(SnapshotCounters, SnapshotCounters.bytes),
    rowsOf(SnapshotInstrument, SnapshotInstrument.bytes),
    rowsOf(SnapshotOrder, SnapshotOrder.bytes),
    rowsOf(SnapshotAdministration, SnapshotAdministration.bytes),
    rowsOf({ name: SnapshotClusterNode.name }, SnapshotClusterNode.bytes),
    rowsOf(SnapshotSwitchedOff, SnapshotSwitchedOff.bytes),
    rowsOf(SnapshotRequest, SnapshotRequest.bytes),
    rowsOf(SnapshotSession, SnapshotSession.bytes),
    rowsOf(SnapshotReportStream, SnapshotReportStream.bytes),
  ]);
});
