// Reads a log from its first segment to the first fault or the end, checks every frame (CRC, chain, position,
// epoch), hands each to a visitor and gives the verdict of tail.ts. Changes nothing on the disk.
// Per frame: one CRC, one BLAKE3, no copy; per record: nothing.

import { ChunkReader } from "./chunk-reader.ts";
import { endsHistory } from "./closing-mark.ts";
import { missingSuccessor } from "./continuation-mark.ts";
import { CHAIN_BREAK, departure, frameBreak, type LogPoint, segmentBreak } from "./continuity.ts";
import { type LogDirectory, listLogDirectory, segmentName } from "./directory.ts";
import { isOwnEpoch } from "./epoch.ts";
import { isFencedAt } from "./fence.ts";
import { followChain, readFrameFields } from "./frame.ts";
import { headerOf, readSegmentHeader, type SegmentHeader } from "./header.ts";
import {
  CHAIN_BYTES,
  CLOSING_MARK_BYTES,
  CLOSING_MARK_MAGIC,
  CONTINUATION_MARK_MAGIC,
  FRAME_HEADER_BYTES,
  SECTOR_BYTES,
} from "./layout.ts";
import type { FrameVisitor, LogFault, LogPlace, LogScan, SegmentSummary } from "./log.ts";
import { classifyTail } from "./tail.ts";
import { searchBehind, wholeFrameAt } from "./whole-frame.ts";

export interface ScanOptions {
  /** Reads no further behind so many whole frames. */
  readonly framesMax?: number;
  /**
   * Reads from the segment on that holds the position behind this point, hands out the frames behind it only, and
   * holds the log to it: a history that does not go through this point, or ends before it, is not continuing.
   */
  readonly from?: LogPoint;
  /** Without `from`: begins with the segment that holds this position; what lies before that one is not looked at. */
  readonly near?: number;
  /** The log's writer may have many frames under way between two syncs (tail.ts). */
  readonly writesAhead?: boolean;
  /** Its files are cut and given their size again: a crash can leave one short. */
  readonly isSparse?: boolean;
  /** Somebody may be writing it: a frame that comes while its end is looked at is no damage, and belongs to a later scan. */
  readonly isWritten?: boolean;
}

/**
 * Reads the log in `place`; ENOENT when the directory is missing, FOREIGN_DIRECTORY when it is another's. Behind
 * a frame that `visit` answers with false it reads no further.
 */
export function scanLog(place: LogPlace, visit: FrameVisitor = () => {}, options: ScanOptions = {}): LogScan {
  const listed = listLogDirectory(place.storage, place.directory, place.log);
  return new LogScanner(place, listed, visit, options).scan();
}

/** Hands the log's first frame to `visit`, when it has a whole one; true if so. Reads no further. */
export function readFirstFrame(place: LogPlace, visit: FrameVisitor): boolean {
  return scanLog(place, visit, { framesMax: 1 }).frames === 1;
}

/** The marks that can stand behind a segment's last frame and say that it was safe. */
type EndMark = "closing mark" | "continuation mark";

class LogScanner {
  readonly #place: LogPlace;
  readonly #listed: LogDirectory;
  readonly #visit: FrameVisitor;
  readonly #from: LogPoint | undefined;
  readonly #near: number;
  readonly #writesAhead: boolean;
  readonly #isSparse: boolean;
  readonly #isWritten: boolean;
  #framesMax: number;
  /** Behind the last whole frame. */
  readonly #point = { position: 0, epoch: 0, chain: new Uint8Array(CHAIN_BYTES) };
  readonly #segments: SegmentSummary[] = [];
  #firstPosition = 1;
  #durable: number;
  #timestamp_us = 0;
  #frames = 0;
  #fault: LogFault | undefined;
  #durableOffset = 0;
  #wholeFrameBehind = false;
  /** Too much behind the damage looks like a frame to say what is durable: refused, whoever wrote it. */
  #isUndecided = false;
  #damagedBytes = 0;
  /** Frames below this position are remains of what the segment's file was before; 0: it was none. */
  #remainsBelow = 0;
  #hasRemains = false;
  /** Of the frame behind the last whole one there is its fence, and not its beginning. */
  #isOnlyBegun = false;

