// Reads a topic's log for its subscribers, on another thread than the one that writes it: finds a record, a time, the end, and reads
// whole batches from there on. The caller says how far the log is written; nothing behind that is believed, so
// whatever is not whole up to there is damage, never a write under way.
//
//   Segments are found by their heads (log2 of them are read, once), frames in them by a sparse index.
//   Bounds: `filesMax` open files, an index for each of INDEXES segments.

import { SeriatimError } from "../../base/index.ts";
import type { TapeMemory } from "../../protocol/index.ts";
import { type LogPlace, SECTOR_BYTES } from "../../segment/index.ts";
import { BatchRun } from "./batch-run.ts";
import { corruptSegment, type OpenSegmentFile, SegmentFiles } from "./segment-files.ts";
import type { SegmentHead } from "./segment-head.ts";
import { SegmentIndex } from "./segment-index.ts";
import type { RecordsGone, TopicCursor, TopicEnd } from "./topic-cursor.ts";
import { type TopicPlace, topicLogPlace } from "./topic-place.ts";

const FILES_MAX = 4;
/** Segments that an index is kept of, at most 64 entries each. */
const INDEXES = 256;
/** The oldest segment may be removed while it is looked at, and the next one after it. */
const LOOKS_MAX = 8;

export interface TopicTarget {
  /** The batch that holds a record; the first batch committed at or after a time; the entry at a position. */
  readonly kind: "record" | "time" | "position";
  readonly value: number;
}

export interface ReadBatchesResult {
  /** Whole batches back to back at the start of the memory; 0: there is none yet. */
  readonly bytes: number;
  readonly batches: number;
  /** Where to read on. */
  readonly cursor: TopicCursor;
}

export class TopicReader {
  readonly #log: LogPlace;
  readonly #files: SegmentFiles;
  readonly #indexes = new Map<number, SegmentIndex>();

  constructor(place: TopicPlace, filesMax = FILES_MAX) {
    this.#log = topicLogPlace(place);
    this.#files = new SegmentFiles(this.#log, filesMax);
  }

