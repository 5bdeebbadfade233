// Where every field of the exchange's own feed lies. Specification: market-data.md. Little-endian; packets, messages and
// requests are whole multiples of 8 bytes, so that 64-bit fields stay aligned to the start of what they came in.

import { assert, layout } from "../../base/index.ts";

export const MARKET_DATA_VERSION = 1;

/** A packet's bytes at most: a datagram of an Ethernet frame, headers of IPv6, UDP and a tunnel off. */
export const PACKET_BYTES_MAX = 1_400;

/** What a channel tells: one more detailed than the other. */
export const ChannelKind = {
  /** The best bid and ask, and trades. */
  Top: 1,
  /** Every price level, and trades. */
  Levels: 2,
  /** Every order with its place in its queue, and trades. */
  Orders: 3,
} as const;
export type ChannelKind = (typeof ChannelKind)[keyof typeof ChannelKind];

/** By the names that settings, commands and topics have for them. */
export const CHANNEL_KINDS = {
  top: ChannelKind.Top,
  levels: ChannelKind.Levels,
  orders: ChannelKind.Orders,
} as const;
export type ChannelName = keyof typeof CHANNEL_KINDS;
/** By kind. */
export const CHANNEL_NAMES = Object.fromEntries(
  Object.entries(CHANNEL_KINDS).map(([name, kind]) => [kind, name]),
) as Readonly<Record<ChannelKind, ChannelName>>;

/** Kinds are dense from 1 up to here. */
export const CHANNEL_KIND_MAX = ChannelKind.Orders;

/** Bits of a packet's flags. */
export const PacketFlag = {
  /** Part of a snapshot: its messages have no sequences, and `first` is the sequence the snapshot leads up to. */
  Snapshot: 1,
  /** Sent once more because somebody asked. */
  Retransmitted: 2,
  /** Of this subscriber's symbols only: sequences of symbols are dense, the channel's are not. */
  Filtered: 4,
  /** Of a subscriber that was slow: not every message of the channel, and no sequence is dense. */
  Conflated: 8,
  /** The last packet of a snapshot. */
  SnapshotLast: 16,
} as const;

/** Bits of a message's flags. */
export const MdFlag = {
  /** The last message of what one command has done to this symbol on this channel. */
  EndOfEvent: 1,
} as const;

export const PacketLayout = layout(40, (at) => ({
  /** Of the whole packet. */
  length: at.u16(),
  version: at.u8(),
  /** A ChannelKind: below 128, where requests have their type. */
  channel: at.u8(),
  flags: at.u8(),
  unused: at.u8(),
  /** Messages. */
  count: at.u16(),
  epoch: at.u64(),
  /** The first message's sequence; the next one's where there is none. */
  first: at.u64(),
  /** Microseconds since 1970 when it was sealed, by the wall clock. */
  sentAt: at.u64(),
  /** Its number in its snapshot, from 0; 0 where it is no snapshot's. */
  part: at.u32(),
  /** CRC32C of the packet without this field. */
  checksum: at.u32(),
}));

/** Before every message's body. */
export const MdHeader = layout(24, (at) => ({
  type: at.u8(),
  flags: at.u8(),
  /** Of the whole message. */
  length: at.u16(),
  symbol: at.u32(),
  symbolSequence: at.u64(),
  /** Microseconds since 1970 by the log: the command's. */
  timestamp: at.u64(),
}));

export const MdType = {
  Definition: 1,
  Status: 2,
  BookClear: 3,
  Trade: 4,
  TopOfBook: 5,
  Level: 6,
  OrderAdd: 7,
  OrderExecuted: 8,
  OrderReduced: 9,
  OrderDelete: 10,
  BookChecksum: 11,
  Statistics: 12,
  SnapshotBegin: 13,
  SnapshotEnd: 14,
  Conflated: 15,
} as const;
export type MdType = (typeof MdType)[keyof typeof MdType];