  constructor(place: LogPlace, listed: LogDirectory, visit: FrameVisitor, options: ScanOptions) {
    const { framesMax = Number.POSITIVE_INFINITY, from, near = 1 } = options;
    this.#framesMax = framesMax;
    this.#from = from;
    this.#near = near;
    this.#writesAhead = options.writesAhead === true;
    this.#isSparse = options.isSparse === true;
    this.#isWritten = options.isWritten === true;
    // A snapshot is taken of what is durable.
    this.#durable = from?.position ?? 0;
    this.#place = place;
    this.#listed = listed;
    this.#visit = visit;
  }

  scan(): LogScan {
    const numbers = this.#listed.segments;
    if (numbers.length === 0) this.#beginEmpty();
    const first = this.#firstToRead();
    for (
      let i = first;
      i < numbers.length && this.#fault === undefined && this.#frames < this.#framesMax;
      i++
    ) {
      if (i > first && numbers[i] !== numbers[i - 1] + 1) this.#missing(numbers[i - 1] + 1);
      else this.#scanFile(numbers[i], this.#segments.length === 0);
    }
    this.#checkReach();
    const { verdict, because } = classifyTail({
      damage: this.#fault?.damage ?? "none",
      inLastSegment: this.#inLastSegment(),
      aboveDurable: this.#point.position + 1 > this.#durable,
      wholeFrameBehind: this.#wholeFrameBehind,
      writesAhead: this.#writesAhead && !this.#isUndecided,
      hasRemains: this.#hasRemains,
      isOnlyBegun: this.#isOnlyBegun,
    });
    return {
      segments: this.#segments,
      temporaries: this.#listed.temporaries,
      mayLack: this.#listed.mayLack,
      firstPosition: this.#firstPosition,
      lastPosition: this.#point.position,
      durablePosition: this.#durable,
      epoch: this.#point.epoch,
      timestamp_us: this.#timestamp_us,
      chain: this.#point.chain,
      frames: this.#frames,
      verdict,
      because,
      fault: this.#fault,
      hasRemains: this.#hasRemains,
      damagedBytes: this.#damagedBytes,
    };
  }

