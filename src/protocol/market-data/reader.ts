// A cursor over the messages of one packet: bind, then next() until it is false. Nothing is allocated per message, and per
// packet only where its memory is another one's than the packet's before. A field is read when it is asked for; one that a
// message's type does not have reads as 0.
//
// It trusts what it is bound to: packetProblem() has judged it. A type that this version does not know is handed out like any
// other, since it has a sequence too.

import { decodeUtf8, fromLanes, fromSignedLanes, getU64 } from "../../base/index.ts";
import {
  BookChecksumBody,
  ConflatedBody,
  DefinitionBody,
  LevelBody,
  MdFlag,
  MdHeader,
  MdType,
  OrderAddBody,
  OrderDeleteBody,
  OrderExecutedBody,
  OrderReducedBody,
  PacketFlag,
  PacketLayout,
  SnapshotBeginBody,
  StatisticsBody,
  StatusBody,
  TopOfBookBody,
  TradeBody,
} from "./layout.ts";
import type { DayStatistics } from "./messages.ts";

// Copies, for speed: docs/adr/constants-of-hot-files.md.
const BODY = MdHeader.bytes;
const LENGTH = MdHeader.length;
const SYMBOL = MdHeader.symbol;
const SYMBOL_SEQUENCE = MdHeader.symbolSequence;
const TIMESTAMP = MdHeader.timestamp;
const END_OF_EVENT = MdFlag.EndOfEvent;

/** Where a field lies that several types have, from the message's start, by type; 0 where a type has none. */
const PRICE = offsets(
  [MdType.Trade, TradeBody.price],
  [MdType.Level, LevelBody.price],
  [MdType.OrderAdd, OrderAddBody.price],
  [MdType.OrderExecuted, OrderExecutedBody.price],
);
const QUANTITY = offsets(
  [MdType.Trade, TradeBody.quantity],
  [MdType.OrderAdd, OrderAddBody.quantity],
  [MdType.OrderExecuted, OrderExecutedBody.quantity],
  [MdType.OrderReduced, OrderReducedBody.quantity],
);
const SIDE = offsets(
  [MdType.Trade, TradeBody.side],
  [MdType.Level, LevelBody.side],
  [MdType.OrderAdd, OrderAddBody.side],
);
const EVENT = offsets([MdType.Trade, TradeBody.event], [MdType.OrderExecuted, OrderExecutedBody.event]);
const REF = offsets(
  [MdType.OrderAdd, OrderAddBody.ref],
  [MdType.OrderExecuted, OrderExecutedBody.ref],
  [MdType.OrderReduced, OrderReducedBody.ref],
  [MdType.OrderDelete, OrderDeleteBody.ref],
);
const STATUS = offsets([MdType.Definition, DefinitionBody.status], [MdType.Status, StatusBody.status]);

function offsets(...fields: readonly (readonly [type: MdType, inBody: number])[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const [type, inBody] of fields) table[type] = BODY + inBody;
  return table;
}

