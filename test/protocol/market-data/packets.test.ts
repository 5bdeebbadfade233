// The bytes of packets, messages and requests of the exchange's own feed, pinned, and how they are judged.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  announcedBytes,
  BID_PRESENT,
  BookChecksum,
  CHECKSUM_LEVELS,
  ChannelKind,
  type DayStatistics,
  decodeMdReply,
  decodeMdRequest,
  EVERY_SYMBOL,
  encodeMdRequest,
  flagPacket,
  InstrumentStatus,
  isMdRequest,
  MarketDataReader,
  MD_REQUEST_BYTES_MAX,
  MD_RETRANSMIT_MESSAGES_MAX,
  MD_SUBSCRIBE_SYMBOLS_MAX,
  MD_TYPE_MAX,
  MdRefusal,
  type MdReply,
  type MdRequest,
  MdRequestType,
  MdType,
  messageBytes,
  PACKET_BYTES_MAX,
  PacketFlag,
  PacketLayout,
  PacketProblem,
  PacketWriter,
  packetCount,
  packetFirst,
  packetProblem,
  packetProblemName,
  putBookChecksum,
  putBookClear,
  putConflated,
  putDefinition,
  putLevel,
  putOrderAdd,
  putOrderDelete,
  putOrderExecuted,
  putOrderReduced,
  putPacketHeader,
  putSnapshotBegin,
  putSnapshotEnd,
  putStatistics,
  putStatus,
  putTopOfBook,
  putTrade,
  resealPacket,
  Side,
} from "../../../src/protocol/index.ts";

const checksums = new NativeChecksums();
const EPOCH = 1_700_000_000_000_000;
const FIRST = 2 ** 40 + 9;
const instrument = { name: "ACME", priceDecimals: 2, tick: 1, lot: 100 };
const day: DayStatistics = {
  ...{ since_us: EPOCH, open: 100, high: 120, low: 90, last: 110 },
  ...{ volume: 2 ** 33, trades: 17 },
};
const level = Float64Array.of(2 ** 45, 2 ** 34, 3);
const none = Float64Array.of(0, 0, 0);

/** One message of each type, of symbol 7 with symbol sequence 2^33 + 5. */
const S = 2 ** 33 + 5;
const MESSAGES: Readonly<Record<keyof typeof MdType, (to: PacketWriter) => void>> = {
  Definition: (to) => putDefinition(to, 7, S, instrument, InstrumentStatus.Trading),
  Status: (to) => putStatus(to, 7, S, InstrumentStatus.SwitchedOff),
  BookClear: (to) => putBookClear(to, 7, S),
  Trade: (to) => putTrade(to, 7, S, 5, 1, 1_000, 2, 4_000_000_000, 1),
  TopOfBook: (to) => putTopOfBook(to, 7, S, level, none),
  Level: (to) => putLevel(to, 7, S, 1, level),
  OrderAdd: (to) => putOrderAdd(to, 7, S, 2 ** 41, 1_000, 2, 4_000_000_000, 12, 1),
  OrderExecuted: (to) => putOrderExecuted(to, 7, S, 2 ** 41, 5, 1, 1_000, 2, 4_000_000_000, 6),
  OrderReduced: (to) => putOrderReduced(to, 7, S, 2 ** 41, 8),
  OrderDelete: (to) => putOrderDelete(to, 7, S, 2 ** 41),
  BookChecksum: (to) => putBookChecksum(to, 7, S, 0xdeadbeef),
  Statistics: (to) => putStatistics(to, 7, S, day),
  SnapshotBegin: (to) => putSnapshotBegin(to, 7, S, FIRST),
  SnapshotEnd: (to) => putSnapshotEnd(to, 7),
  Conflated: (to) => putConflated(to, 7, 0, 2 ** 36),
};

const REQUESTS: Readonly<Record<string, MdRequest>> = {
  Subscribe: {
    ...{ type: MdRequestType.Subscribe, channel: ChannelKind.Levels, conflate: true },
    ...{ epoch: EPOCH, from: FIRST, symbols: [3, 1, 2 ** 32 - 2] },
  },
  SubscribeAll: {
    ...{ type: MdRequestType.Subscribe, channel: ChannelKind.Top, conflate: false },
    ...{ epoch: 0, from: 0, symbols: [] },
  },
  Retransmit: { type: MdRequestType.Retransmit, channel: 3, epoch: EPOCH, first: FIRST, count: 10_000 },
  Snapshot: { type: MdRequestType.Snapshot, channel: 2, symbol: EVERY_SYMBOL },
  Heartbeat: { type: MdRequestType.Heartbeat },
};

