// A snapshot on its way: what it is wanted for, whether a packet is the next part of the run of packets it comes in, and what of it is told.
// A run is told while it comes, and broken off by a part that is missing: the next one begins at part 0. What it has told until then is of
// symbols that count as stale until a run is through.
//
//   wanted for   told                              the channel goes on
//   everything   all but what is known newer       where the run leads up to
//   stale ones   the symbols that are stale        where it was: the others lost nothing
//
// One run at a time: two sources may send one each, and the parts of one say nothing of the other. A stream's takes over: it loses none.

import { type MarketDataReader, MdType } from "../../protocol/index.ts";
import { type ChannelFigures, Source } from "./figures.ts";
import { type MarketDataListener, tell } from "./listener.ts";
import type { SymbolGate } from "./symbol-gate.ts";

export const Want = { Nothing: 0, StaleSymbols: 1, Everything: 2 } as const;
export type Want = (typeof Want)[keyof typeof Want];

export class SnapshotRun {
  wanted: Want = Want.Nothing;
  /** A subscription was asked for, and nothing has shown yet where it begins. */
  mayAnswer = false;
  readonly #figures: ChannelFigures;
  readonly #gate: SymbolGate;
  readonly #listener: MarketDataListener;
  #source: Source | -1 = -1;
  #first = 0;
  #part = 0;
  // Of the symbol whose messages follow: passed over; its book is not what the snapshot says; what it leads up to.
  #isSkipped = false;
  #isUnsound = false;
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

  clear(): void {
    this.restart();
    this.wanted = Want.Nothing;
    this.mayAnswer = false;
  }

  /** Whether the packet that `reader` is bound to is the part to be told now. */
  takes(source: Source, { first, part }: MarketDataReader): boolean {
    const isOfThis = source === this.#source && first === this.#first;
    if (isOfThis && part < this.#part) return false;
    const mayBegin = this.#source === -1 || this.#source === source || source === Source.Stream;
    const isBegin = part === 0 && mayBegin;
    if (isBegin) {
      this.#source = source;
      this.#first = first;
      this.#isSkipped = false;
    } else if (!isOfThis || part !== this.#part) {
      if (source === this.#source) this.restart();
      return false;
    }
    this.#part = part + 1;
    return true;
  }

  /** Tells the packet that `reader` is bound to. */
  tell(reader: MarketDataReader): void {
    this.#listener.sentAt_us = reader.sentAt_us;
    while (reader.next()) {
      if (reader.type === MdType.SnapshotBegin) this.#begin(reader.symbol, reader.nextSymbolSequence);
      else if (this.#isSkipped) continue;
      else if (reader.type === MdType.SnapshotEnd) this.#end(reader.symbol);
      else this.#tellOne(reader);
    }
  }

  #begin(symbol: number, next: number): void {
    const isWanted = this.wanted === Want.Everything || this.#gate.isStale(symbol);
    this.#isSkipped = !isWanted || !this.#gate.begin(symbol, next);
    this.#isUnsound = false;
    this.#symbolSequence = next - 1;
  }

  #tellOne(reader: MarketDataReader): void {
    if (reader.type === MdType.BookChecksum) this.#figures.checksums++;
    if (!tell(reader, this.#listener, this.#symbolSequence)) this.#isUnsound = true;
  }

  #end(symbol: number): void {
    if (this.#isUnsound) {
      this.#figures.mismatches++;
      if (!this.#gate.isStale(symbol)) this.#listener.symbolStale(symbol, true);
      this.#gate.setStale(symbol);
    } else if (this.#gate.isStale(symbol)) {
      this.#gate.end(symbol);
      this.#listener.symbolStale(symbol, false);
    }
  }
}
