// Reads a log on the disk from any position on, frame by frame and byte for byte, also while another thread or
// process writes it: for whoever keeps a copy of the history (a snapshot's engine, a replica) or writes it out.
//
//   The caller says how far the frames are written (`bound`: a position that the writer has called written, or
//   durable). Nothing behind it is read, so whatever is not whole up to there is damage, never a write under way.
//   Every frame is checked: CRC, chain from its segment's anchor on, position, epoch.
//
// It holds one file open: a segment that is retired under it is read to its end. Memory: one chunk, or one frame if
// that is longer.

import { SeriatimError, type StorageFile } from "../base/index.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { endsHistory } from "./closing-mark.ts";
import { missingSuccessor } from "./continuation-mark.ts";
import { CHAIN_BREAK, frameBreak, type LogPoint, segmentBreak } from "./continuity.ts";
import { listLogDirectory, segmentName } from "./directory.ts";
import { followChain, readFrameFields } from "./frame.ts";
import { readSegmentHeader, type SegmentHeader } from "./header.ts";
import { CHAIN_BYTES, CONTINUATION_MARK_MAGIC, FRAME_HEADER_BYTES, SECTOR_BYTES } from "./layout.ts";
import type { FrameVisitor, LogFrame, LogPlace } from "./log.ts";
import { wholeFrameAt } from "./whole-frame.ts";

/** Read at once: some thousand commands, and little enough that a look at a log's growing end costs microseconds. */
const CHUNK_BYTES = 256 * 1024;

interface SegmentReader {
  readonly number: number;
  readonly reader: ChunkReader;
  readonly header: SegmentHeader;
}

export class FrameFollower {
  readonly #place: LogPlace;
  #after: number;
  /** Behind the last frame read or passed over. */
  readonly #point = { position: 0, epoch: 0, chain: new Uint8Array(CHAIN_BYTES) };
  #segment: SegmentReader | undefined;
  #offset = 0;

  /** The first frame it hands out is the one with position `after` + 1; 0: the log's first. */
  constructor(place: LogPlace, after = 0) {
    this.#place = place;
    this.#after = after;
  }

