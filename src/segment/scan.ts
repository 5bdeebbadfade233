// Reads a log from its first segment to the first fault or the end, checks every frame (CRC, chain, position,
// epoch), hands each to a visitor and gives the verdict of tail.ts. Changes nothing on the disk.
// Per frame: one CRC, one BLAKE3, no copy; per record: nothing.

import { ChunkReader } from "./chunk-reader.ts";
import { closesHistory } from "./closing-mark.ts";
import { CHAIN_BREAK, frameBreak, segmentBreak } from "./continuity.ts";
import { type LogDirectory, listLogDirectory, segmentName } from "./directory.ts";
import { followChain, readFrameFields } from "./frame.ts";
import { readSegmentHeader, type SegmentHeader } from "./header.ts";
import { CHAIN_BYTES, CLOSING_MARK_BYTES, FRAME_HEADER_BYTES, SECTOR_BYTES } from "./layout.ts";
import type { FrameVisitor, LogFault, LogPlace, LogScan, SegmentSummary } from "./log.ts";
import { classifyTail } from "./tail.ts";
import { durableBehind, wholeFrameAt } from "./whole-frame.ts";

/**
 * Reads the log in `place`; ENOENT when the directory is missing, FOREIGN_DIRECTORY when it is another's. Behind
 * `framesMax` whole frames, or one that `visit` answers with false, it reads no further.
 */
export function scanLog(
  place: LogPlace,
  visit: FrameVisitor = () => {},
  framesMax = Number.POSITIVE_INFINITY,
): LogScan {
  const listed = listLogDirectory(place.storage, place.directory, place.log);
  return new LogScanner(place, listed, visit, framesMax).scan();
}

/** Hands the log's first frame to `visit`, when it has a whole one; true if so. Reads no further. */
export function readFirstFrame(place: LogPlace, visit: FrameVisitor): boolean {
  return scanLog(place, visit, 1).frames === 1;
}

class LogScanner {
  readonly #place: LogPlace;
  readonly #listed: LogDirectory;
  readonly #visit: FrameVisitor;
  #framesMax: number;
  /** Behind the last whole frame. */
  readonly #point = { position: 0, epoch: 0, chain: new Uint8Array(CHAIN_BYTES) };
  readonly #segments: SegmentSummary[] = [];
  #firstPosition = 1;
  #durable = 0;
  #timestamp_us = 0;
  #frames = 0;
  #fault: LogFault | undefined;
  #durableOffset = 0;
  #wholeFrameBehind = false;
  #damagedBytes = 0;

  constructor(place: LogPlace, listed: LogDirectory, visit: FrameVisitor, framesMax: number) {
    this.#framesMax = framesMax;
    this.#place = place;
    this.#listed = listed;
    this.#visit = visit;
  }

  scan(): LogScan {
    const numbers = this.#listed.segments;
    for (let i = 0; i < numbers.length && this.#fault === undefined && this.#frames < this.#framesMax; i++) {
      if (i > 0 && numbers[i] !== numbers[i - 1] + 1) this.#missing(numbers[i - 1] + 1);
      else this.#scanFile(numbers[i], i === 0);
    }
    const { verdict, because } = classifyTail({
      damage: this.#fault?.damage ?? "none",
      inLastSegment: this.#inLastSegment(),
      aboveDurable: this.#point.position + 1 > this.#durable,
      wholeFrameBehind: this.#wholeFrameBehind,
    });
    return {
      segments: this.#segments,
      temporaries: this.#listed.temporaries,
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
    this.#point.epoch = header.epoch;
    this.#durable = Math.max(this.#durable, header.firstPosition - 1);
    return header;
  }

  #begin(header: SegmentHeader): void {
    this.#firstPosition = header.firstPosition;
    this.#point.position = header.firstPosition - 1;
    this.#point.chain.set(header.anchor);
  }