const REPLIES: Readonly<Record<string, MdReply>> = {
  Accepted: { type: MdRequestType.Accepted, request: 128, channel: 2, epoch: EPOCH, next: FIRST },
  Refused: { type: MdRequestType.Refused, request: 129, channel: 3, reason: MdRefusal.NotKept },
};

/** A packet of what `write` puts into it. */
function packetOf(write: (to: PacketWriter) => void, flags = 0, part = 0): Uint8Array {
  const writer = new PacketWriter(checksums);
  writer.timestampLow = EPOCH >>> 0;
  writer.timestampHigh = Math.floor(EPOCH / 2 ** 32);
  writer.begin(ChannelKind.Orders, flags, EPOCH, FIRST, part);
  write(writer);
  return writer.bytes.slice(0, writer.seal(EPOCH + 1));
}

/** Side, price, total, orders. */
type SummedLevel = readonly [side: Side, price: number, total: number, orders: number];

/** What the pinned sum is of. */
const BOOK: readonly SummedLevel[] = [
  [Side.Buy, 100, 5, 1],
  [Side.Buy, 99, 2 ** 40, 3],
  [Side.Sell, 101, 7, 2],
];

function sumOf(levels: readonly SummedLevel[]): number {
  const sum = new BookChecksum();
  sum.begin();
  for (const level of levels) sum.add(...level);
  return sum.value();
}

/** A book, and its sum behind it. */
function tellBook(to: PacketWriter): void {
  for (const [side, ...level] of BOOK) putLevel(to, 7, S, side, Float64Array.of(...level));
  putBookChecksum(to, 7, S, sumOf(BOOK));
}

/** The bytes as version 1 has them, for ever: `name hex` by line. */
const golden = new Map(
  readFileSync(new URL("../../golden/market-data-1.txt", import.meta.url), "utf8")
    .split("\n")
    .map((line) => line.split(" ") as [string, string]),
);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const PINNED: [string, Uint8Array][] = [
  ["Heartbeat", packetOf(() => {})],
  ...Object.entries(MESSAGES).map(([name, write]): [string, Uint8Array] => [name, packetOf(write)]),
  [
    "EndOfSnapshot",
    packetOf(
      (to) => {
        putSnapshotEnd(to, 1);
        to.endEvent();
      },
      PacketFlag.Snapshot | PacketFlag.SnapshotLast,
      3,
    ),
  ],
  ["ProvedBook", packetOf(tellBook)],
  ...Object.entries({ ...REQUESTS, ...REPLIES }).map(([name, request]): [string, Uint8Array] => [
    `Request${name}`,
    encodeMdRequest(request),
  ]),
];

test.each(PINNED)("%s has the bytes of version 1", (name, bytes) => {
  expect(hex(bytes)).toBe(golden.get(name));
});

test("what is pinned is everything, and nothing else", () => {
  expect([...golden.keys()].filter((name) => name !== "")).toEqual(PINNED.map(([name]) => name));
  expect(Object.values(MdType)).toEqual(Array.from({ length: MD_TYPE_MAX }, (_, i) => i + 1));
});

test("a reader gives back every field of every message, in order", () => {
  const reader = new MarketDataReader();
  const bytes = new Uint8Array(2_000);
  const packet = packetOf((to) => {
    for (const write of Object.values(MESSAGES)) write(to);
    to.endEvent();
  });
  bytes.set(packet, 11);
  expect(packetProblem(bytes, 11, 11 + packet.length, checksums)).toBe(PacketProblem.None);
  reader.bind(bytes, 11, 11 + packet.length);
  expect([reader.channel, reader.epoch, reader.first, reader.count, reader.sentAt_us, reader.part]).toEqual([
    ...[ChannelKind.Orders, EPOCH, FIRST, MD_TYPE_MAX, EPOCH + 1, 0],
  ]);
  const seen: unknown[] = [];
  while (reader.next()) {
    expect(reader.timestamp_us).toBe(EPOCH);
    expect(reader.symbol).toBe(7);
    expect(reader.sequence).toBe(FIRST + seen.length);
    expect(reader.isEndOfEvent).toBe(seen.length === MD_TYPE_MAX - 1);
    expect(reader.length).toBe(messageBytes(reader.type));
    seen.push([reader.type, ...fieldsOf(reader)]);
  }
  expect(reader.next()).toBe(false);
  const price = 2 * 2 ** 32 + 1_000;
  expect(seen).toEqual([
    [MdType.Definition, "ACME", 1, 100, 2, InstrumentStatus.Trading],
    [MdType.Status, InstrumentStatus.SwitchedOff],
    [MdType.BookClear],
    [MdType.Trade, 2 ** 32 + 5, price, 1_000, 2, 4_000_000_000, 1],
    [MdType.TopOfBook, BID_PRESENT, 2 ** 45, 2 ** 34, 3, 0, 0, 0],
    [MdType.Level, 2 ** 45, 2 ** 34, 3, 1],
    [MdType.OrderAdd, 2 ** 41, price, 4_000_000_000, 12, 1],
    [MdType.OrderExecuted, 2 ** 41, 2 ** 32 + 5, price, 4_000_000_000, 6],
    [MdType.OrderReduced, 2 ** 41, 8],
    [MdType.OrderDelete, 2 ** 41],
    [MdType.BookChecksum, 0xdeadbeef, CHECKSUM_LEVELS],
    [MdType.Statistics, day],
    [MdType.SnapshotBegin, S, FIRST],
    [MdType.SnapshotEnd],
    [MdType.Conflated, 2 ** 36],
  ]);
});

