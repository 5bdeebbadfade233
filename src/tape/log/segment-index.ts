// Where in a segment a record, a time or a position is: every so many bytes one frame of batches is remembered, as far as somebody
// has looked, and from there on frames are passed over by their headers. What is remembered never changes, because nothing
// behind a bound that the writer has named is looked at.

import type { SeriatimError } from "../../base/index.ts";
import { readLogPart, TapeBatch, TapeType, tapeTypeAt } from "../../protocol/index.ts";
import {
  ChunkReader,
  claimedFrameBytes,
  FRAME_HEADER_BYTES,
  readFrameFields,
  SECTOR_BYTES,
} from "../../segment/index.ts";
import { corruptAt, type OpenSegmentFile } from "./segment-files.ts";

/** Between two frames that are remembered: 64 of a segment of 64 MiB, and at most as much to pass over. */
const SPACING_BYTES = 1024 * 1024;
/** Read at once while frames are passed over. */
const CHUNK_BYTES = 64 * 1024;

/** A frame of batches, or where the next one would be. */
export interface IndexEntry {
  readonly offset: number;
  readonly position: number;
  /** The first record of its first batch. */
  readonly firstRecord: number;
  readonly time_us: number;
}

/** Which key an entry is asked by. All three only grow from frame to frame. */
export type IndexKey = "position" | "firstRecord" | "time_us";

export class SegmentIndex {
  readonly #entries: IndexEntry[] = [];
  /** Behind the last frame that was looked at. */
  #offset = SECTOR_BYTES;
  #position: number;

  constructor(firstPosition: number) {
    this.#position = firstPosition;
  }

  /**
   * The last frame of batches whose `key` is at most `value`, among the positions below `bound` and in front of any damage, which
   * who reads on from there meets in its turn; undefined when there is none.
   */
  lastAtMost(segment: OpenSegmentFile, key: IndexKey, value: number, bound: number): IndexEntry | undefined {
    this.#extend(segment, key, value, bound);
    let found: IndexEntry | undefined;
    for (const entry of this.#entries) {
      if (entry[key] > value || entry.position >= bound) break;
      found = entry;
    }
    if (found === undefined) return undefined;
    const start = { offset: found.offset, position: found.position };
    walk(segment, start, bound, (entry) => {
      if (entry[key] > value) return false;
      found = entry;
      return true;
    });
    return found;
  }

  /** The first frame of batches behind that one; undefined when there is none below `bound`. Throws LOG_CORRUPT. */
  next(segment: OpenSegmentFile, after: IndexEntry | undefined, bound: number): IndexEntry | undefined {
    const first = { offset: SECTOR_BYTES, position: segment.firstPosition };
    let next: IndexEntry | undefined;
    const { damage } = walk(segment, after ?? first, bound, (entry) => {
      if (entry.position === after?.position) return true;
      next = entry;
      return false;
    });
    if (damage !== undefined) throw damage;
    return next;
  }

  /** Looks on from where it stopped, and remembers, until the key is passed. */
  #extend(segment: OpenSegmentFile, key: IndexKey, value: number, bound: number): void {
    const last = this.#entries.at(-1);
    if (last !== undefined && last[key] > value) return;
    const start = { offset: this.#offset, position: this.#position };
    const end = walk(segment, start, bound, (entry) => {
      const before = this.#entries.at(-1);
      if (before === undefined || entry.offset - before.offset >= SPACING_BYTES) this.#entries.push(entry);
      return entry[key] <= value;
    });
    this.#offset = end.offset;
    this.#position = end.position;
  }
}

interface WalkPoint {
  readonly offset: number;
  readonly position: number;
}

interface WalkEnd extends WalkPoint {
  /** No frame is there though one must be. */
  readonly damage: SeriatimError | undefined;
}

/**
 * Hands each frame of batches from `start` on to `visit`, by its headers only, until that says false, the segment ends, no
 * frame is where one must be, or `bound` is reached; returns where it stopped: at the frame that was answered with false, or behind the last one.
 */
function walk(
  { file, segmentBytes }: OpenSegmentFile,
  start: WalkPoint,
  bound: number,
  visit: (entry: IndexEntry) => boolean,
): WalkEnd {
  const reader = new ChunkReader(file, CHUNK_BYTES);
  let { offset, position } = start;
  while (position < bound) {
    const head = reader.at(offset, FRAME_HEADER_BYTES + 8);
    const total = head < 0 ? 0 : claimedFrameBytes(reader.buffer.view, head);
    // The segment ends here, or the frame is in the next one: who reads on finds out.
    if (total === 0 || offset + total > segmentBytes) break;
    const { firstPosition, timestamp_us } = readFrameFields(reader.buffer.view, head);
    if (firstPosition !== position) {
      const why = `a frame begins with position ${firstPosition}, expected ${position}`;
      return { offset, position, damage: corruptAt(file.path, offset, why) };
    }
    const entry = batchesAt(reader, offset, total, position, timestamp_us);
    if (entry !== undefined && !visit(entry)) break;
    offset += total;
    position++;
  }
  return { offset, position, damage: undefined };
}

function batchesAt(
  reader: ChunkReader,
  offset: number,
  total: number,
  position: number,
  time_us: number,
): IndexEntry | undefined {
  const length = FRAME_HEADER_BYTES + TapeBatch.bytes;
  const at = total < length ? -1 : reader.at(offset, length);
  if (at < 0) return undefined;
  const { view } = reader.buffer;
  if (tapeTypeAt(view, at + FRAME_HEADER_BYTES) !== TapeType.Batch) return undefined;
  const { firstRecord } = readLogPart(view, at + FRAME_HEADER_BYTES);
  return { offset, position, firstRecord, time_us };
}