  #path(number: number): string {
    return `${this.#place.directory}/${segmentName(this.#place.log, number)}`;
  }

  #found(damage: LogFault["damage"], file: string, offset: number, reason: string): undefined {
    this.#fault = { damage, file, offset, position: this.#point.position + 1, reason };
  }

  #missing(number: number): void {
    this.#found("not continuing", this.#path(number), 0, `segment ${number} is missing`);
  }

  #scanFile(number: number, first: boolean): void {
    const path = this.#path(number);
    const file = this.#place.storage.open(path, "read");
    try {
      const reader = new ChunkReader(file);
      const header = this.#readHeader(reader, number, first);
      if (header !== undefined) this.#scanFrames(reader, header);
    } finally {
      file.close();
    }
  }

  #readHeader(reader: ChunkReader, number: number, first: boolean): SegmentHeader | undefined {
    const { path } = reader.file;
    const header = readSegmentHeader(reader, this.#place.checksums);
    if (typeof header === "string") return this.#found("segment header", path, 0, header);
    if (first) this.#begin(header);
    const broken = segmentBreak(header, number, reader.size, this.#point);
    if (broken !== undefined) return this.#found("not continuing", path, 0, broken);
    const gone = first ? this.#beginsBehind() : undefined;
    if (gone !== undefined) return this.#found("not continuing", path, 0, gone);
    this.#point.epoch = header.epoch;
    this.#durable = Math.max(this.#durable, header.firstPosition - 1);
    return header;
  }

  #begin(header: SegmentHeader): void {
    this.#firstPosition = header.firstPosition;
    this.#point.position = header.firstPosition - 1;
    this.#point.chain.set(header.anchor);
  }

  #beginsBehind(): string | undefined {
    const wanted = (this.#from?.position ?? this.#point.position) + 1;
    if (this.#firstPosition <= wanted) return departure(this.#point.position, this.#point, this.#from);
    return `it begins with position ${this.#firstPosition}, behind ${wanted}: what came before is not there`;
  }

  /** A log without a segment is where it is to begin. */
  #beginEmpty(): void {
    if (this.#from === undefined) return;
    const { position, epoch, chain } = this.#from;
    this.#firstPosition = position + 1;
    this.#point.position = position;
    this.#point.epoch = epoch;
    this.#point.chain.set(chain);
  }

  /**
   * The newest segment that does not begin behind the position asked for. One that can't tell is read to be judged: at
   * once when a history is to go on there, otherwise behind what is whole before it.
   */
  #firstToRead(): number {
    const { segments } = this.#listed;
    const wanted = this.#from === undefined ? this.#near : this.#from.position + 1;
    for (let i = wanted === 1 ? 0 : segments.length - 1; i > 0; i--) {
      const header = headerOf(this.#place, segments[i]);
      if (typeof header === "string" ? this.#from !== undefined : header.firstPosition <= wanted) return i;
    }
    return 0;
  }

  /** What is to go on behind a point has to reach it. */
  #checkReach(): void {
    const last = this.#segments.at(-1);
    if (this.#fault !== undefined || last === undefined || this.#frames >= this.#framesMax) return;
    const wanted = this.#from?.position ?? 0;
    if (this.#point.position >= wanted) return;
    const reason = `the log ends with position ${this.#point.position}, and ${wanted} was durable`;
    this.#found("not continuing", last.file, last.endOffset, reason);
  }

  #scanFrames(reader: ChunkReader, header: SegmentHeader): void {
    const { path } = reader.file;
    let offset = SECTOR_BYTES;
    this.#durableOffset = offset;
    this.#remainsBelow = header.former > 0 && isOwnEpoch(header.epoch) ? header.firstPosition : 0;
    const before = this.#frames;
    while (this.#frames < this.#framesMax) {
      const taken = this.#frame(reader, offset);
      if (taken === 0) break;
      offset += taken;
      this.#frames++;
    }
    const mark = this.#fault === undefined ? this.#markAt(reader, offset) : undefined;
    this.#segments.push({
      file: path,
      number: header.number,
      firstPosition: header.firstPosition,
      lastPosition: this.#point.position,
      epoch: header.epoch,
      segmentBytes: header.segmentBytes,
      frames: this.#frames - before,
      endOffset: offset,
      isContinued: mark === "continuation mark",
      durableOffset: this.#durableOffset,
    });
    if (this.#frames === this.#framesMax || this.#fault !== undefined) return;
    if (mark === "continuation mark") this.#checkSuccessor(path, header.number + 1, offset);
    if (this.#fault === undefined) this.#checkEnd(reader, offset, mark !== undefined, header.segmentBytes);
  }

  /** Verifies and visits the frame at `offset`; returns its length, or 0 when none that continues begins there. */
  #frame(reader: ChunkReader, offset: number): number {
    const total = wholeFrameAt(reader, offset, this.#place.checksums);
    if (total === 0) return 0;
    const { buffer } = reader;
    const at = reader.at(offset, total);
    const fields = readFrameFields(buffer.view, at);
    if (fields.firstPosition < this.#remainsBelow) return 0;
    const broken = frameBreak(fields, this.#point);
    if (broken !== undefined) {
      this.#found("not continuing", reader.file.path, offset, broken.reason);
      return 0;
    }
    if (!followChain(buffer, at, total, this.#point.chain, this.#place.checksums)) {
      this.#found("not continuing", reader.file.path, offset, CHAIN_BREAK.reason);
      return 0;
    }
    const before = this.#point.position;
    if (fields.durablePosition === before) this.#durableOffset = offset;
    this.#point.position = fields.firstPosition + fields.count - 1;
    this.#point.epoch = fields.epoch;
    this.#timestamp_us = fields.timestamp_us;
    this.#durable = Math.max(this.#durable, fields.durablePosition);
    const elsewhere = departure(before, this.#point, this.#from);
    if (elsewhere !== undefined) {
      this.#found("not continuing", reader.file.path, offset, elsewhere);
      return 0;
    }
    if (this.#from !== undefined && this.#point.position <= this.#from.position) return total;
    const { bytes, words } = buffer;
    const payloadAt = at + FRAME_HEADER_BYTES;
    const frame = { ...fields, file: reader.file.path, offset, frameBytes: total, bytes, words, payloadAt };
    if (this.#visit(frame) === false) this.#framesMax = this.#frames + 1;
    return total;
  }

  #markAt(reader: ChunkReader, offset: number): EndMark | undefined {
    const is = (magic: number) => endsHistory(reader, offset, magic, this.#point, this.#place.checksums);
    const isContinued = is(CONTINUATION_MARK_MAGIC);
    if (!isContinued && !is(CLOSING_MARK_MAGIC)) return undefined;
    this.#durable = Math.max(this.#durable, this.#point.position);
    this.#durableOffset = offset;
    return isContinued ? "continuation mark" : "closing mark";
  }

  /** Behind a continued segment there is segment `number`, if only since the directory was listed: a log that is read is also written. */
  #checkSuccessor(continued: string, number: number, offset: number): void {
    if (!this.#inLastSegment()) return;
    const { storage, directory, log } = this.#place;
    if (listLogDirectory(storage, directory, log).segments.some((other) => other >= number)) return;
    const reason = missingSuccessor(log, number);
    this.#found("newest missing", continued, offset, reason);
  }

  /** Judges what lies behind the last frame, which ends at `end`, and behind the mark there. */
  #checkEnd(reader: ChunkReader, end: number, isMarked: boolean, segmentBytes: number): void {
    const { path } = reader.file;
    if (reader.size < segmentBytes && !this.#isSparse) {
      this.#found("cut short", path, end, shortness(reader.size, segmentBytes));
      return;
    }
    const offset = isMarked ? end + CLOSING_MARK_BYTES : end;
    const isFenced = isFencedAt(reader, offset, this.#point, this.#place.checksums);
    // What a crash has left of a mark says nothing where another segment follows.
    const span = reader.nonZeroSpan(this.#inLastSegment() ? offset : end + CLOSING_MARK_BYTES);
    if (span !== undefined) {
      if (this.#hasCome(reader, end)) return;
      const isWritten = this.#lookBehind(reader, offset, span.end);
      // What the file held before is all that is left in it: a frame that was begun behind the fence has left its own.
      this.#hasRemains = isFenced && !isWritten && this.#remainsBelow > 0 && this.#inLastSegment();
      if (this.#hasRemains) return;
      this.#isOnlyBegun = isFenced && isWritten && !this.#wholeFrameBehind;
      // What lies behind is the fence, and what the file held before: nobody's loss.
      if (this.#isOnlyBegun) {
        this.#found("not whole", path, offset, "a frame was begun here, and its beginning is not there");
        return;
      }
      const isBehind = span.first >= offset + FRAME_HEADER_BYTES;
      const at = isBehind ? `, the first byte that is not zero at ${span.first}` : "";
      this.#found("not whole", path, offset, `no whole frame begins here${at}`);
      this.#damagedBytes = span.end - offset;
    } else if (reader.size < segmentBytes) {
      this.#found("not whole", path, offset, shortness(reader.size, segmentBytes));
    }
  }

  /** Whether a whole frame of this log begins at `offset` by now, where none began a moment ago. */
  #hasCome(reader: ChunkReader, offset: number): boolean {
    if (!this.#isWritten || !this.#inLastSegment()) return false;
    reader.forget();
    const total = wholeFrameAt(reader, offset, this.#place.checksums);
    if (total === 0) return false;
    const { firstPosition } = readFrameFields(reader.buffer.view, reader.at(offset, total));
    return firstPosition === this.#point.position + 1;
  }

  /** Whether this log wrote anything behind the damage, and if that is a whole frame; not asked when the verdict is settled without it. */
  #lookBehind(reader: ChunkReader, fault: number, end: number): boolean {
    if (!this.#inLastSegment() || this.#point.position < this.#durable) return false;
    const found = searchBehind(reader, fault, end, this.#point, this.#writesAhead, this.#place.checksums);
    if (found === undefined) return false;
    this.#wholeFrameBehind = found.isWhole;
    this.#isUndecided = found.isUndecided;
    this.#durable = Math.max(this.#durable, found.durable);
    return true;
  }

  #inLastSegment(): boolean {
    return this.#segments.at(-1)?.number === this.#listed.segments.at(-1);
  }
}

function shortness(size: number, segmentBytes: number): string {
  return `the file is cut short: ${size} of ${segmentBytes} bytes, ${segmentBytes - size} are missing`;
}
