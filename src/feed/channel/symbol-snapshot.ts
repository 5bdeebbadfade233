// The state of one symbol as packets of a channel (market-data.md, "Snapshot"): copied when it is made, between two commands and
// with nothing unsealed on the channel, and written piece by piece whenever there is time for it.

import { type Clock, highLane, lowLane } from "../../base/index.ts";
import {
  ChannelKind,
  type DayStatistics,
  type Instrument,
  type InstrumentStatus,
  MdType,
  PacketFlag,
  type PacketWriter,
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
} from "../../protocol/index.ts";
import type { DayBook } from "../day-book.ts";
import type { SnapshotPieces } from "../serving/served-channel.ts";
import { BookCopy } from "./book-copy.ts";
import type { BookSummer } from "./book-summer.ts";
import type { Channel } from "./channel.ts";
import type { ChannelSource } from "./channel-source.ts";
import type { OrderRefs } from "./order-refs.ts";

/** Takes the packet `bytes[from, to)` of a snapshot, lent for the call. */
type SnapshotTarget = (bytes: Uint8Array, from: number, to: number) => void;

/** What all snapshots of a publisher are made with. */
export interface SnapshotParts {
  readonly source: ChannelSource;
  readonly days: DayBook;
  readonly refs: OrderRefs | undefined;
  readonly sums: BookSummer;
  readonly clock: Clock;
  /** Between two calls it holds nothing. */
  readonly writer: PacketWriter;
}

export class SymbolSnapshot implements SnapshotPieces {
  readonly #writer: PacketWriter;
  readonly #clock: Clock;
  readonly #symbol: number;
  readonly #kind: ChannelKind;
  readonly #epoch: number;
  readonly #next: number;
  readonly #symbolNext: number;
  readonly #timestamp_us: number;
  readonly #instrument: Instrument;
  readonly #status: InstrumentStatus;
  readonly #day: DayStatistics;
  readonly #sum: number;
  readonly #book: BookCopy;
  readonly #level = new Float64Array(3);
  #part = 0;
  // What is written next: a level, and of a channel of orders one of its orders.
  #nextLevel = 0;
  #nextOrder = 0;
  #place = 0;
  #hasStatistics = false;
  #hasSum: boolean;

  constructor(parts: SnapshotParts, channel: Channel, symbol: number) {
    const { source, days, refs, sums } = parts;
    this.#writer = parts.writer;
    this.#clock = parts.clock;
    this.#symbol = symbol;
    this.#kind = channel.kind;
    this.#epoch = channel.epoch;
    this.#next = channel.next;
    this.#symbolNext = channel.symbolNext(symbol);
    this.#timestamp_us = source.timestamp_us;
    this.#instrument = source.instruments[symbol];
    this.#status = source.statusOf(symbol);
    this.#day = { ...days.of(symbol) };
    this.#hasSum = channel.kind === ChannelKind.Top;
    this.#sum = this.#hasSum ? 0 : sums.of(symbol);
    const most = channel.kind === ChannelKind.Top ? 1 : Number.POSITIVE_INFINITY;
    this.#book = new BookCopy(source, symbol, channel.kind === ChannelKind.Orders ? refs : undefined, most);
  }

  get copied_bytes(): number {
    return this.#book.bytes;
  }

  write(max_bytes: number, target: SnapshotTarget): boolean {
    const writer = this.#writer;
    writer.timestampLow = lowLane(this.#timestamp_us) | 0;
    writer.timestampHigh = highLane(this.#timestamp_us);
    for (let left = max_bytes, isLast = false; left > 0; ) {
      writer.begin(this.#kind, PacketFlag.Snapshot, this.#epoch, this.#next, this.#part);
      if (this.#part++ === 0) this.#putHead();
      isLast = this.#putBook() && this.#putTail();
      if (isLast) writer.flag(PacketFlag.SnapshotLast);
      const length = writer.seal(this.#clock.wallMicros());
      target(writer.bytes, 0, length);
      if (isLast) return true;
      left -= length;
    }
    return false;
  }

  #putHead(): void {
    const writer = this.#writer;
    const symbol = this.#symbol;
    putSnapshotBegin(writer, symbol, this.#symbolNext, this.#next);
    putDefinition(writer, symbol, 0, this.#instrument, this.#status);
    putStatus(writer, symbol, 0, this.#status);
    if (this.#kind !== ChannelKind.Top) return putBookClear(writer, symbol, 0);
    const [bid, ask] = [new Float64Array(3), new Float64Array(3)];
    const { bids, count } = this.#book;
    if (bids > 0) this.#book.read(0, bid);
    if (count > bids) this.#book.read(bids, ask);
    putTopOfBook(writer, symbol, 0, bid, ask);
  }

  /** As much of the book as the packet takes; whether it is through. */
  #putBook(): boolean {
    if (this.#kind === ChannelKind.Top) return true;
    const put = this.#kind === ChannelKind.Levels ? this.#putLevel : this.#putOrder;
    const type = this.#kind === ChannelKind.Levels ? MdType.Level : MdType.OrderAdd;
    while (this.#nextLevel < this.#book.count) {
      if (!this.#writer.fits(type)) return false;
      put();
    }
    return true;
  }

  readonly #putLevel = (): void => {
    const book = this.#book;
    book.read(this.#nextLevel, this.#level);
    putLevel(this.#writer, this.#symbol, 0, book.sideOf(this.#nextLevel), this.#level);
    this.#nextLevel++;
  };

  readonly #putOrder = (): void => {
    const { refs, quantities } = this.#book;
    const [level, order] = [this.#nextLevel, this.#nextOrder++];
    const price = this.#book.priceOf(level);
    const [low, high, side] = [lowLane(price), highLane(price), this.#book.sideOf(level)];
    putOrderAdd(
      this.#writer,
      this.#symbol,
      0,
      refs[order],
      low,
      high,
      quantities[order],
      ++this.#place,
      side,
    );
    if (this.#place < this.#book.ordersOf(level)) return;
    this.#place = 0;
    this.#nextLevel++;
  };

  /** What comes behind the book, as much of it as the packet takes; whether that is all. */
  #putTail(): boolean {
    const writer = this.#writer;
    if (!this.#hasStatistics) {
      if (!writer.fits(MdType.Statistics)) return false;
      putStatistics(writer, this.#symbol, 0, this.#day);
      this.#hasStatistics = true;
    }
    if (!this.#hasSum) {
      if (!writer.fits(MdType.BookChecksum)) return false;
      putBookChecksum(writer, this.#symbol, 0, this.#sum);
      this.#hasSum = true;
    }
    if (!writer.fits(MdType.SnapshotEnd)) return false;
    putSnapshotEnd(writer, this.#symbol);
    writer.endEvent();
    return true;
  }
}
