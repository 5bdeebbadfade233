import { describe, expect, test } from "vitest";
import { highLane, lowLane, Prng } from "../../src/base/index.ts";
import {
  AckLayout,
  bodyBytes,
  CLIENT_FRAME_BYTES_MAX,
  COMMAND_WORDS,
  CommandKind,
  CommandWord,
  DecodeOutcome,
  decodeBody,
  decodeFrame,
  decodeHeader,
  encodeAck,
  encodeCancelled,
  encodeCancelOrder,
  encodeFill,
  encodeHeartbeat,
  encodeHeartbeatAck,
  encodeHello,
  encodeHelloAck,
  encodeInstrument,
  encodeInstruments,
  encodeMdTopOfBook,
  encodeMdTrade,
  encodeModify,
  encodeNewOrder,
  encodeReject,
  FillLayout,
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  frameBytes,
  frameLength,
  frameSequenceHigh,
  frameSequenceLow,
  frameType,
  MessageType,
  packHead,
  Reason,
  readCancelOrder,
  readHelloFlags,
  readInstrumentAnswer,
  readLowLane,
  readModify,
  readNewOrder,
} from "../../src/protocol/index.ts";

const GUARD = 0xee;

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

const NEW_ORDER =
  "0001 0001 0000001b 0000000000000007" + "0102030405060708 0000000a fffffffffffffffe 80000001 01 00 01";

/** Every message with fields that tell all bytes apart; hex by hand from the specification. */
const PINNED: readonly [name: string, write: (b: DataView, at: number) => number, hex: string][] = [
  [
    "NewOrder",
    (b, at) => encodeNewOrder(b, at, 7, 0, 0x05060708, 0x01020304, 10, -2, -1, 0x80000001, 1, 0, 1),
    NEW_ORDER,
  ],
  [
    "CancelOrder",
    (b, at) => encodeCancelOrder(b, at, 0x99aabbcc, 0x55667788, 2, 1, 0xfffffffe),
    "0002 0001 0000000c 5566778899aabbcc 0000000100000002 fffffffe",
  ],
  [
    "MdTrade",
    (b, at) => encodeMdTrade(b, at, 9, 0, 3, 100, 0, 5),
    "0003 0001 00000010 0000000000000009 00000003 0000000000000064 00000005",
  ],
  [
    "MdTopOfBook with one side",
    (b, at) => encodeMdTopOfBook(b, at, 9, 0, 3, true, 100, 0, false, 77, 77),
    "0004 0001 00000016 0000000000000009 00000003 01 0000000000000064 00 0000000000000000",
  ],
  [
    "Heartbeat",
    (b, at) => encodeHeartbeat(b, at, 2, 1),
    "0005 0001 00000008 0000000000000000 0000000100000002",
  ],
  [
    "HeartbeatAck",
    (b, at) => encodeHeartbeatAck(b, at, 2, 1),
    "0006 0001 00000008 0000000000000000 0000000100000002",
  ],
  [
    "Ack",
    (b, at) => encodeAck(b, at, 2, 1, 4, 3),
    "0007 0001 00000010 0000000000000000 0000000100000002 0000000300000004",
  ],
  [
    "Reject",
    (b, at) => encodeReject(b, at, 2, 1, Reason.UnknownOrder),
    "0008 0001 00000009 0000000000000000 0000000100000002 08",
  ],
  [
    "Fill",
    (b, at) => encodeFill(b, at, MessageType.Fill, 2, 1, 4, 3, 6, 5, 7, 9, 8),
    "0009 0001 00000024 0000000000000000 0000000100000002 0000000300000004 0000000500000006 00000007 0000000800000009",
  ],
  [
    "Hello",
    (b, at) => encodeHello(b, at, 1, 0, 42, 1),
    "0010 0002 00000008 0000000000000001 0000002a 00000001",
  ],
  [
    "HelloAck",
    (b, at) => encodeHelloAck(b, at, 42, 2, 1),
    "0011 0002 0000000c 0000000000000000 0000002a 0000000100000002",
  ],
  [
    "Modify",
    (b, at) => encodeModify(b, at, 8, 0, 2, 1, 3, 101, 0, 5),
    "0012 0002 00000018 0000000000000008 0000000100000002 00000003 0000000000000065 00000005",
  ],
  [
    "RestingFill",
    (b, at) => encodeFill(b, at, MessageType.RestingFill, 2, 1, 4, 3, 6, 5, 7, 9, 8),
    "0013 0002 00000024 0000000000000000 0000000100000002 0000000300000004 0000000500000006 00000007 0000000800000009",
  ],
  ["Instruments", (b, at) => encodeInstruments(b, at, 6, 0), "0014 0002 00000000 0000000000000006"],
  [
    "Instrument",
    (b, at) => encodeInstrument(b, at, 3, { name: "BTC-€", priceDecimals: 2, tick: 5, lot: 1 }),
    "0015 0002 00000020 0000000000000000 00000003 02 00 0007 0000000000000005 4254432de282ac 000000000000000000",
  ],
  [
    "Cancelled",
    (b, at) => encodeCancelled(b, at, 2, 1, 3, 0x80000005, 7, 6),
    "0016 0002 00000018 0000000000000000 0000000100000002 00000003 80000005 0000000600000007",
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

  test("a Hello without flags is the account alone", () => {
    const pinned = "0010 0002 00000004 0000000000000001 0000002a".replaceAll(" ", "");
    expect(framed((b, at) => encodeHello(b, at, 1, 0, 42))).toBe(pinned);
    const view = hexView(pinned);
    expect(decodeFrame(view, 0, view.byteLength)).toBe(DecodeOutcome.Ok);
    expect([frameLength(view, 0), readHelloFlags(view, 0)]).toEqual([20, 0]);
    const withFlags = hexView(framed((b, at) => encodeHello(b, at, 1, 0, 42, 1)));
    expect(readHelloFlags(withFlags, 0)).toBe(1);
  });

  test("every type of the open mode is pinned", () => {
    const pinned = PINNED.map(([, , hex]) => Number.parseInt(hex.slice(0, 4), 16));
    const openMode = Object.values(MessageType).filter((type) => type <= MessageType.Cancelled);
    expect(pinned).toEqual(openMode);
  });

  test("no client message is longer than what a session holds of a cut frame", () => {
    const { NewOrder, CancelOrder, Heartbeat, Hello, Modify, Instruments } = MessageType;
    const { LogonRequest, Logon, MassCancel, OrderStatus, OpenOrders, Logout } = MessageType;
    const openMode = [NewOrder, CancelOrder, Heartbeat, Hello, Modify, Instruments];
    const sessions = [LogonRequest, Logon, MassCancel, OrderStatus, OpenOrders, Logout];
    expect(CLIENT_FRAME_BYTES_MAX).toBe(Math.max(...[...openMode, ...sessions].map(frameBytes)));
  });
});

