// A range of a journal's records for whoever makes something else of them, read without touching the journal, also while a
// node writes it. What is handed over is verified; what the range lacks is said afterwards, when all that is whole was given.

import { SeriatimError } from "../base/index.ts";
import { COMMAND_WORDS } from "../protocol/index.ts";
import { describeScan, type LogFrame, type LogScan } from "../segment/index.ts";
import { type JournalSource, scanSettled } from "./inspect.ts";
import { checkFrame } from "./journal.ts";

/** Positions, both ends included. Without `from`: from the first that is there; without `to`: to the last. */
export interface PositionRange {
  readonly from?: number;
  readonly to?: number;
}

/** Records of one frame, borrowed: valid during the call only. */
export interface RecordRun {
  readonly words: Int32Array;
  /** Of the first record, in words. */
  readonly at: number;
  readonly count: number;
  readonly firstPosition: number;
  readonly epoch: number;
}

export interface ReadRange {
  /** 0 when the range holds nothing. */
  readonly firstPosition: number;
  readonly lastPosition: number;
  /** What of the range was not given, and why; undefined when all of it was, or when `visit` had seen enough. */
  readonly lacks: SeriatimError | undefined;
}

/**
 * Hands the records of `range` to `visit` in order, until it returns false. Throws LOG_RETIRED when `from` is older than what
 * is there, JOURNAL_FOREIGN, JOURNAL_EMPTY, or what the disk says. Read and checked is everything
 * from the segment on that holds `from`.
 */
export function readRecords(
  place: JournalSource,
  range: PositionRange,
  visit: (run: RecordRun) => boolean,
): ReadRange {
  const reader = new RangeReader(place, range, visit);
  const scan = scanSettled(place, () => reader.take, range.from);
  return reader.finish(scan);
}

class RangeReader {
  readonly #range: PositionRange;
  readonly #place: JournalSource;
  readonly #to: number;
  readonly #visit: (run: RecordRun) => boolean;
  #first = 0;
  #next = 0;
  #enough = false;

  constructor(place: JournalSource, range: PositionRange, visit: (run: RecordRun) => boolean) {
    this.#place = place;
    this.#range = range;
    this.#to = range.to ?? Number.POSITIVE_INFINITY;
    this.#visit = visit;
  }

  /** The visitor of every scan: what an earlier one gave is passed over. */
  readonly take = (frame: LogFrame): boolean => {
    checkFrame(frame, this.#place.rules);
    if (this.#next === 0) this.#begin(frame);
    const { words, firstPosition, count, epoch } = frame;
    const first = Math.max(this.#next, firstPosition);
    const last = Math.min(this.#to, firstPosition + count - 1);
    if (first > last) return !this.#enough && firstPosition <= this.#to;
    const at = frame.payloadAt / 4 + (first - firstPosition) * COMMAND_WORDS;
    this.#first ||= first;
    this.#next = last + 1;
    const goesOn = this.#visit({ words, at, count: last - first + 1, firstPosition: first, epoch });
    this.#enough = !goesOn || last === this.#to;
    return !this.#enough;
  };

  #begin({ file, firstPosition }: LogFrame): void {
    this.#next = this.#range.from ?? firstPosition;
    this.#refuseRetired(file, firstPosition);
  }

  #refuseRetired(file: string, firstPosition: number): void {
    const oldest = Math.min(this.#range.from ?? firstPosition, this.#to);
    if (oldest >= firstPosition) return;
    const reason = `the journal begins with position ${firstPosition}: ${oldest} is no longer there`;
    throw new SeriatimError("LOG_RETIRED", `${file}: ${reason}`);
  }

  finish(scan: LogScan): ReadRange {
    // A journal may consist of one segment that has no frame yet.
    const [first] = scan.segments;
    if (this.#next === 0 && first !== undefined) this.#refuseRetired(first.file, scan.firstPosition);
    const lastPosition = this.#first === 0 ? 0 : this.#next - 1;
    return { firstPosition: this.#first, lastPosition, lacks: this.#lacks(scan) };
  }

  #lacks(scan: LogScan): SeriatimError | undefined {
    if (this.#enough) return undefined;
    if (scan.fault !== undefined)
      return new SeriatimError(scan.verdict === "torn" ? "LOG_TORN" : "LOG_CORRUPT", describeScan(scan));
    const { from = 0, to } = this.#range;
    if (to === undefined && from <= scan.lastPosition) return undefined;
    const reason = `${this.#place.directory} ends with position ${scan.lastPosition}, before ${to ?? from}`;
    return new SeriatimError("POSITION_BEYOND_END", reason);
  }
}