function fieldsOf(r: MarketDataReader): unknown[] {
  switch (r.type) {
    case MdType.Definition:
      return [r.name, r.tick, r.lot, r.decimals, r.status];
    case MdType.Status:
      return [r.status];
    case MdType.Trade:
      return [r.eventSequence, r.price, r.priceLow, r.priceHigh, r.quantity, r.side];
    case MdType.TopOfBook:
      return [r.present, r.bid, r.bidTotal, r.bidOrders, r.ask, r.askTotal, r.askOrders];
    case MdType.Level:
      return [r.price, r.total, r.orders, r.side];
    case MdType.OrderAdd:
      return [r.ref, r.price, r.quantity, r.place, r.side];
    case MdType.OrderExecuted:
      return [r.ref, r.eventSequence, r.price, r.quantity, r.leaves];
    case MdType.OrderReduced:
      return [r.ref, r.quantity];
    case MdType.OrderDelete:
      return [r.ref];
    case MdType.BookChecksum:
      return [r.crc, r.checksumLevels];
    case MdType.Statistics: {
      const statistics = { ...day, since_us: 0, open: 0, high: 0, low: 0, last: 0, volume: 0, trades: 0 };
      r.readStatistics(statistics);
      return [statistics];
    }
    case MdType.SnapshotBegin:
      return [r.nextSymbolSequence, r.nextSequence];
    case MdType.Conflated:
      return [r.conflated];
    default:
      return [];
  }
}

test("a field that a message's type does not have reads as 0", () => {
  const packet = packetOf((to) => putBookClear(to, 7, S));
  const reader = new MarketDataReader();
  reader.bind(packet, 0, packet.length);
  reader.next();
  const { price, priceLow, priceHigh, quantity, side, eventSequence, ref, place, leaves, total } = reader;
  expect([price, priceLow, priceHigh, quantity, side, eventSequence, ref, place, leaves, total]).toEqual(
    Array(10).fill(0),
  );
  const { orders, status, tick, lot, decimals, present, bid, ask, bidTotal, askTotal, askOrders } = reader;
  expect([orders, status, tick, lot, decimals, present, bid, ask, bidTotal, askTotal, askOrders]).toEqual(
    Array(11).fill(0),
  );
  expect([reader.crc, reader.checksumLevels, reader.nextSequence, reader.conflated, reader.name]).toEqual([
    ...[0, 0, 0, 0, ""],
  ]);
  expect(reader.nextSymbolSequence).toBe(0);
  expect(reader.symbolSequence).toBe(S);
});

const good = packetOf((to) => {
  putStatus(to, 1, 1, InstrumentStatus.Trading);
  putOrderDelete(to, 1, 2, 3);
});

/** The packet with some bytes changed, sealed again unless it is the checksum that is in question. */
function changed(change: (bytes: Uint8Array) => void, seal = true): Uint8Array {
  const bytes = good.slice();
  change(bytes);
  if (seal) resealPacket(bytes, 0, bytes.length, checksums);
  return bytes;
}

/** Four bytes short, as its length says. */
const odd = good.slice(0, good.length - 4);
odd[0] -= 4;
resealPacket(odd, 0, odd.length, checksums);