export const MD_TYPE_MAX = MdType.Conflated;

/** Levels of each side that a BookChecksum covers. */
export const CHECKSUM_LEVELS = 10;

export const DefinitionBody = layout(40, (at) => ({
  name: at.bytes(16),
  tick: at.u64(),
  lot: at.u64(),
  decimals: at.u8(),
  status: at.u8(),
  unused: at.bytes(6),
}));

export const StatusBody = layout(8, (at) => ({ status: at.u8(), unused: at.bytes(7) }));

export const TradeBody = layout(24, (at) => ({
  event: at.u64(),
  price: at.u64(),
  quantity: at.u32(),
  side: at.u8(),
  unused: at.bytes(3),
}));

export const TopOfBookBody = layout(48, (at) => ({
  bid: at.u64(),
  ask: at.u64(),
  bidTotal: at.u64(),
  askTotal: at.u64(),
  bidOrders: at.u32(),
  askOrders: at.u32(),
  present: at.u8(),
  unused: at.bytes(7),
}));

export const LevelBody = layout(24, (at) => ({
  price: at.u64(),
  total: at.u64(),
  orders: at.u32(),
  side: at.u8(),
  unused: at.bytes(3),
}));

export const OrderAddBody = layout(32, (at) => ({
  ref: at.u64(),
  price: at.u64(),
  quantity: at.u32(),
  place: at.u32(),
  side: at.u8(),
  unused: at.bytes(7),
}));

export const OrderExecutedBody = layout(32, (at) => ({
  ref: at.u64(),
  event: at.u64(),
  price: at.u64(),
  quantity: at.u32(),
  leaves: at.u32(),
}));

export const OrderReducedBody = layout(16, (at) => ({ ref: at.u64(), quantity: at.u32(), unused: at.u32() }));

export const OrderDeleteBody = layout(8, (at) => ({ ref: at.u64() }));

export const BookChecksumBody = layout(8, (at) => ({ crc: at.u32(), levels: at.u8(), unused: at.bytes(3) }));

export const StatisticsBody = layout(56, (at) => ({
  since: at.u64(),
  open: at.u64(),
  high: at.u64(),
  low: at.u64(),
  last: at.u64(),
  volume: at.u64(),
  trades: at.u64(),
}));

export const SnapshotBeginBody = layout(16, (at) => ({
  nextSymbolSequence: at.u64(),
  nextSequence: at.u64(),
}));

export const ConflatedBody = layout(8, (at) => ({ count: at.u64() }));

/** A message's length by its type, header included; 0 where there is no such type. */
const LENGTHS = messageLengths();

function messageLengths(): Uint8Array {
  const lengths = new Uint8Array(256);
  const put = (type: MdType, body: { readonly bytes: number }) => {
    lengths[type] = MdHeader.bytes + body.bytes;
    assert(lengths[type] % 8 === 0, "messages are whole words");
  };
  put(MdType.Definition, DefinitionBody);
  put(MdType.Status, StatusBody);
  put(MdType.BookClear, { bytes: 0 });
  put(MdType.Trade, TradeBody);
  put(MdType.TopOfBook, TopOfBookBody);
  put(MdType.Level, LevelBody);
  put(MdType.OrderAdd, OrderAddBody);
  put(MdType.OrderExecuted, OrderExecutedBody);
  put(MdType.OrderReduced, OrderReducedBody);
  put(MdType.OrderDelete, OrderDeleteBody);
  put(MdType.BookChecksum, BookChecksumBody);
  put(MdType.Statistics, StatisticsBody);
  put(MdType.SnapshotBegin, SnapshotBeginBody);
  put(MdType.SnapshotEnd, { bytes: 0 });
  put(MdType.Conflated, ConflatedBody);
  return lengths;
}

/** The length of a message of `type`, header included, in bytes; 0 for a type that this version does not have. */
export function messageBytes(type: number): number {
  return LENGTHS[type];
}
