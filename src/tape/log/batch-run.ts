// One read of whole batches: a run of a segment's bytes goes straight into the caller's memory, and is closed up there, so that the
// batches lie back to back without the frames around them.
//
//   memory   [ 0, used )   batches that are taken
//            [ used, src ) frames' headers, entries and batches that are not wanted
//            [ src, have ) the file's bytes from `offset` on, looked at next

import type { Checksums, SeriatimError } from "../../base/index.ts";
import {
  batchHeaderProblem,
  isCommittedBatch,
  readBatchHeader,
  readLogPart,
  TapeBatch,
  TapeHead,
  type TapeMemory,
  TapeReason,
  TapeSender,
  TapeType,
  tapeHeadProblem,
  tapeLengthAt,
  tapeTypeAt,
} from "../../protocol/index.ts";
import { claimedFrameBytes, FRAME_HEADER_BYTES, readFrameFields, SECTOR_BYTES } from "../../segment/index.ts";
import { corruptAt, type OpenSegmentFile } from "./segment-files.ts";
import type { TopicCursor } from "./topic-cursor.ts";

/** The first look: enough for a short tail, little beside a long one. */
const FIRST_READ_BYTES = 64 * 1024;

export class BatchRun {
  readonly #memory: TapeMemory;
  readonly #bound: number;
  readonly #atMost: number;
  readonly #checksums: Checksums;
  segment: number;
  batches = 0;
  #offset: number;
  #frameEnd: number;
  #position: number;
  #record: number;
  #used = 0;
  #src = 0;
  #have = 0;
  #nextRead = FIRST_READ_BYTES;
  /** What is wrong when the next segment does not begin with what is looked for: the one before ends too early. */
  #left: SeriatimError | undefined;

  constructor(cursor: TopicCursor, bound: number, memory: TapeMemory, atMost: number, checksums: Checksums) {
    this.#memory = memory;
    this.#bound = bound;
    this.#atMost = Math.min(atMost, memory.bytes.length);
    this.#checksums = checksums;
    this.segment = cursor.segment;
    this.#offset = cursor.offset;
    this.#frameEnd = cursor.frameEnd;
    this.#position = cursor.position;
    this.#record = cursor.record;
  }