export class MarketDataReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #from = 0;
  #to = 0;
  /** Where the current message begins; before the first one and in a new packet: its header. */
  #at = 0;
  #index = -1;
  #length = 0;
  #first = 0;
  /** Of the current message: an MdType, or what a later version says. */
  type = 0;

  /** Takes the packet `bytes[from, to)`; next() goes to its first message. */
  bind(bytes: Uint8Array, from: number, to: number): void {
    const { buffer, byteOffset } = bytes;
    if (
      buffer !== this.#view.buffer ||
      byteOffset !== this.#view.byteOffset ||
      bytes.length !== this.#view.byteLength
    )
      this.#view = new DataView(buffer, byteOffset, bytes.length);
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
    this.#at = from;
    this.#length = PacketLayout.bytes;
    this.#index = -1;
    this.#first = getU64(this.#view, from + PacketLayout.first);
    this.type = 0;
  }

  /** Goes to the next message; false: there is none. */
  next(): boolean {
    const at = this.#at + this.#length;
    if (at >= this.#to) return false;
    this.#at = at;
    this.#index++;
    this.#length = this.#view.getUint16(at + LENGTH, true);
    this.type = this.#bytes[at];
    return true;
  }

  // The packet's.

  /** A ChannelKind. */
  get channel(): number {
    return this.#bytes[this.#from + PacketLayout.channel];
  }

  /** PacketFlag bits. */
  get packetFlags(): number {
    return this.#bytes[this.#from + PacketLayout.flags];
  }

  get isSnapshot(): boolean {
    return (this.packetFlags & PacketFlag.Snapshot) !== 0;
  }

  get epoch(): number {
    return getU64(this.#view, this.#from + PacketLayout.epoch);
  }

  /** Of the packet's first message; of the next one where it has none; of a snapshot, what it leads up to. */
  get first(): number {
    return this.#first;
  }

  /** Messages in the packet. */
  get count(): number {
    return this.#view.getUint16(this.#from + PacketLayout.count, true);
  }

  /** Microseconds since 1970, by the publisher's wall clock. */
  get sentAt_us(): number {
    return getU64(this.#view, this.#from + PacketLayout.sentAt);
  }

  /** The packet's number in its snapshot, from 0. */
  get part(): number {
    return this.#view.getUint32(this.#from + PacketLayout.part, true);
  }

  // The current message's.

  /** Of a live packet's message: its number on the channel. */
  get sequence(): number {
    return this.#first + this.#index;
  }

  get isEndOfEvent(): boolean {
    return (this.#bytes[this.#at + MdHeader.flags] & END_OF_EVENT) !== 0;
  }

  get symbol(): number {
    return this.#view.getUint32(this.#at + SYMBOL, true);
  }

  /** Its number among those of its symbol on this channel; 0 in a snapshot. */
  get symbolSequence(): number {
    return getU64(this.#view, this.#at + SYMBOL_SEQUENCE);
  }

  /** Microseconds since 1970 by the log. */
  get timestamp_us(): number {
    return getU64(this.#view, this.#at + TIMESTAMP);
  }

  /** Where the message begins in the bytes that were bound, and how long it is: to copy it as it is. */
  get at(): number {
    return this.#at;
  }

  get length(): number {
    return this.#length;
  }

  /** Trade, Level, OrderAdd, OrderExecuted: ticks. */
  get price(): number {
    const at = PRICE[this.type];
    return at === 0 ? 0 : this.#i64(at);
  }

  /** The price as lanes: the low one as i32. */
  get priceLow(): number {
    const at = PRICE[this.type];
    return at === 0 ? 0 : this.#view.getInt32(this.#at + at, true);
  }

  get priceHigh(): number {
    const at = PRICE[this.type];
    return at === 0 ? 0 : this.#view.getInt32(this.#at + at + 4, true);
  }

  /** Trade, OrderExecuted: lots traded. OrderAdd, OrderReduced: lots open. */
  get quantity(): number {
    return this.#u32By(QUANTITY);
  }

  /** Trade: the aggressor's. Level, OrderAdd: where it is. 0 buy, 1 sell. */
  get side(): number {
    const at = SIDE[this.type];
    return at === 0 ? 0 : this.#bytes[this.#at + at];
  }

  /** Trade, OrderExecuted: the sequence of the engine's event. */
  get eventSequence(): number {
    return this.#u64By(EVENT);
  }

  /** OrderAdd, OrderExecuted, OrderReduced, OrderDelete: the publisher's number of the order. */
  get ref(): number {
    return this.#u64By(REF);
  }

  /** OrderAdd: its place in its queue, 1 for the first. */
  get place(): number {
    return this.#u32Of(MdType.OrderAdd, OrderAddBody.place);
  }

  /** OrderExecuted: what the order has left; 0: it left the book. */
  get leaves(): number {
    return this.#u32Of(MdType.OrderExecuted, OrderExecutedBody.leaves);
  }

  /** Level: lots; 0: the level is gone. */
  get total(): number {
    return this.type === MdType.Level ? this.#u64(BODY + LevelBody.total) : 0;
  }

  /** Level: orders. */
  get orders(): number {
    return this.#u32Of(MdType.Level, LevelBody.orders);
  }

  /** Definition, Status: a InstrumentStatus. */
  get status(): number {
    const at = STATUS[this.type];
    return at === 0 ? 0 : this.#bytes[this.#at + at];
  }

  /** Definition: the instrument's name. Allocates. */
  get name(): string {
    if (this.type !== MdType.Definition) return "";
    const from = this.#at + BODY + DefinitionBody.name;
    let to = from;
    while (to < from + 16 && this.#bytes[to] !== 0) to++;
    return decodeUtf8(this.#bytes.subarray(from, to));
  }

  /** Definition: ticks per unit step. */
  get tick(): number {
    return this.type === MdType.Definition ? this.#u64(BODY + DefinitionBody.tick) : 0;
  }

  /** Definition: displayed units per lot. */
  get lot(): number {
    return this.type === MdType.Definition ? this.#u64(BODY + DefinitionBody.lot) : 0;
  }

  /** Definition: a price is ticks / 10^decimals. */
  get decimals(): number {
    return this.type === MdType.Definition ? this.#bytes[this.#at + BODY + DefinitionBody.decimals] : 0;
  }

  /** TopOfBook: BID_PRESENT and ASK_PRESENT. */
  get present(): number {
    return this.type === MdType.TopOfBook ? this.#bytes[this.#at + BODY + TopOfBookBody.present] : 0;
  }

  /** TopOfBook: ticks; 0 where there is no bid. */
  get bid(): number {
    return this.type === MdType.TopOfBook ? this.#i64(BODY + TopOfBookBody.bid) : 0;
  }

  get ask(): number {
    return this.type === MdType.TopOfBook ? this.#i64(BODY + TopOfBookBody.ask) : 0;
  }

  /** TopOfBook: lots at the best bid. */
  get bidTotal(): number {
    return this.type === MdType.TopOfBook ? this.#u64(BODY + TopOfBookBody.bidTotal) : 0;
  }

  get askTotal(): number {
    return this.type === MdType.TopOfBook ? this.#u64(BODY + TopOfBookBody.askTotal) : 0;
  }

  get bidOrders(): number {
    return this.#u32Of(MdType.TopOfBook, TopOfBookBody.bidOrders);
  }

  get askOrders(): number {
    return this.#u32Of(MdType.TopOfBook, TopOfBookBody.askOrders);
  }

  /** BookChecksum: what bookChecksum of the best levels must give. */
  get crc(): number {
    return this.#u32Of(MdType.BookChecksum, BookChecksumBody.crc);
  }

  /** BookChecksum: how many levels of each side it covers. */
  get checksumLevels(): number {
    return this.type === MdType.BookChecksum ? this.#bytes[this.#at + BODY + BookChecksumBody.levels] : 0;
  }

  /** SnapshotBegin: the sequences that the snapshot leads up to. */
  get nextSymbolSequence(): number {
    return this.type === MdType.SnapshotBegin ? this.#u64(BODY + SnapshotBeginBody.nextSymbolSequence) : 0;
  }

  get nextSequence(): number {
    return this.type === MdType.SnapshotBegin ? this.#u64(BODY + SnapshotBeginBody.nextSequence) : 0;
  }

  /** Conflated: messages left out. */
  get conflated(): number {
    return this.type === MdType.Conflated ? this.#u64(BODY + ConflatedBody.count) : 0;
  }

  /** Statistics: fills `to`. */
  readStatistics(to: DayStatistics): void {
    to.since_us = this.#u64(BODY + StatisticsBody.since);
    to.open = this.#i64(BODY + StatisticsBody.open);
    to.high = this.#i64(BODY + StatisticsBody.high);
    to.low = this.#i64(BODY + StatisticsBody.low);
    to.last = this.#i64(BODY + StatisticsBody.last);
    to.volume = this.#u64(BODY + StatisticsBody.volume);
    to.trades = this.#u64(BODY + StatisticsBody.trades);
  }

  #u32By(table: Uint8Array): number {
    const at = table[this.type];
    return at === 0 ? 0 : this.#view.getUint32(this.#at + at, true);
  }

  #u64By(table: Uint8Array): number {
    const at = table[this.type];
    return at === 0 ? 0 : this.#u64(at);
  }

  #u32Of(type: MdType, inBody: number): number {
    return this.type === type ? this.#view.getUint32(this.#at + BODY + inBody, true) : 0;
  }

  #u64(at: number): number {
    const view = this.#view;
    return fromLanes(view.getUint32(this.#at + at, true), view.getUint32(this.#at + at + 4, true));
  }

  #i64(at: number): number {
    const view = this.#view;
    return fromSignedLanes(view.getInt32(this.#at + at, true), view.getInt32(this.#at + at + 4, true));
  }
}