describe("decode outcomes, in the order of the specification", () => {
  const body = "00".repeat(27);
  const cases: readonly [says: string, hex: string, outcome: DecodeOutcome][] = [
    ["no bytes", "", DecodeOutcome.Truncated],
    ["15 bytes of a wrong version", "0001 0063 0000001b 00000000000000", DecodeOutcome.Truncated],
    ["version 0", "0001 0000 0000001b 0000000000000000", DecodeOutcome.UnsupportedVersion],
    [
      "version 3 and an unknown type",
      "00ff 0003 ffffffff 0000000000000000",
      DecodeOutcome.UnsupportedVersion,
    ],
    ["type 0", "0000 0001 ffffffff 0000000000000000", DecodeOutcome.UnknownType],
    ["type 10 in version 1", "000a 0001 00000000 0000000000000000", DecodeOutcome.UnknownType],
    ["Hello in version 1", "0010 0001 00000004 0000000000000000 00000000", DecodeOutcome.UnknownType],
    ["NewOrder in version 2", "0001 0002 0000001b 0000000000000000", DecodeOutcome.UnknownType],
    ["type 39 in version 2", "0027 0002 00000000 0000000000000000", DecodeOutcome.UnknownType],
    ["type 65535 in version 2", "ffff 0002 00000000 0000000000000000", DecodeOutcome.UnknownType],
    ["body 4097", "0001 0001 00001001 0000000000000000", DecodeOutcome.BodyTooLarge],
    ["body 2^32-1", "0001 0001 ffffffff 0000000000000000", DecodeOutcome.BodyTooLarge],
    [
      "body 4096, wrong for the type",
      "0001 0001 00001000 0000000000000000",
      DecodeOutcome.BodyLengthMismatch,
    ],
    [
      "body one short, not there yet",
      "0001 0001 0000001a 0000000000000000",
      DecodeOutcome.BodyLengthMismatch,
    ],
    [
      "body one byte missing",
      `0001 0001 0000001b 0000000000000000 ${"ff".repeat(26)}`,
      DecodeOutcome.Truncated,
    ],
    [
      "side 2",
      `0001 0001 0000001b 0000000000000000 ${"00".repeat(24)} 020000`,
      DecodeOutcome.InvalidEnumValue,
    ],
    [
      "order type 2",
      `0001 0001 0000001b 0000000000000000 ${"00".repeat(24)} 000200`,
      DecodeOutcome.InvalidEnumValue,
    ],
    [
      "time in force 2",
      `0001 0001 0000001b 0000000000000000 ${"00".repeat(24)} 000002`,
      DecodeOutcome.InvalidEnumValue,
    ],
    [
      "a Hello's flag 2",
      "0010 0002 00000008 0000000000000000 00000000 00000002",
      DecodeOutcome.InvalidEnumValue,
    ],
    [
      "a Hello's flag 31",
      "0010 0002 00000008 0000000000000000 00000000 80000001",
      DecodeOutcome.InvalidEnumValue,
    ],
    ["a Hello without flags", "0010 0002 00000004 0000000000000000 00000000", DecodeOutcome.Ok],
    ["half of one", "0010 0002 00000004 0000000000000000 0000", DecodeOutcome.Truncated],
    [
      "a Hello of 5 bytes",
      "0010 0002 00000005 0000000000000000 0000000000",
      DecodeOutcome.BodyLengthMismatch,
    ],
    ["a Hello of 0 bytes", "0010 0002 00000000 0000000000000000", DecodeOutcome.BodyLengthMismatch],
    [
      "another type of 4 bytes",
      "0014 0002 00000004 0000000000000000 00000000",
      DecodeOutcome.BodyLengthMismatch,
    ],
    ["a whole Hello", "0010 0002 00000008 0000000000000000 00000000 00000001", DecodeOutcome.Ok],
    ["a whole NewOrder", `0001 0001 0000001b 0000000000000000 ${body}`, DecodeOutcome.Ok],
    [
      "a whole NewOrder and more behind",
      `0001 0001 0000001b 0000000000000000 ${body} ffff`,
      DecodeOutcome.Ok,
    ],
  ];
  test.each(cases)("%s", (_says, hex, outcome) => {
    const view = hexView(hex);
    expect(decodeFrame(view, 0, view.byteLength)).toBe(outcome);
  });

  test("a typed decoder names another type UnknownType before it looks at the length", () => {
    const view = hexView("0002 0001 00000001 0000000000000000");
    expect(decodeHeader(view, 0, view.byteLength)).toBe(DecodeOutcome.Ok);
    expect(decodeBody(view, 0, view.byteLength, MessageType.NewOrder)).toBe(DecodeOutcome.UnknownType);
  });

  test("the end given counts, not the end of the array", () => {
    const view = hexView(NEW_ORDER);
    for (let to = 0; to < view.byteLength; to++)
      expect(decodeFrame(view, 0, to)).toBe(DecodeOutcome.Truncated);
  });
});