  #scanFrames(reader: ChunkReader, header: SegmentHeader): void {
    const { path } = reader.file;
    let offset = SECTOR_BYTES;
    this.#durableOffset = offset;
    const before = this.#frames;
    while (this.#frames < this.#framesMax) {
      const taken = this.#frame(reader, offset);
      if (taken === 0) break;
      offset += taken;
      this.#frames++;
    }
    const endOffset = offset;
    if (this.#fault === undefined && this.#closedAt(reader, offset)) offset += CLOSING_MARK_BYTES;
    this.#segments.push({
      file: path,
      number: header.number,
      firstPosition: header.firstPosition,
      lastPosition: this.#point.position,
      epoch: header.epoch,
      segmentBytes: header.segmentBytes,
      frames: this.#frames - before,
      endOffset,
      durableOffset: this.#durableOffset,
    });
    if (this.#frames === this.#framesMax) return;
    if (this.#fault === undefined) this.#checkEnd(reader, offset, header.segmentBytes);
  }

  /** Verifies and visits the frame at `offset`; returns its length, or 0 when none that continues begins there. */
  #frame(reader: ChunkReader, offset: number): number {
    const total = wholeFrameAt(reader, offset, this.#place.checksums);
    if (total === 0) return 0;
    const { buffer } = reader;
    const at = reader.at(offset, total);
    const fields = readFrameFields(buffer.view, at);
    const broken = frameBreak(fields, this.#point);
    if (broken !== undefined) {
      this.#found("not continuing", reader.file.path, offset, broken);
      return 0;
    }
    if (!followChain(buffer, at, total, this.#point.chain, this.#place.checksums)) {
      this.#found("not continuing", reader.file.path, offset, CHAIN_BREAK);
      return 0;
    }
    if (fields.durablePosition === this.#point.position) this.#durableOffset = offset;
    this.#point.position = fields.firstPosition + fields.count - 1;
    this.#point.epoch = fields.epoch;
    this.#timestamp_us = fields.timestamp_us;
    this.#durable = Math.max(this.#durable, fields.durablePosition);
    const { bytes, words } = buffer;
    const payloadAt = at + FRAME_HEADER_BYTES;
    const frame = { ...fields, file: reader.file.path, offset, frameBytes: total, bytes, words, payloadAt };
    if (this.#visit(frame) === false) this.#framesMax = this.#frames + 1;
    return total;
  }

  /** Whether a closing mark lies behind the last frame: then that one was safe. */
  #closedAt(reader: ChunkReader, offset: number): boolean {
    if (!closesHistory(reader, offset, this.#point.position, this.#point.chain, this.#place.checksums))
      return false;
    this.#durable = Math.max(this.#durable, this.#point.position);
    this.#durableOffset = offset;
    return true;
  }

  #checkEnd(reader: ChunkReader, offset: number, segmentBytes: number): void {
    const { path } = reader.file;
    const span = reader.nonZeroSpan(offset);
    if (span !== undefined) {
      const { first, end } = span;
      const at = first < offset + FRAME_HEADER_BYTES ? "" : `, the first byte that is not zero at ${first}`;
      this.#found("not whole", path, offset, `no whole frame begins here${at}`);
      this.#damagedBytes = end - offset;
      this.#lookBehind(reader, offset, end);
    } else if (reader.size < segmentBytes) {
      this.#found(
        "not whole",
        path,
        offset,
        `the file is cut short: ${reader.size} of ${segmentBytes} bytes`,
      );
    }
  }

  /** Whether a whole frame lies behind the damage; not asked when the verdict is settled without it. */
  #lookBehind(reader: ChunkReader, fault: number, end: number): void {
    if (!this.#inLastSegment() || this.#point.position < this.#durable) return;
    const durable = durableBehind(reader, fault, end, this.#point, this.#place.checksums);
    if (durable < 0) return;
    this.#wholeFrameBehind = true;
    this.#durable = Math.max(this.#durable, durable);
  }

  #inLastSegment(): boolean {
    return this.#segments.at(-1)?.number === this.#listed.segments.at(-1);
  }
}
