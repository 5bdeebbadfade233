// A snapshot on its way: what it is wanted for, whether a packet is a part of the run of packets it comes in, and what of it is told. A run
// is told while it comes, part after part; parts that come early wait. What it has told until it is whole is of symbols that count as
// stale until then. A part that is lost may come with the next round, if nothing has happened in between: else that is another run.
//
//   wanted for   told                              the channel goes on
//   everything   all but what is known newer       where the run leads up to
//   stale ones   the symbols that are stale        where it was: the others lost nothing
//
// One run at a time: two sources may send one each, and the parts of one say nothing of the other. A stream's takes over: it loses none,
// so that a part of it which comes early is of another run, however equal the two say they are. A symbol that the run before had told
// in part is stale from then on: whatever the next one says of it is taken, also when it is older.
// Bounds: EARLY_PARTS that wait; one more is dropped like one that is lost.

import { type MarketDataReader, MdType, PacketFlag } from "../../protocol/index.ts";
import { type ChannelFigures, PacketSource } from "./figures.ts";
import { type MarketDataListener, tell } from "./listener.ts";
import { PacketWindow } from "./packet-window.ts";
import type { SymbolGate } from "./symbol-gate.ts";

export const Want = { Nothing: 0, StaleSymbols: 1, Everything: 2 } as const;
export type Want = (typeof Want)[keyof typeof Want];

/** What becomes of a part: nothing for now, it and maybe others are told, or that was the last. */
export const PartOutcome = { None: 0, Told: 1, Whole: 2 } as const;
export type PartOutcome = (typeof PartOutcome)[keyof typeof PartOutcome];

const NO_SYMBOL = -1;
/** A network swaps neighbours, not more: 90 kB. */
const EARLY_PARTS = 64;

export class SnapshotRun {
  wanted: Want = Want.Nothing;
  /** A subscription was asked for, and nothing has shown yet where it begins. */
  mayAnswer = false;
  readonly #figures: ChannelFigures;
  readonly #gate: SymbolGate;
  readonly #listener: MarketDataListener;
  #source: PacketSource | -1 = -1;
  #first = 0;
  /** The part that is told next. */
  #part = 0;
  readonly #early = new PacketWindow(EARLY_PARTS);
  /** Symbols of the run so far, and whether the listener's book of one is not what it says. */
  #symbols = 0;
  isUnsound = false;
  /** Messages of its symbols that nobody was told, and those of the runs that were left for this one. */
  passed = 0;
  /** Questions for a single symbol on this connection whose answer has not come. */
  singlesAsked = 0;
  // Of the symbol whose messages follow: passed over; its book is not what the snapshot says; what it leads up to.
  #isSkipped = false;
  #isUnsound = false;
  /** The symbol, while it is told in part. */
  #open = NO_SYMBOL;
  #symbolSequence = 0;

  constructor(figures: ChannelFigures, gate: SymbolGate, listener: MarketDataListener) {
    this.#figures = figures;
    this.#gate = gate;
    this.#listener = listener;
  }

  /** Wants that too. */
  want(want: Want): void {
    if (want > this.wanted) this.wanted = want;
  }

  /** Whichever run begins next counts. */
  restart(): void {
    this.#source = -1;
  }

  /** The connection is gone: what the next one brings is another run. */
  streamEnded(): void {
    if (this.#source === PacketSource.Stream) this.restart();
  }

  clear(): void {
    this.restart();
    this.#open = NO_SYMBOL;
    this.wanted = Want.Nothing;
    this.mayAnswer = false;
    this.passed = 0;
  }

  /** Of a whole run: whether it is one of all symbols, and not the answer to what was asked of a single one. Asked once of each run. */
  isOfAll(): boolean {
    if (this.#symbols !== 1 || this.singlesAsked === 0) return true;
    this.singlesAsked--;
    return false;
  }

  /** Takes the packet `bytes[from, to)`, which `reader` is bound to. */
  take(
    source: PacketSource,
    reader: MarketDataReader,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): PartOutcome {
    const { part } = reader;
    if (!this.#follow(source, reader.first) || part < this.#part) return PartOutcome.None;
    const early = this.#early;
    if (part > this.#part) {
      if (source !== PacketSource.Stream && !early.isFull) early.put(bytes, from, to, part, part + 1, 0);
      return PartOutcome.None;
    }
    let isLast = this.#tell(reader);
    while (!isLast && early.count > 0 && early.first(0) <= this.#part) {
      reader.bind(early.bytes(0), early.at(0), early.at(0) + early.length(0));
      if (reader.part === this.#part) isLast = this.#tell(reader);
      early.removeFirst();
    }
    return isLast ? PartOutcome.Whole : PartOutcome.Told;
  }

  /** Whether the run of `source` that leads up to `first` is the one that is followed, from now on if need be. */
  #follow(source: PacketSource, first: number): boolean {
    if (source === this.#source && first === this.#first) return true;
    const isLate = source === this.#source && first < this.#first;
    const mayBegin = this.#source === -1 || source === this.#source || source === PacketSource.Stream;
    if (isLate || !mayBegin) return false;
    this.#leaveOpen();
    this.#source = source;
    this.#first = first;
    this.#part = 0;
    this.#symbols = 0;
    this.isUnsound = false;
    this.#early.clear();
    return true;
  }

  #leaveOpen(): void {
    const symbol = this.#open;
    this.#open = NO_SYMBOL;
    if (symbol === NO_SYMBOL || this.#gate.isStale(symbol)) return;
    this.#gate.setStale(symbol);
    this.#listener.symbolStale(symbol, true);
  }

  /** Whether it was the last part. */
  #tell(reader: MarketDataReader): boolean {
    this.#part++;
    this.#listener.sentAt_us = reader.sentAt_us;
    while (reader.next()) {
      if (reader.type === MdType.SnapshotBegin) this.#begin(reader.symbol, reader.nextSymbolSequence);
      else if (this.#isSkipped) continue;
      else if (reader.type === MdType.SnapshotEnd) this.#end(reader.symbol);
      else this.#tellOne(reader);
    }
    return (reader.packetFlags & PacketFlag.SnapshotLast) !== 0;
  }

  #begin(symbol: number, next: number): void {
    const isWanted = this.wanted === Want.Everything || this.#gate.isStale(symbol);
    const passed = isWanted ? this.#gate.begin(symbol, next) : -1;
    this.#isSkipped = passed < 0;
    if (passed > 0) this.passed += passed;
    this.#isUnsound = false;
    this.#open = this.#isSkipped ? NO_SYMBOL : symbol;
    this.#symbols++;
    this.#symbolSequence = next - 1;
  }

  #tellOne(reader: MarketDataReader): void {
    if (reader.type === MdType.BookChecksum) this.#figures.checksums++;
    if (!tell(reader, this.#listener, this.#symbolSequence)) this.#isUnsound = true;
  }

  #end(symbol: number): void {
    this.#open = NO_SYMBOL;
    if (this.#isUnsound) {
      this.isUnsound = true;
      this.#figures.mismatches++;
      if (!this.#gate.isStale(symbol)) this.#listener.symbolStale(symbol, true);
      this.#gate.setStale(symbol);
    } else if (this.#gate.isStale(symbol)) {
      this.#gate.end(symbol);
      this.#listener.symbolStale(symbol, false);
    }
  }
}