describe("reading fields", () => {
  const ACCOUNT = 7;

  test("a NewOrder becomes a command record, whatever the slot held before", () => {
    const words = new Int32Array(3 * COMMAND_WORDS).fill(-1);
    readNewOrder(hexView(NEW_ORDER), 0, words, COMMAND_WORDS, ACCOUNT);
    const record = words.subarray(COMMAND_WORDS, 2 * COMMAND_WORDS);
    expect(record[CommandWord.kindSideTypeTif]).toBe(packHead(CommandKind.NewOrder, 1, 0, 1));
    expect(record[CommandWord.account]).toBe(ACCOUNT);
    expect(record[CommandWord.symbol]).toBe(10);
    expect([record[CommandWord.orderIdLow], record[CommandWord.orderIdHigh]]).toEqual([
      0x05060708, 0x01020304,
    ]);
    expect([record[CommandWord.priceLow], record[CommandWord.priceHigh]]).toEqual([-2, -1]);
    expect(record[CommandWord.quantity]).toBe(0x80000001 | 0);
    expect(record[CommandWord.sessionLow]).toBe(0);
    expect(words[COMMAND_WORDS - 1]).toBe(-1);
    expect(words[2 * COMMAND_WORDS]).toBe(-1);
  });

  test("CancelOrder and Modify become command records", () => {
    const words = new Int32Array(COMMAND_WORDS).fill(-1);
    const view = new DataView(new ArrayBuffer(64));
    encodeCancelOrder(view, 0, 0, 0, 2, 1, 3);
    readCancelOrder(view, 0, words, 0, ACCOUNT);
    expect(words[CommandWord.kindSideTypeTif]).toBe(CommandKind.Cancel);
    expect([words[CommandWord.orderIdLow], words[CommandWord.orderIdHigh]]).toEqual([2, 1]);
    expect([words[CommandWord.account], words[CommandWord.symbol]]).toEqual([ACCOUNT, 3]);
    encodeModify(view, 0, 0, 0, 2, 1, 3, lowLane(-5), highLane(-5), 9);
    readModify(view, 0, words, 0, ACCOUNT);
    expect(words[CommandWord.kindSideTypeTif]).toBe(CommandKind.Modify);
    expect([words[CommandWord.priceLow], words[CommandWord.priceHigh]]).toEqual([-5, -1]);
    expect(words[CommandWord.quantity]).toBe(9);
  });

  test("sequence, answers' fields and instruments come back as they were written", () => {
    const view = new DataView(new ArrayBuffer(256));
    encodeCancelOrder(view, 5, 0x89abcdef, 0x01234567, 0, 0, 0);
    expect(frameSequenceLow(view, 5) >>> 0).toBe(0x89abcdef);
    expect(frameSequenceHigh(view, 5)).toBe(0x01234567);
    encodeAck(view, 0, 0xfffffffe, 0, 77, 0);
    expect(readLowLane(view, FRAME_HEADER_BYTES + AckLayout.orderId) >>> 0).toBe(0xfffffffe);
    expect(readLowLane(view, FRAME_HEADER_BYTES + AckLayout.sequence)).toBe(77);
    encodeFill(view, 0, MessageType.Fill, 1, 0, 2, 0, 3, 0, 0xffffffff, 5, 0);
    expect(view.getUint32(FRAME_HEADER_BYTES + FillLayout.quantity)).toBe(0xffffffff);
    encodeInstrument(view, 0, 3, { name: "BTC-€", priceDecimals: 2, tick: 5, lot: 1 });
    const listed = { symbol: 3, name: "BTC-€", priceDecimals: 2, status: 0, tick: 5 };
    expect(readInstrumentAnswer(view, 0)).toEqual(listed);
  });
});

