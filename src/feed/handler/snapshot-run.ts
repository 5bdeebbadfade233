// A snapshot on its way: which symbols are wanted, and whether a packet is the next part of the run of packets it comes in. A run is told
// while it comes, and broken off by a part that is missing: the next one begins at part 0. What it has told until then is of symbols that
// count as stale until a run is through.
//
// One run at a time: two sources may send one each, and the parts of one say nothing of the other.

import { EVERY_SYMBOL } from "../../protocol/index.ts";
import type { Source } from "./figures.ts";

/** No symbol: nothing is wanted. */
export const NONE_WANTED = -1;
export const ALL_SYMBOLS_WANTED = EVERY_SYMBOL;

export class SnapshotRun {
  wanted = NONE_WANTED;
  /** A subscription was asked for, and nothing has shown yet where it begins. */
  mayAnswer = false;
  /** The symbol whose messages follow has newer ones already. */
  isSkipping = false;
  /** Of the symbol whose messages follow: the sequence that they lead up to. */
  symbolSequence = 0;
  /** The listener's book of the symbol is not what the snapshot says. */
  isUnsound = false;
  #source: Source | -1 = -1;
  #first = 0;
  #part = 0;

  /** `symbol`, besides what is wanted already. */
  want(symbol: number): void {
    const isOther = this.wanted !== NONE_WANTED && this.wanted !== symbol;
    this.wanted = isOther ? ALL_SYMBOLS_WANTED : symbol;
  }

  expectAnswer(): void {
    this.mayAnswer = true;
  }

  /** What was subscribed to goes on without a snapshot. */
  answered(): void {
    this.mayAnswer = false;
  }

  /** A run is asked for anew: whichever comes first counts. */
  restart(): void {
    this.#source = -1;
  }

  clear(): void {
    this.restart();
    this.wanted = NONE_WANTED;
    this.mayAnswer = false;
    this.isSkipping = false;
  }

  /** Whether the packet `part` of a run that leads up to `first` is the one to be told now. */
  takes(source: Source, first: number, part: number): boolean {
    const isOfThis = source === this.#source && first === this.#first;
    if (isOfThis && part < this.#part) return false;
    if (part === 0 && (this.#source === -1 || this.#source === source)) {
      this.#source = source;
      this.#first = first;
      this.#part = 1;
      this.isSkipping = false;
      return true;
    }
    if (isOfThis && part === this.#part) {
      this.#part++;
      return true;
    }
    if (source === this.#source) this.restart();
    return false;
  }
}