  /** The last position read or passed over. */
  get position(): number {
    return Math.max(this.#after, this.#point.position);
  }

  /** The number of the segment that the last frame handed out lies in; 0 while no file is open. */
  get segment(): number {
    return this.#segment?.number ?? 0;
  }

  /**
   * Hands the next frames up to position `bound` to `visit`, at most `framesMax`, until it returns false; returns how many
   * there were. A frame that ends behind `bound` is left for later. The first one may begin before the position asked for:
   * frames are not cut. Throws LOG_RETIRED when that position is older than the oldest segment, LOG_CORRUPT for what is not as
   * written, or missing in the middle (file, offset, position and reason), LOG_EMPTY, or what the disk says; the follower is as before then,
   * and the next call reads again.
   */
  read(bound: number, visit: FrameVisitor, framesMax: number = Number.POSITIVE_INFINITY): number {
    let visited = 0;
    while (visited < framesMax && this.position < bound) {
      const frame = this.#take(bound);
      if (frame === undefined) break;
      if (this.#point.position <= this.#after) continue;
      visited++;
      if (visit(frame) === false) break;
    }
    return visited;
  }

  /**
   * Passes over the frames before the one to begin with. Returns what the log says of position `after`: undefined when
   * it lies behind `bound`, or inside a frame.
   */
  seek(bound: number): LogPoint | undefined {
    const after = this.#after;
    if (after > bound) return undefined;
    if (this.#segment === undefined) this.#begin();
    while (this.#point.position < after) if (this.#take(after) === undefined) return undefined;
    const { position, epoch, chain } = this.#point;
    return position === after ? { position, epoch, chain: chain.slice() } : undefined;
  }

  /** Gives the file back; reading goes on where it stopped all the same. */
  close(): void {
    this.#after = this.position;
    this.#leave();
  }

  #leave(): void {
    this.#segment?.reader.file.close();
    this.#segment = undefined;
  }

  /** The next frame, when it ends at or before `bound`; the caller knows that there is one. */
  #take(bound: number): LogFrame | undefined {
    for (let segment = this.#segment ?? this.#begin(); ; ) {
      const { reader, number } = segment;
      const total = this.#wholeFrame(reader);
      if (total > 0) return this.#check(reader, total, bound);
      const next = this.#openNext(number + 1);
      if (next?.header.firstPosition !== this.#point.position + 1) {
        next?.reader.file.close();
        throw this.#corrupt(reader.file.path, this.#whyNone(reader, number, next !== undefined));
      }
      segment = this.#enter(next, this.#point);
    }
  }

  /** Why segment `number` has no frame here: it may say that another one followed, which is not there. */
  #whyNone(reader: ChunkReader, number: number, isFollowed: boolean): string {
    const { checksums, log } = this.#place;
    const isContinued = endsHistory(reader, this.#offset, CONTINUATION_MARK_MAGIC, this.#point, checksums);
    return isContinued && !isFollowed ? missingSuccessor(log, number + 1) : "no whole frame begins here";
  }

  #wholeFrame(reader: ChunkReader): number {
    const total = wholeFrameAt(reader, this.#offset, this.#place.checksums);
    if (total > 0) return total;
    // What was read ahead of the writer is old.
    reader.forget();
    return wholeFrameAt(reader, this.#offset, this.#place.checksums);
  }

  #check(reader: ChunkReader, total: number, bound: number): LogFrame | undefined {
    const offset = this.#offset;
    const at = reader.at(offset, total);
    const { buffer } = reader;
    const fields = readFrameFields(buffer.view, at);
    const broken = frameBreak(fields, this.#point);
    if (broken !== undefined) throw this.#corrupt(reader.file.path, broken.reason);
    const last = fields.firstPosition + fields.count - 1;
    if (last > bound) return undefined;
    if (!followChain(buffer, at, total, this.#point.chain, this.#place.checksums))
      throw this.#corrupt(reader.file.path, CHAIN_BREAK.reason);
    this.#point.position = last;
    this.#point.epoch = fields.epoch;
    this.#offset += total;
    const { bytes, words } = buffer;
    const payloadAt = at + FRAME_HEADER_BYTES;
    return { ...fields, file: reader.file.path, offset, frameBytes: total, bytes, words, payloadAt };
  }

  /** Enters the segment that holds the position to begin with: the newest that does not begin behind it. */
  #begin(): SegmentReader {
    const { storage, directory, log } = this.#place;
    const numbers = listLogDirectory(storage, directory, log).segments;
    if (numbers.length === 0) throw new SeriatimError("LOG_EMPTY", `${directory} holds no ${log}`);
    let oldest = 0;
    for (const number of numbers.toReversed()) {
      const opened = this.#open(number);
      // The oldest go first: this one was removed a moment ago, and so were all before it.
      if (opened === undefined) break;
      oldest = opened.header.firstPosition;
      if (oldest <= this.#after + 1) return this.#enter(opened, beginning(opened.header));
      opened.reader.file.close();
    }
    throw this.#retired(oldest);
  }

  /** Segment `number`, or undefined when the log ends before it. */
  #openNext(number: number): SegmentReader | undefined {
    const opened = this.#open(number);
    if (opened !== undefined) return opened;
    const { storage, directory, log } = this.#place;
    const { segments } = listLogDirectory(storage, directory, log);
    const later = segments.find((other) => other > number);
    if (later === undefined) return undefined;
    // The oldest are retired first: where an older one is left, this one was taken away.
    if (segments[0] < number) throw this.#corrupt(this.#path(number), `segment ${number} is missing`, 0);
    const oldest = this.#open(later);
    oldest?.reader.file.close();
    throw this.#retired(oldest?.header.firstPosition ?? 0);
  }

  #enter(opened: SegmentReader, point: LogPoint): SegmentReader {
    const { reader, header, number } = opened;
    const broken = segmentBreak(header, number, reader.size, point);
    if (broken !== undefined) {
      reader.file.close();
      throw this.#corrupt(reader.file.path, broken, 0);
    }
    this.#leave();
    this.#segment = opened;
    this.#offset = SECTOR_BYTES;
    this.#point.position = point.position;
    this.#point.epoch = header.epoch;
    this.#point.chain.set(header.anchor);
    return opened;
  }

  /** Undefined when there is no such file. */
  #open(number: number): SegmentReader | undefined {
    const { storage, checksums } = this.#place;
    let file: StorageFile;
    try {
      file = storage.open(this.#path(number), "read");
    } catch (error) {
      if (error instanceof SeriatimError && error.code === "ENOENT") return undefined;
      throw error;
    }
    try {
      const reader = new ChunkReader(file, CHUNK_BYTES);
      const header = readSegmentHeader(reader, checksums);
      if (typeof header !== "string") return { number, reader, header };
      throw this.#corrupt(file.path, header, 0);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  #path(number: number): string {
    const { directory, log } = this.#place;
    return `${directory}/${segmentName(log, number)}`;
  }

  #corrupt(path: string, reason: string, offset: number = this.#offset): SeriatimError {
    const where = `${path} at offset ${offset}, position ${this.#point.position + 1}`;
    return new SeriatimError("LOG_CORRUPT", `corrupt: ${where}: ${reason}`);
  }

  #retired(oldest: number): SeriatimError {
    const { directory, log } = this.#place;
    const now = oldest === 0 ? "" : `: it begins with position ${oldest}`;
    const message = `position ${this.position + 1} is no longer in the ${log} in ${directory}${now}`;
    return new SeriatimError("LOG_RETIRED", message);
  }
}

/** The point of the history that a segment begins behind, by its own words. */
function beginning({ firstPosition, epoch, anchor }: SegmentHeader): LogPoint {
  return { position: firstPosition - 1, epoch, chain: anchor };
}

/** A frame as it lies in its file, header and padding included; valid as long as the frame is. */
export function wholeFrame(frame: LogFrame): Uint8Array {
  const at = frame.payloadAt - FRAME_HEADER_BYTES;
  return frame.bytes.subarray(at, at + frame.frameBytes);
}
