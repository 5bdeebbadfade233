// The messages of sessions with a logon: their bytes, by hand from the specification, and what is read from them.

import { describe, expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { ed25519Signer, ed25519Verifier, makeEd25519Pair } from "../../src/platform/index.ts";
import {
  ALL_SYMBOLS,
  BOTH_SIDES,
  bodyBytes,
  COMMAND_WORDS,
  CommandKind,
  CommandWord,
  DecodeOutcome,
  decodeFrame,
  encodeExecutionReport,
  encodeInstrumentsEnd,
  encodeLoggedOut,
  encodeLogonAck,
  encodeLogonRefused,
  encodeLogonRequest,
  encodeLogout,
  encodeMassCancel,
  encodeOpenOrder,
  encodeOpenOrders,
  encodeOpenOrdersEnd,
  encodeOrderStatus,
  encodeRefused,
  encodeServerHeartbeat,
  encodeSessionChallenge,
  encodeSessionLogon,
  FRAME_BYTES_MAX,
  frameBytes,
  frameLength,
  frameType,
  LogonAckFlag,
  MessageType,
  OpenOrderState,
  packHead,
  putSessionProof,
  REPORT_WORDS,
  Reason,
  ReportWord,
  readLogonAck,
  readLogonRefused,
  readMassCancel,
  readSessionChallenge,
  readSessionLogon,
  SessionFlag,
  sessionStatement,
} from "../../src/protocol/index.ts";

const GUARD = 0xee;
const NONCE = Uint8Array.from({ length: 32 }, (_, i) => 0xa0 + i);
const NONCE_HEX = Buffer.from(NONCE).toString("hex");
const PROOF = Uint8Array.from({ length: 64 }, (_, i) => 0x10 + i);
const PROOF_HEX = Buffer.from(PROOF).toString("hex");

const TERMS = {
  name: "alice-1",
  account: 42,
  instance: 0x80000003,
  flags: SessionFlag.CancelOnDisconnect | SessionFlag.Once,
  next: 0x1_0000_0002,
  deadMan_ms: 5_000,
  heartbeat_ms: 1_000,
};
const TERMS_HEX =
  "616c6963652d31 000000000000000000 0000002a 80000003 00000005 0000000100000002 00001388 000003e8";
const ANSWER = {
  account: 42,
  flags: LogonAckFlag.Gap,
  sessionLow: 2,
  sessionHigh: 1,
  first: 0x1_0000_0003,
  next: 0x1_0000_0004,
  position: 9,
  heartbeat_ms: 1_000,
};

/** Behind another record, fields that tell all bytes apart. */
const REPORT = new Int32Array(2 * REPORT_WORDS).fill(-1);
const WORDS: Partial<Record<keyof typeof ReportWord, number>> = {
  kindReasonCommandFlags: 0x09_10_07_03,
  sideTypeTif: 0xee_03_02_01 | 0,
  symbol: 0x80000003 | 0,
  orderIdLow: 2,
  orderIdHigh: 1,
  requestLow: 4,
  requestHigh: 3,
  sessionLow: 6,
  sessionHigh: 5,
  priceLow: -8,
  priceHigh: -1,
  lastPriceLow: 10,
  lastPriceHigh: 7,
  lastQuantity: 0x8000000b | 0,
  leaves: 12,
  cumulativeLow: 13,
  cumulativeHigh: 14,
  sequenceLow: 15,
  sequenceHigh: 16,
  timestampLow: 17,
  timestampHigh: 18,
};
for (const [name, value] of Object.entries(WORDS))
  REPORT[REPORT_WORDS + ReportWord[name as keyof typeof ReportWord]] = value;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hexView(hex: string): DataView {
  return viewOf(Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex")));
}

/** The hex of what `write` puts at offset 3 of a guarded buffer; fails when it writes anywhere else. */
function framed(write: (view: DataView, at: number) => number): string {
  const bytes = new Uint8Array(FRAME_BYTES_MAX).fill(GUARD);
  const end = write(viewOf(bytes), 3);
  expect(bytes.subarray(0, 3).every((b) => b === GUARD)).toBe(true);
  expect(bytes.subarray(end).every((b) => b === GUARD)).toBe(true);
  return Buffer.from(bytes.subarray(3, end)).toString("hex");
}

const PINNED: readonly [name: string, write: (b: DataView, at: number) => number, hex: string][] = [
  ["LogonRequest", encodeLogonRequest, "0017 0002 00000000 0000000000000000"],
  [
    "Challenge",
    (b, at) => encodeSessionChallenge(b, at, NONCE, 2, 1),
    `0018 0002 00000028 0000000000000000 ${NONCE_HEX} 0000000100000002`,
  ],
  [
    "Logon",
    (b, at) => {
      const end = encodeSessionLogon(b, at, TERMS);
      putSessionProof(b, at, PROOF);
      return end;
    },
    `0019 0002 0000006c 0000000000000000 ${TERMS_HEX} ${PROOF_HEX}`,
  ],
  [
    "LogonAck",
    (b, at) => encodeLogonAck(b, at, ANSWER),
    "001a 0002 0000002c 0000000000000000 0000002a 00000001 0000000100000002 0000000100000003 0000000100000004 0000000000000009 000003e8",
  ],
  [
    "LogonRefused",
    (b, at) => encodeLogonRefused(b, at, Reason.NotAuthorised),
    "001b 0002 00000001 0000000000000000 0c",
  ],
  [
    "ExecutionReport",
    (b, at) => encodeExecutionReport(b, at, 0x8000000a, 1, REPORT, REPORT_WORDS),
    "001c 0002 00000054 000000018000000a 03 07 10 09 01 02 03 00 80000003 0000000100000002 0000000300000004 0000000500000006" +
      "fffffffffffffff8 000000070000000a 8000000b 0000000c 0000000e0000000d 000000100000000f 0000001200000011",
  ],
  [
    "MassCancel",
    (b, at) => encodeMassCancel(b, at, 8, 7, ALL_SYMBOLS, BOTH_SIDES),
    "001d 0002 00000005 0000000700000008 ffffffff 02",
  ],
  [
    "OrderStatus",
    (b, at) => encodeOrderStatus(b, at, 8, 7, 2, 1, 3),
    "001e 0002 0000000c 0000000700000008 0000000100000002 00000003",
  ],
  ["OpenOrders", (b, at) => encodeOpenOrders(b, at, 8, 7, 3), "001f 0002 00000004 0000000700000008 00000003"],
  [
    "OpenOrder",
    (b, at) => encodeOpenOrder(b, at, 8, 7, OpenOrderState.Rests, 1, 3, 2, 1, -2, -1, 0x80000005, 5, 4, 6),
    "0020 0002 0000002c 0000000700000008 01 01 0000 00000003 0000000100000002 fffffffffffffffe 80000005 0000000400000005 0000000000000006",
  ],
  [
    "OpenOrdersEnd",
    (b, at) => encodeOpenOrdersEnd(b, at, 8, 7, 10_000, true, 6),
    "0021 0002 0000000d 0000000700000008 00002710 01 0000000000000006",
  ],
  [
    "ServerHeartbeat",
    (b, at) => encodeServerHeartbeat(b, at, 0x1_0000_0002),
    "0022 0002 00000008 0000000000000000 0000000100000002",
  ],
  [
    "Refused",
    (b, at) => encodeRefused(b, at, 8, 7, 2, 1, Reason.Throttled, MessageType.MassCancel),
    "0023 0002 0000000b 0000000700000008 0000000100000002 0d 001d",
  ],
  ["Logout", encodeLogout, "0024 0002 00000000 0000000000000000"],
  [
    "InstrumentsEnd",
    (b, at) => encodeInstrumentsEnd(b, at, 8, 7, 8),
    "0025 0002 00000004 0000000700000008 00000008",
  ],
  [
    "LoggedOut",
    (b, at) => encodeLoggedOut(b, at, 0x1_0000_0002),
    "0026 0002 00000008 0000000000000000 0000000100000002",
  ],
];

describe("pinned bytes", () => {
  test.each(PINNED)("%s is the specification's bytes, and decodes Ok", (_name, write, hex) => {
    const pinned = hex.replaceAll(" ", "");
    expect(framed(write)).toBe(pinned);
    const view = hexView(pinned);
    expect(decodeFrame(view, 0, view.byteLength)).toBe(DecodeOutcome.Ok);
    expect(frameLength(view, 0)).toBe(view.byteLength);
    expect(frameBytes(frameType(view, 0))).toBe(view.byteLength);
  });

  test("every type of sessions is pinned", () => {
    const pinned = PINNED.map(([, , hex]) => Number.parseInt(hex.slice(0, 4), 16));
    expect(pinned).toEqual(Object.values(MessageType).filter((type) => type >= MessageType.LogonRequest));
  });
});

test.each([
  ["a Logon's flag 8", `0019 0002 0000006c 0000000000000000 ${"00".repeat(27)}08 ${"00".repeat(80)}`],
  ["a Logon's flag 31", `0019 0002 0000006c 0000000000000000 ${"00".repeat(24)}80000001 ${"00".repeat(80)}`],
  ["a MassCancel's side 3", "001d 0002 00000005 0000000000000000 00000000 03"],
])("%s is no value that there is", (_says, hex) => {
  const view = hexView(hex);
  expect(decodeFrame(view, 0, view.byteLength)).toBe(DecodeOutcome.InvalidEnumValue);
});

describe("logging on", () => {
  test("what was written is read, wherever the frame lies", () => {
    const view = new DataView(new ArrayBuffer(256), 8);
    encodeSessionLogon(view, 5, TERMS);
    putSessionProof(view, 5, PROOF);
    expect(readSessionLogon(view, 5)).toEqual({ ...TERMS, proof: PROOF });
    encodeSessionChallenge(view, 5, NONCE, 2, 1);
    expect(readSessionChallenge(view, 5)).toEqual({ nonce: NONCE, sessionLow: 2, sessionHigh: 1 });
    encodeLogonAck(view, 5, ANSWER);
    expect(readLogonAck(view, 5)).toEqual(ANSWER);
    encodeLogonRefused(view, 5, Reason.Throttled);
    expect(readLogonRefused(view, 5)).toBe(Reason.Throttled);
  });

  test("the statement is tag, nonce, session and the body up to the proof", () => {
    const view = new DataView(new ArrayBuffer(256));
    encodeSessionLogon(view, 7, TERMS);
    putSessionProof(view, 7, PROOF);
    const statement = sessionStatement(view, 7, { nonce: NONCE, sessionLow: 2, sessionHigh: 1 });
    const tag = Buffer.from("seriatim order-entry 2\0").toString("hex");
    const expected = `${tag}${NONCE_HEX}0000000100000002${TERMS_HEX}`.replaceAll(" ", "");
    expect(Buffer.from(statement).toString("hex")).toBe(expected);
    expect(statement).toHaveLength(107);
  });

  test("a proof holds for the very logon, challenge and session that it was made for", () => {
    const pair = makeEd25519Pair();
    const verify = ed25519Verifier(pair.public);
    const view = new DataView(new ArrayBuffer(256));
    encodeSessionLogon(view, 0, TERMS);
    const challenge = { nonce: NONCE, sessionLow: 2, sessionHigh: 1 };
    const proof = ed25519Signer(pair)(sessionStatement(view, 0, challenge));
    putSessionProof(view, 0, proof);
    const holds = (other = {}) => verify(sessionStatement(view, 0, { ...challenge, ...other }), proof);
    expect(holds()).toBe(true);
    expect(holds({ sessionLow: 3 })).toBe(false);
    expect(holds({ nonce: Uint8Array.from(NONCE).fill(1, 31) })).toBe(false);
    // Every byte of the body before the proof is signed.
    for (let at = 16; at < 16 + 44; at++) {
      view.setUint8(at, view.getUint8(at) ^ 1);
      expect(holds(), `byte ${at}`).toBe(false);
      view.setUint8(at, view.getUint8(at) ^ 1);
    }
  });

  test.each([
    ["no name", "00".repeat(16), ""],
    ["bytes behind the end of a name", `6100${"62".repeat(14)}`, ""],
    ["a space in a name", `6120${"00".repeat(14)}`, ""],
    ["bytes that are no ASCII", `c3a9${"00".repeat(14)}`, ""],
    ["16 characters", "61".repeat(16), "a".repeat(16)],
  ])("%s: the name reads as %s", (_says, hex, name) => {
    const view = hexView(`0019 0002 0000006c 0000000000000000 ${hex} ${"ff".repeat(92)}`);
    const read = readSessionLogon(view, 0);
    expect(read.name).toBe(name);
    expect(read.next).toBe(Number.MAX_SAFE_INTEGER);
  });
});

test("a MassCancel becomes a command record, whatever the slot held before", () => {
  const words = new Int32Array(3 * COMMAND_WORDS).fill(-1);
  const view = new DataView(new ArrayBuffer(64));
  encodeMassCancel(view, 5, 8, 7, ALL_SYMBOLS, BOTH_SIDES);
  readMassCancel(view, 5, words, COMMAND_WORDS, 7);
  const record = words.subarray(COMMAND_WORDS, 2 * COMMAND_WORDS);
  expect(record[CommandWord.kindSideTypeTif]).toBe(packHead(CommandKind.MassCancel, BOTH_SIDES, 0, 0));
  expect(record[CommandWord.account]).toBe(7);
  expect(record[CommandWord.symbol] >>> 0).toBe(ALL_SYMBOLS);
  const rest = record.filter((_, i) => i > CommandWord.symbol);
  expect(rest.every((word) => word === 0)).toBe(true);
  expect([words[COMMAND_WORDS - 1], words[2 * COMMAND_WORDS]]).toEqual([-1, -1]);
});

test("whatever decodes Ok can be read, and nothing beyond its frame is", () => {
  const seed = 20_260_701;
  const random = new Prng(seed);
  const { Logon, Challenge, LogonAck, MassCancel } = MessageType;
  const words = new Int32Array(COMMAND_WORDS);
  const readers = new Map<number, (view: DataView) => unknown>([
    [Logon, (view) => [readSessionLogon(view, 0), sessionStatement(view, 0, readSessionChallenge(view, 0))]],
    [Challenge, (view) => readSessionChallenge(view, 0)],
    [LogonAck, (view) => readLogonAck(view, 0)],
    [MassCancel, (view) => [readMassCancel(view, 0, words, 0, 1), words.slice()]],
  ]);
  let read = 0;
  for (let round = 0; round < 5_000; round++) {
    const type = random.pick([...readers.keys()]);
    const bytes = Uint8Array.from({ length: 16 + bodyBytes(type) }, () => random.u32());
    bytes.set([0, type, 0, 2, 0, 0, 0, bodyBytes(type)]);
    if (type === Logon) bytes.fill(0, 40, 43);
    const outcome = decodeFrame(viewOf(bytes), 0, bytes.length);
    if (outcome !== DecodeOutcome.Ok) continue;
    const alone = readers.get(type)?.(viewOf(bytes));
    const among = readers.get(type)?.(viewOf(Uint8Array.from([...bytes, ...bytes])));
    expect(among, `seed ${seed}, round ${round}`).toEqual(alone);
    read++;
  }
  expect(read, `seed ${seed}`).toBeGreaterThan(1_000);
});