test("random bytes never throw, and nothing outside the given range changes the outcome", () => {
  const seed = 20_260_101;
  const random = new Prng(seed);
  const seen = new Set<number>();
  for (let round = 0; round < 20_000; round++) {
    const length = random.between(0, 160);
    const from = random.between(0, 8);
    const bytes = new Uint8Array(from + length + 8);
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.u32();
    // Plain noise nearly never passes the first checks: shape most headers so that every check is reached.
    if (random.chance(0.9)) bytes.set([0, random.between(0, 39), 0, random.between(1, 2)], from);
    const right = Math.max(0, bodyBytes(bytes[from + 1]));
    if (random.chance(0.9))
      bytes.set([0, 0, 0, random.chance(0.9) ? right : random.between(0, 64)], from + 4);
    const view = viewOf(bytes);
    const outcome = decodeFrame(view, from, from + length);
    for (let i = from + length; i < bytes.length; i++) bytes[i] = ~bytes[i];
    expect(decodeFrame(view, from, from + length), `seed ${seed}, round ${round}`).toBe(outcome);
    expect(decodeFrame(viewOf(bytes.slice(from, from + length)), 0, length)).toBe(outcome);
    seen.add(outcome);
  }
  expect([...seen].sort(), `seed ${seed} reaches every outcome`).toEqual(Object.values(DecodeOutcome));
});