test.each<[string, Uint8Array, PacketProblem]>([
  ["a whole packet", good, PacketProblem.None],
  ["fewer bytes than a header", good.slice(0, 39), PacketProblem.Truncated],
  [
    "another version",
    changed((b) => {
      b[2] = 2;
    }),
    PacketProblem.Version,
  ],
  [
    "a length below a header's",
    changed((b) => {
      b[0] = 32;
    }),
    PacketProblem.Length,
  ],
  [
    "a length above the longest",
    changed((b) => {
      b[1] = 6;
    }),
    PacketProblem.Length,
  ],
  [
    "a length that is no whole word's",
    changed((b) => {
      b[0] -= 1;
    }),
    PacketProblem.Length,
  ],
  // Whoever checks messages first would call it another fault, and whoever goes by lengths would lose the alignment.
  ["half a word less than its messages, and so long it is", odd, PacketProblem.Length],
  ["less than its length", good.slice(0, good.length - 8), PacketProblem.Truncated],
  ["more than its length", Uint8Array.of(...good, 0), PacketProblem.Length],
  [
    "channel 0",
    changed((b) => {
      b[3] = 0;
    }),
    PacketProblem.Channel,
  ],
  [
    "an unknown channel",
    changed((b) => {
      b[3] = 4;
    }),
    PacketProblem.Channel,
  ],
  [
    "another checksum",
    changed((b) => {
      b[36] ^= 1;
    }, false),
    PacketProblem.Checksum,
  ],
  [
    "a bit changed in a message",
    changed((b) => {
      b[70] ^= 1;
    }, false),
    PacketProblem.Checksum,
  ],
  [
    "a count too high",
    changed((b) => {
      b[6] = 3;
    }),
    PacketProblem.Messages,
  ],
  [
    "a count too low",
    changed((b) => {
      b[6] = 1;
    }),
    PacketProblem.Messages,
  ],
  [
    "a message without length",
    changed((b) => {
      b[42] = 0;
    }),
    PacketProblem.Messages,
  ],
  [
    "a message longer than the packet",
    changed((b) => {
      b[43] = 4;
    }),
    PacketProblem.Messages,
  ],
  [
    "a known type with another type's length",
    changed((b) => {
      b[40] = MdType.Level;
    }),
    PacketProblem.Messages,
  ],
  [
    "an unknown type, to be skipped",
    changed((b) => {
      b[40] = 200;
    }),
    PacketProblem.None,
  ],
])("%s is judged as such", (_, bytes, problem) => {
  expect(packetProblemName(packetProblem(bytes, 0, bytes.length, checksums))).toBe(
    packetProblemName(problem),
  );
});

test("random bytes and packets with random bytes changed never pass and never throw", () => {
  const seed = Number(process.env.SERIATIM_SEED ?? 4);
  const random = new Prng(seed);
  for (let i = 0; i < 3_000; i++) {
    const bytes = good.slice(
      0,
      random.between(0, 1) === 1 ? good.length : random.between(0, good.length - 1),
    );
    const at = random.between(0, bytes.length);
    if (at === bytes.length) continue;
    bytes[at] ^= random.between(1, 255);
    expect(packetProblem(bytes, 0, bytes.length, checksums), `seed ${seed}, case ${i}`).not.toBe(
      PacketProblem.None,
    );
  }
});

test("a copy is flagged and readdressed, and is whole again", () => {
  const copy = good.slice();
  flagPacket(copy, 0, copy.length, PacketFlag.Retransmitted, checksums);
  expect(packetProblem(copy, 0, copy.length, checksums)).toBe(PacketProblem.None);
  expect(copy[PacketLayout.flags]).toBe(PacketFlag.Retransmitted);
  putPacketHeader(new DataView(copy.buffer), 0, ChannelKind.Top, PacketFlag.Snapshot, EPOCH, 12, 5);
  resealPacket(copy, 0, copy.length, checksums);
  const reader = new MarketDataReader();
  reader.bind(copy, 0, copy.length);
  expect([reader.isSnapshot, reader.first, reader.part, packetFirst(copy, 0), packetCount(copy, 0)]).toEqual([
    ...[true, 12, 5, 12, 2],
  ]);
  expect(announcedBytes(copy, 0)).toBe(copy.length);
});

test("a packet takes messages up to its longest, copied ones too, and not one byte more", () => {
  const writer = new PacketWriter(checksums);
  writer.begin(ChannelKind.Levels, 0, EPOCH, 1);
  const reader = new MarketDataReader();
  reader.bind(good, 0, good.length);
  reader.next();
  while (writer.fits(reader.type)) writer.copy(good, reader.at, reader.length);
  const length = writer.seal(EPOCH);
  expect(PACKET_BYTES_MAX - length).toBeLessThan(reader.length);
  expect(packetProblem(writer.bytes, 0, length, checksums)).toBe(PacketProblem.None);
});