  result(): { bytes: number; batches: number; cursor: TopicCursor } {
    const { segment, batches } = this;
    const [position, record, offset] = [this.#position, this.#record, this.#offset];
    const cursor = { position, record, segment, offset, frameEnd: this.#frameEnd };
    return { bytes: this.#used, batches, cursor };
  }

  /** Takes what there is in its segment; true when it is to go on in the next one. */
  readFrom(segment: OpenSegmentFile): boolean {
    if (this.#frameEnd === 0 && this.#position < segment.firstPosition)
      throw this.#left ?? this.#wrong(segment, "it begins too late");
    while (this.#position < this.#bound) {
      if (this.#frameEnd === 0) {
        const entered = this.#enterFrame(segment);
        if (entered === "next segment") return true;
        if (entered === "no room") return false;
        if (entered === "no batches") continue;
      }
      if (!this.#takeBatches(segment)) return false;
      this.#frameEnd = 0;
      this.#position++;
    }
    return false;
  }

  #enterFrame(segment: OpenSegmentFile): "batches" | "no batches" | "no room" | "next segment" {
    const { view } = this.#memory;
    const least = FRAME_HEADER_BYTES + TapeHead.bytes;
    if (this.#offset + least > segment.segmentBytes) return this.#goOn(segment);
    if (!this.#holds(segment, least)) return this.#orRoom(segment);
    const total = claimedFrameBytes(view, this.#src);
    if (total === 0) return this.#goOn(segment);
    const { firstPosition, payloadBytes } = readFrameFields(view, this.#src);
    if (firstPosition !== this.#position || this.#offset + total > segment.segmentBytes)
      throw this.#wrong(segment, `no frame of position ${this.#position} begins here`);
    if (tapeTypeAt(view, this.#src + FRAME_HEADER_BYTES) !== TapeType.Batch) {
      this.#pass(total);
      this.#position++;
      return "no batches";
    }
    this.#frameEnd = this.#offset + FRAME_HEADER_BYTES + payloadBytes;
    this.#pass(FRAME_HEADER_BYTES);
    return "batches";
  }

  /** The position looked for begins the next segment; who is asked for that one next finds out if not. */
  #goOn(segment: OpenSegmentFile): "next segment" {
    if (this.#position === segment.firstPosition) throw this.#wrong(segment, "no whole frame begins here");
    this.#left = this.#wrong(segment, `no frame of position ${this.#position} begins here`);
    this.segment = segment.number + 1;
    this.#offset = SECTOR_BYTES;
    this.#src = this.#used;
    this.#have = this.#used;
    return "next segment";
  }

  /** False: there is no more room. */
  #takeBatches(segment: OpenSegmentFile): boolean {
    const { view } = this.#memory;
    while (this.#offset < this.#frameEnd) {
      if (!this.#holds(segment, TapeBatch.bytes)) return this.#orRoom(segment) !== "no room";
      const length = tapeLengthAt(view, this.#src);
      const problem = tapeHeadProblem(view, this.#src, TapeSender.Client);
      const isBatch = problem === TapeReason.None && tapeTypeAt(view, this.#src) === TapeType.Batch;
      if (!isBatch || length > this.#frameEnd - this.#offset)
        throw this.#wrong(segment, "no batch begins here");
      const { firstRecord } = readLogPart(view, this.#src);
      const nextRecord = firstRecord + view.getUint32(this.#src + TapeBatch.records, true);
      if (nextRecord <= this.#record) {
        this.#pass(length);
        continue;
      }
      if (this.#record > 0 && firstRecord > this.#record)
        throw this.#wrong(segment, `a batch begins with record ${firstRecord}, expected ${this.#record}`);
      if (this.#used > 0 && this.#used + length > this.#atMost) return false;
      if (!this.#holds(segment, length)) return this.#orRoom(segment) !== "no room";
      this.#check(segment, length);
      this.#memory.bytes.copyWithin(this.#used, this.#src, this.#src + length);
      this.#used += length;
      this.#record = nextRecord;
      this.batches++;
      this.#pass(length);
    }
    return true;
  }

  #check(segment: OpenSegmentFile, length: number): void {
    const { bytes, view } = this.#memory;
    const at = this.#src;
    if (batchHeaderProblem(this.#memory, at) !== TapeReason.None || !isCommittedBatch(this.#memory, at))
      throw this.#wrong(segment, "a batch's header does not hold");
    if (readLogPart(view, at).position !== this.#position)
      throw this.#wrong(segment, `a batch says that it is at another position than ${this.#position}`);
    const sum = this.#checksums.crc32c(bytes.subarray(at + TapeBatch.bytes, at + length));
    if (sum !== readBatchHeader(view, at).payloadCrc)
      throw this.#wrong(segment, "a batch's payload does not hold");
  }

  /** Without room behind what is taken the read is over; without anything taken, the file is shorter than it says. */
  #orRoom(segment: OpenSegmentFile): "no room" {
    if (this.#used === 0) throw this.#wrong(segment, "the file is cut short");
    return "no room";
  }

  #pass(length: number): void {
    this.#offset += length;
    this.#src += length;
    if (this.#src < this.#have) return;
    this.#src = this.#used;
    this.#have = this.#used;
  }

  /** Whether the next `length` bytes are in memory; reads on for them. */
  #holds({ file }: OpenSegmentFile, length: number): boolean {
    const { bytes } = this.#memory;
    if (this.#src + length > bytes.length) this.#closeUp();
    if (this.#src + length > bytes.length) return false;
    while (this.#have - this.#src < length) {
      const missing = length - (this.#have - this.#src);
      const want = Math.min(bytes.length - this.#have, Math.max(missing, this.#nextRead));
      const got = file.read(bytes, this.#have, want, this.#offset + this.#have - this.#src);
      if (got === 0) return false;
      this.#have += got;
      this.#nextRead = Math.max(FIRST_READ_BYTES, this.#atMost - this.#have);
    }
    return true;
  }

  #closeUp(): void {
    if (this.#src === this.#used) return;
    this.#memory.bytes.copyWithin(this.#used, this.#src, this.#have);
    this.#have -= this.#src - this.#used;
    this.#src = this.#used;
  }

  #wrong({ file }: OpenSegmentFile, why: string): SeriatimError {
    return corruptAt(file.path, this.#offset, why);
  }
}