  /**
   * Where reading from `target` begins; `end` itself when it lies behind it. Throws LOG_CORRUPT, or what the disk says: ENOENT
   * when the topic is gone.
   */
  locate(target: TopicTarget, end: TopicEnd): TopicCursor | RecordsGone {
    const { kind, value } = target;
    const { nextPosition: position, nextRecord: record } = end;
    const behind: TopicCursor = { position, record, segment: 0, offset: 0, frameEnd: 0 };
    if (kind === "record" ? value >= record : kind === "position" && value >= position) return behind;
    const begins = this.#segmentOf(target, position);
    if ("oldestRecord" in begins) return begins;
    return this.#unlessGone(begins.number, () => {
      const segment = this.#files.open(begins.number);
      if (segment === undefined) return this.#gone();
      if (kind !== "time") return this.#within(segment, kind, value, position);
      const found = this.#fromTime(segment, value, position);
      // Of a segment that was removed meanwhile nothing was seen.
      return found ?? (this.#isGone(begins.number) ? this.#gone() : behind);
    });
  }

  #within(segment: OpenSegmentFile, kind: "record" | "position", value: number, bound: number): TopicCursor {
    const key = kind === "record" ? "firstRecord" : kind;
    const entry = this.#indexOf(segment).lastAtMost(segment, key, value, bound);
    // Entries without batches may lie before it.
    const found = entry ?? { offset: SECTOR_BYTES, position: segment.firstPosition };
    const wanted = kind === "record" ? value : 0;
    return {
      position: found.position,
      record: wanted,
      segment: segment.number,
      offset: found.offset,
      frameEnd: 0,
    };
  }

  /** The first batch committed at or after `time_us`, from this segment on. */
  #fromTime(from: OpenSegmentFile, time_us: number, bound: number): TopicCursor | undefined {
    for (
      let segment: OpenSegmentFile | undefined = from;
      segment !== undefined && segment.firstPosition < bound;
    ) {
      const index = this.#indexOf(segment);
      const before = index.lastAtMost(segment, "time_us", time_us - 1, bound);
      const found = index.next(segment, before, bound);
      if (found !== undefined) {
        const { position, firstRecord, offset } = found;
        return { position, record: firstRecord, segment: segment.number, offset, frameEnd: 0 };
      }
      segment = this.#files.open(segment.number + 1);
    }
    return undefined;
  }

  /** The newest segment that does not begin behind the target. */
  #segmentOf({ kind, value }: TopicTarget, bound: number): SegmentHead | RecordsGone {
    const isAtOrBefore = (head: SegmentHead | undefined): boolean => {
      if (head === undefined || head.firstPosition >= bound) return false;
      if (kind === "time") return head.before_us < value;
      return (kind === "record" ? head.firstRecord : head.firstPosition) <= value;
    };
    for (let look = 0; look < LOOKS_MAX; look++) {
      const numbers = this.#files.list();
      const oldest = this.#headOfOldest(numbers);
      if (oldest === undefined) continue;
      let low = 0;
      for (let high = numbers.length; high - low > 1; ) {
        const middle = (low + high) >>> 1;
        if (isAtOrBefore(this.#files.head(numbers[middle]))) low = middle;
        else high = middle;
      }
      if (low === 0 && kind !== "time" && !isAtOrBefore(oldest)) return { oldestRecord: oldest.firstRecord };
      const found = this.#files.head(numbers[low]);
      if (found !== undefined) return found;
    }
    throw corruptSegment(this.#log, this.#files.list()[0] ?? 1, "no segment begins with a checkpoint");
  }

  #headOfOldest(numbers: readonly number[]): SegmentHead | undefined {
    return numbers.length === 0 ? undefined : this.#files.head(numbers[0]);
  }

  /**
   * Reads whole batches from `cursor` on, of the positions below `nextPosition`, into the start of `into`, which holds the longest
   * batch: as many as fit `atMost` bytes, at least one when there is one. Each is checked: both halves of its header, its
   * payload's CRC32C, its place. What is whole in front of damage is handed out; the read that begins at it throws LOG_CORRUPT
   * (file, offset, reason), or what the disk says.
   */
  read(
    cursor: TopicCursor,
    nextPosition: number,
    into: TapeMemory,
    atMost: number,
  ): ReadBatchesResult | RecordsGone {
    let found = this.#readFrom(cursor, nextPosition, into, atMost);
    // A place at the end of a segment goes with it; its record is in the one behind, and may be there.
    for (let look = 1; look < LOOKS_MAX && isBehindGone(found, cursor); look++) {
      const target = { kind: "record", value: cursor.record } as const;
      const again = this.locate(target, { nextPosition, nextRecord: cursor.record + 1 });
      found = "oldestRecord" in again ? again : this.#readFrom(again, nextPosition, into, atMost);
    }
    return found;
  }

  #readFrom(
    cursor: TopicCursor,
    nextPosition: number,
    into: TapeMemory,
    atMost: number,
  ): ReadBatchesResult | RecordsGone {
    if (cursor.position >= nextPosition) return { bytes: 0, batches: 0, cursor };
    const start = cursor.segment === 0 ? this.#resolve(cursor, nextPosition) : cursor;
    if ("oldestRecord" in start) return start;
    return this.#unlessGone(start.segment, () => {
      const run = new BatchRun(start, nextPosition, into, atMost, this.#log.checksums);
      try {
        return this.#readSegments(run);
      } catch (error) {
        if (run.batches === 0 || !isDamage(error)) throw error;
        return run.result();
      }
    });
  }

  #readSegments(run: BatchRun): ReadBatchesResult | RecordsGone {
    for (;;) {
      const segment = this.#files.open(run.segment);
      if (segment === undefined) return run.batches > 0 ? run.result() : this.#missing(run.segment);
      if (!run.readFrom(segment)) return run.result();
    }
  }

  /** Of a record that can't be read: the first one of the next segment, where readers can go on; undefined: there is none below the end. */
  readableBehind(record: number, end: TopicEnd): number | undefined {
    const damaged = this.#segmentOf({ kind: "record", value: record }, end.nextPosition);
    if ("oldestRecord" in damaged) return damaged.oldestRecord;
    const next = this.#files.head(damaged.number + 1);
    return next !== undefined && next.firstPosition < end.nextPosition ? next.firstRecord : undefined;
  }

  /** What `look` finds in segment `number` and behind it; when that was removed meanwhile its file may be another's, and no damage. */
  #unlessGone<T>(number: number, look: () => T): T | RecordsGone {
    try {
      return look();
    } catch (error) {
      if (!isDamage(error)) throw error;
      if (!this.#isGone(number)) throw error;
      return this.#gone();
    }
  }

  #isGone(number: number): boolean {
    return this.#files.list()[0] > number;
  }

  #resolve(cursor: TopicCursor, nextPosition: number): TopicCursor | RecordsGone {
    const { position, record } = cursor;
    const found = this.locate({ kind: "position", value: position }, { nextPosition, nextRecord: record });
    return "oldestRecord" in found ? found : { ...found, record };
  }

  #missing(number: number): RecordsGone {
    if (this.#isGone(number)) return this.#gone();
    throw corruptSegment(this.#log, number, `segment ${number} is missing`);
  }

  #gone(): RecordsGone {
    for (let look = 0; look < LOOKS_MAX; look++) {
      const oldest = this.#headOfOldest(this.#files.list());
      if (oldest !== undefined) return { oldestRecord: oldest.firstRecord };
    }
    throw corruptSegment(this.#log, this.#files.list()[0] ?? 1, "it has no checkpoint");
  }

  #indexOf({ number, firstPosition }: OpenSegmentFile): SegmentIndex {
    const index = this.#indexes.get(number) ?? new SegmentIndex(firstPosition);
    this.#indexes.delete(number);
    this.#indexes.set(number, index);
    const [idlest] = this.#indexes.keys();
    if (this.#indexes.size > INDEXES) this.#indexes.delete(idlest);
    return index;
  }

  /** Gives its files back; reading opens them anew. */
  close(): void {
    this.#files.close();
  }
}

/** What went lay before the record that `cursor` wants. */
function isBehindGone(found: ReadBatchesResult | RecordsGone, { record }: TopicCursor): boolean {
  return "oldestRecord" in found && found.oldestRecord <= record;
}

function isDamage(error: unknown): boolean {
  return error instanceof SeriatimError && error.code === "LOG_CORRUPT";
}