test("a book's checksum is over the bodies of the Level messages that tell it, bids and then asks", () => {
  const all = new BookChecksum();
  all.begin();
  all.addAll(Side.Buy, Float64Array.of(100, 5, 1, 99, 2 ** 40, 3, 50, 50, 50), 2);
  all.addAll(Side.Sell, Float64Array.of(101, 7, 2), 1);
  const told = packetOf(tellBook);
  const bodies = [40, 88, 136].map((at) => told.subarray(at + 24, at + 48));
  expect([all.value(), sumOf(BOOK)]).toEqual(Array(2).fill(checksums.crc32c(Buffer.concat(bodies))));
  expect(sumOf([])).toBe(0);
});

test.each<[string, readonly SummedLevel[]]>([
  ["has a level on the other side", [BOOK[0], [Side.Sell, 99, 2 ** 40, 3], BOOK[2]]],
  [
    "has all levels on the other side",
    BOOK.map(([side, ...rest]) => [Side.Sell - side, ...rest] as SummedLevel),
  ],
  ["has an order more in a level of the same total", [BOOK[0], BOOK[1], [Side.Sell, 101, 7, 3]]],
  ["has another total", [BOOK[0], BOOK[1], [Side.Sell, 101, 8, 2]]],
  ["has another price", [BOOK[0], BOOK[1], [Side.Sell, 102, 7, 2]]],
  ["lacks a level", BOOK.slice(0, 2)],
])("a book that %s has another checksum", (_, levels) => {
  expect(sumOf(levels)).not.toBe(sumOf(BOOK));
});

test.each(Object.entries(REQUESTS))("request %s comes back as it was", (_, request) => {
  const bytes = encodeMdRequest(request);
  const at = Uint8Array.of(9, 9, 9, ...bytes);
  expect(decodeMdRequest(at, 3, at.length)).toEqual(request);
  expect(isMdRequest(bytes[3])).toBe(true);
  expect(announcedBytes(bytes, 0)).toBe(bytes.length);
  expect(bytes.length).toBeLessThanOrEqual(MD_REQUEST_BYTES_MAX);
});

test.each(Object.entries({ ...REPLIES, Heartbeat: REQUESTS.Heartbeat as MdReply }))(
  "reply %s comes back as it was",
  (_, reply) => {
    const bytes = encodeMdRequest(reply);
    expect(decodeMdReply(bytes, 0, bytes.length)).toEqual(reply);
  },
);

const subscribe = encodeMdRequest(REQUESTS.Subscribe);
const retransmit = encodeMdRequest(REQUESTS.Retransmit);
const edited = (bytes: Uint8Array, at: number, value: number) => bytes.with(at, value);
const long = encodeMdRequest({
  ...(REQUESTS.SubscribeAll as Extract<MdRequest, { symbols: unknown }>),
  symbols: Array.from({ length: MD_SUBSCRIBE_SYMBOLS_MAX + 1 }, (_, i) => i),
});
const far = encodeMdRequest({
  ...{
    type: MdRequestType.Retransmit,
    channel: 1,
    epoch: 1,
    first: 1,
    count: MD_RETRANSMIT_MESSAGES_MAX + 1,
  },
});

test.each<[string, Uint8Array]>([
  ["nothing", new Uint8Array(0)],
  ["less than a head", subscribe.slice(0, 7)],
  ["another version", edited(subscribe, 2, 2)],
  ["a length that is not its own", edited(subscribe, 0, 32)],
  ["an unknown type", edited(subscribe, 3, 140)],
  ["a reply", encodeMdRequest(REPLIES.Accepted)],
  ["an unknown flag", edited(subscribe, 5, 2)],
  ["fewer symbols than it says", edited(subscribe, 6, 5)],
  ["too many symbols", long],
  ["a Retransmit of nothing", edited(edited(retransmit, 24, 0), 25, 0)],
  [
    "a Retransmit from 0",
    encodeMdRequest({ ...(REQUESTS.Retransmit as Extract<MdRequest, { count: unknown }>), first: 0 }),
  ],
  ["a Retransmit of too many", far],
])("%s is no request", (_, bytes) => {
  expect(decodeMdRequest(bytes, 0, bytes.length)).toBeUndefined();
});
