// Writes the state of one symbol as packets of a channel: market-data.md, "Snapshot". The books are read as they are, so it must be
// called between two commands, after the channel's packet at work was sealed.

import { type Checksums, type Clock, highLane, lowLane } from "../../base/index.ts";
import {
  ChannelKind,
  MdType,
  PacketFlag,
  PacketWriter,
  putBookChecksum,
  putBookClear,
  putDefinition,
  putLevel,
  putOrderAdd,
  putSnapshotBegin,
  putSnapshotEnd,
  putStatistics,
  putStatus,
  putTopOfBook,
  Side,
} from "../../protocol/index.ts";
import { BookSummer } from "./book-summer.ts";
import type { Channel } from "./channel.ts";
import type { ChannelSource } from "./channel-source.ts";
import type { DayBook } from "./day-book.ts";
import type { OrderRefs } from "./order-refs.ts";

/** Takes the packet `bytes[from, to)` of a snapshot, lent for the call. */
export type SnapshotTarget = (bytes: Uint8Array, from: number, to: number) => void;

const SIDES = [Side.Buy, Side.Sell] as const;

export class SnapshotWriter {
  readonly #source: ChannelSource;
  readonly #days: DayBook;
  readonly #refs: OrderRefs | undefined;
  readonly #sums: BookSummer;
  readonly #clock: Clock;
  readonly #writer: PacketWriter;
  #part = 0;

  constructor(
    source: ChannelSource,
    days: DayBook,
    refs: OrderRefs | undefined,
    clock: Clock,
    checksums: Checksums,
  ) {
    this.#source = source;
    this.#days = days;
    this.#refs = refs;
    this.#sums = new BookSummer(source);
    this.#clock = clock;
    this.#writer = new PacketWriter(checksums);
  }

  write(channel: Channel, symbol: number, target: SnapshotTarget): void {
    const writer = this.#writer;
    const { timestamp_us, instruments } = this.#source;
    const status = this.#source.statusOf(symbol);
    writer.timestampLow = lowLane(timestamp_us) | 0;
    writer.timestampHigh = highLane(timestamp_us);
    this.#part = 0;
    this.#begin(channel);
    putSnapshotBegin(writer, symbol, channel.symbolNext(symbol), channel.next);
    putDefinition(writer, symbol, 0, instruments[symbol], status);
    putStatus(writer, symbol, 0, status);
    this.#putBook(channel, symbol, target);
    this.#room(MdType.Statistics, channel, target);
    putStatistics(writer, symbol, 0, this.#days.of(symbol));
    if (channel.kind !== ChannelKind.Top) {
      this.#room(MdType.BookChecksum, channel, target);
      putBookChecksum(writer, symbol, 0, this.#sums.of(symbol));
    }
    this.#room(MdType.SnapshotEnd, channel, target);
    putSnapshotEnd(writer, symbol);
    writer.endEvent();
    writer.flag(PacketFlag.SnapshotLast);
    this.#emit(target);
  }

  #putBook(channel: Channel, symbol: number, target: SnapshotTarget): void {
    if (channel.kind === ChannelKind.Top) return this.#putTop(symbol);
    putBookClear(this.#writer, symbol, 0);
    if (channel.kind === ChannelKind.Levels) return this.#putLevels(channel, symbol, target);
    this.#putOrders(channel, symbol, target);
  }

  #putTop(symbol: number): void {
    const [bid, ask] = [new Float64Array(3), new Float64Array(3)];
    this.#source.readLevels(symbol, Side.Buy, 1, bid);
    this.#source.readLevels(symbol, Side.Sell, 1, ask);
    putTopOfBook(this.#writer, symbol, 0, bid, ask);
  }

  #putLevels(channel: Channel, symbol: number, target: SnapshotTarget): void {
    const level = new Float64Array(3);
    for (const side of SIDES)
      this.#source.forEachLevel(symbol, side, Number.POSITIVE_INFINITY, (price, total, orders) => {
        this.#room(MdType.Level, channel, target);
        level[0] = price;
        level[1] = total;
        level[2] = orders;
        putLevel(this.#writer, symbol, 0, side, level);
      });
  }

  #putOrders(channel: Channel, symbol: number, target: SnapshotTarget): void {
    const refs = this.#refs as OrderRefs;
    let before = -1;
    let place = 0;
    this.#source.forEachOrder(symbol, ({ account, idLow, idHigh, side, price, quantity }) => {
      // A level's two sides never have one price: a book isn't crossed.
      place = price === before ? place + 1 : 1;
      before = price;
      this.#room(MdType.OrderAdd, channel, target);
      const ref = refs.find(account, symbol, idLow, idHigh);
      putOrderAdd(this.#writer, symbol, 0, ref, lowLane(price), highLane(price), quantity, place, side);
    });
  }

  #room(type: MdType, channel: Channel, target: SnapshotTarget): void {
    if (this.#writer.fits(type)) return;
    this.#emit(target);
    this.#begin(channel);
  }

  #begin({ kind, epoch, next }: Channel): void {
    this.#writer.begin(kind, PacketFlag.Snapshot, epoch, next, this.#part++);
  }

  #emit(target: SnapshotTarget): void {
    const length = this.#writer.seal(this.#clock.wallMicros());
    target(this.#writer.bytes, 0, length);
  }
}
