// Appends frames to the last segment of a log: its own, or another node's byte for byte. One frame is one write; a
// frame that does not fit rotates first.
// Fail-stop: after the first write or sync that fails, every call throws that same error, and nothing is tried
// again on those files: what a kernel dropped after a failed sync can't be told from what it kept.
//
//   durablePosition <= position: `sync` lifts the one to the other, and rotation syncs what it leaves behind, so
//   that everything before a segment's first position is safe.
//   What is in the files follows from the frames and from where segments begin, and from nothing else: logs of one
//   history with the same segments are the same bytes.

import { assert, type Checksums, SeriatimError, WordBuffer } from "../base/index.ts";
import { markContinued } from "./continuation-mark.ts";
import type { FrameBreak, LogPoint } from "./continuity.ts";
import { fence } from "./fence.ts";
import { type FrameFields, type StagedMemory, sealFrame, sealFrameAt } from "./frame.ts";
import { CLOSING_MARK_MAGIC, FRAME_HEADER_BYTES, frameBytes, SECTOR_BYTES } from "./layout.ts";
import type { LogLimits } from "./limits.ts";
import type { LogFrame, LogPlace } from "./log.ts";
import { removeMayLack } from "./may-lack.ts";
import { NextSegment } from "./next-segment.ts";
import { judgeFrame } from "./received-frame.ts";
import { cutRest, type LogEnd, type OpenSegment, putMark } from "./segment-end.ts";
import { writeFully } from "./write-fully.ts";

/** Of a payload that is in `frame`: no sum. */
const UNKNOWN_SUM = -1;

const TOO_LONG: FrameBreak = { kind: "damaged", reason: "it is longer than any frame of this log" };

export class LogWriter {
  readonly payloadBytesMax: number;
  readonly #checksums: Checksums;
  readonly #place: LogPlace;
  readonly #limits: LogLimits;
  readonly #next: NextSegment;
  /** Made when it is first asked for: a log whose frames are sealed elsewhere needs no buffer. */
  #frame: WordBuffer | undefined;
  /** Of the last frame. */
  readonly #chain: Uint8Array;
  #lastEpoch: number;
  #position: number;
  /** Of the next frame. */
  #epoch: number;
  #durablePosition: number;
  #number: number;
  #segment: OpenSegment | undefined;
  #offset: number;
  #lastFrameBytes = 0;
  #mayLack: boolean;
  /** Who began the epoch knows that nothing is missing, or answers for it: said when its first frame is safe. */
  #isAnsweredFor = false;
  #failure: SeriatimError | undefined;

  /** Everything up to `end` must be safe already, and `limits` be checked; `openLog` sees to that. */
  constructor(place: LogPlace, limits: LogLimits, end: LogEnd) {
    this.#place = place;
    this.#limits = limits;
    this.#checksums = place.checksums;
    this.#next = new NextSegment(place, limits);
    this.payloadBytesMax = limits.frameBytesMax - FRAME_HEADER_BYTES;
    this.#chain = end.chain.slice();
    this.#epoch = end.epoch;
    this.#lastEpoch = end.epoch;
    this.#position = end.position;
    this.#durablePosition = end.position;
    this.#number = end.number;
    this.#segment = end.segment;
    this.#offset = end.segment?.offset ?? 0;
    this.#mayLack = end.mayLack;
  }

  /** Put the next frame's payload into frame.bytes from FRAME_HEADER_BYTES on, at most `payloadBytesMax`. */
  get frame(): WordBuffer {
    this.#frame ??= new WordBuffer(this.payloadBytesMax + FRAME_HEADER_BYTES);
    return this.#frame;
  }
  /** The last position written. */
  get position(): number {
    return this.#position;
  }
  /** The last position that survives a crash. */
  get durablePosition(): number {
    return this.#durablePosition;
  }
  get epoch(): number {
    return this.#epoch;
  }
  /** The number of the segment that the last frame lies in. */
  get segment(): number {
    return this.#number;
  }
  /** Where the next frame would begin in its segment; 0 in a log that has none yet. */
  get offset(): number {
    return this.#offset;
  }
  /** The frame that `append` or `appendFrame` wrote last, header and padding included: lent, until the next one is formed. */
  get lastFrame(): Uint8Array {
    return this.frame.bytes.subarray(0, this.#lastFrameBytes);
  }
  /** The last frame's chain value; a copy. */
  get chain(): Uint8Array {
    return this.#chain.slice();
  }
  /** Whether it may lack what was once safe in it: it began anew, or its torn end was cut, now or at an earlier opening. */
  get mayLack(): boolean {
    return this.#mayLack;
  }
  /** What stopped the log, for good. */
  get failure(): SeriatimError | undefined {
    return this.#failure;
  }
  /**
   * Why the next segment can't be prepared (a full disk): the log goes on until the current one is full, and tries
   * again now and then. Undefined again when a next segment is ready.
   */
  get preallocationFailure(): SeriatimError | undefined {
    return this.#next.shortage;
  }

  /**
   * Opens a tenure: frames from now on carry `epoch`, which is higher than every one before. As soon as one of them is safe,
   * nothing is missing: whoever may begin a tenure knows that, or answers for it.
   */
  beginEpoch(epoch: number): void {
    assert(epoch > this.#epoch, "each tenure has a higher epoch");
    this.#epoch = epoch;
    this.#isAnsweredFor = true;
  }

  /** All that was ever safe in this log is in it, and safe now: `mayLack` no more, also for later openings. */
  lacksNothing(): void {
    this.sync();
    if (!this.#mayLack) return;
    try {
      removeMayLack(this.#place);
      this.#mayLack = false;
    } catch (error) {
      throw this.#latch(error);
    }
  }

  /** Writes the payload in `frame` as one frame of `count` positions, and nothing more: `sync` makes it safe. */
  append(payloadBytes: number, count: number, timestamp_us: number): void {
    this.#append(this.frame, 0, payloadBytes, count, timestamp_us, UNKNOWN_SUM);
  }

  /**
   * The same for a payload that lies in memory of the caller's, at most `payloadBytesMax` and whole words: the frame's header is
   * written at `at` of `staged`, FRAME_HEADER_BYTES that the caller leaves free, and the payload follows it. Nothing is
   * copied, and of its bytes, whose CRC32C is `payloadSum`, only the chain value is computed.
   */
  appendInPlace(
    staged: StagedMemory,
    at: number,
    payloadBytes: number,
    count: number,
    timestamp_us: number,
    payloadSum: number,
  ): void {
    this.#append(staged, at, payloadBytes, count, timestamp_us, payloadSum);
  }

  #append(
    staged: StagedMemory,
    at: number,
    payloadBytes: number,
    count: number,
    timestamp_us: number,
    payloadSum: number,
  ): void {
    assert(payloadBytes <= this.payloadBytesMax, "a payload fits its frame");
    assert(count >= 1 && count <= payloadBytes, "a position takes a byte of payload at least");
    this.#orThrow();
    try {
      const segment = this.#segmentFor(frameBytes(payloadBytes));
      const fields = {
        payloadBytes,
        count,
        firstPosition: this.#position + 1,
        epoch: this.#epoch,
        timestamp_us,
        durablePosition: this.#durablePosition,
      };
      const chain = this.#chain;
      const checksums = this.#checksums;
      const total =
        payloadSum === UNKNOWN_SUM
          ? sealFrame(this.frame, fields, chain, checksums)
          : sealFrameAt(staged, at, fields, chain, payloadSum, checksums);
      this.#write(segment, at === 0 ? staged.bytes : staged.bytes.subarray(at), total, fields);
    } catch (error) {
      throw this.#latch(error);
    }
  }

  /**
   * Writes a frame of another node's log as it is, and nothing more: `sync` makes it safe. It must be whole and come
   * next here: position, epoch, chain value. Otherwise nothing is written, and what keeps it from that is returned.
   * `beginsSegment`: it is the first of its segment there, and becomes so here. `check` sees the frame before it is
   * written; what it throws is thrown on, and the log is as before.
   *
   * What the frame names as durable is made durable here first: otherwise a crash could leave this frame and not the
   * one before it, which opening would have to call corrupt.
   */
  appendFrame(
    bytes: Uint8Array,
    beginsSegment: boolean,
    check: (frame: LogFrame) => void = () => {},
  ): FrameBreak | undefined {
    this.#orThrow();
    if (bytes.length > this.payloadBytesMax + FRAME_HEADER_BYTES) return TOO_LONG;
    this.frame.bytes.set(bytes);
    const point = { position: this.#position, epoch: this.#epoch, chain: this.#chain };
    const next = judgeFrame(this.frame, bytes.length, point, this.#checksums);
    if ("kind" in next) return next;
    check(this.#asLogFrame(next, bytes.length));
    try {
      if (next.durablePosition > this.#durablePosition) this.sync();
      const fresh = beginsSegment && this.#offset > SECTOR_BYTES;
      const segment = fresh ? this.#rotate() : this.#segmentFor(bytes.length);
      this.#chain.set(next.chain);
      this.#epoch = next.epoch;
      this.#write(segment, this.frame.bytes, bytes.length, next);
      return undefined;
    } catch (error) {
      throw this.#latch(error);
    }
  }

  #asLogFrame(fields: FrameFields, total: number): LogFrame {
    const { bytes, words } = this.frame;
    const file = this.#segment?.file.path ?? `the ${this.#place.log} in ${this.#place.directory}`;
    const where = { file, offset: this.#offset, frameBytes: total };
    return { ...fields, ...where, bytes, words, payloadAt: FRAME_HEADER_BYTES };
  }

  #write(segment: OpenSegment, bytes: Uint8Array, total: number, { count, epoch }: FrameFields): void {
    fence(segment, this.#offset + total, this.#position + count, this.#chain, epoch, this.#checksums);
    writeFully(segment.file, bytes, total, this.#offset);
    this.#offset += total;
    this.#lastFrameBytes = total;
    this.#position += count;
    this.#lastEpoch = epoch;
  }

  /** Makes every frame written so far safe. */
  sync(): void {
    this.#orThrow();
    if (this.#durablePosition !== this.#position) this.#syncSegment();
  }

  /** Where the disk can, a sync beside the writer, of which nothing is known before the next `sync`. */
  beginSync(): "begun" | "busy" | "none" {
    this.#orThrow();
    try {
      return this.#segment?.file.beginSync?.() ?? "none";
    } catch (error) {
      throw this.#latch(error);
    }
  }

  #syncSegment(): void {
    try {
      this.#segment?.file.syncData();
      this.#durablePosition = this.#position;
    } catch (error) {
      throw this.#latch(error);
    }
    if (this.#mayLack && this.#isAnsweredFor) this.lacksNothing();
  }

  /**
   * Begins the next segment before the current one is full, everything safe on return. False when it is not prepared
   * yet: prepareNext(true) until it is, and `preallocationFailure` says why it can't be. Nothing to do, and true, when
   * the current one holds no frame.
   */
  rotate(): boolean {
    this.#orThrow();
    if (this.#offset <= SECTOR_BYTES) return true;
    if (!this.#next.isReady) return false;
    this.beginSegment();
    return true;
  }

  /**
   * The same at once, prepared or not; also the first one of a log that has none. `former`: the number of the oldest segment, kept no
   * more and `isReusable`; true when its file has become the one that is begun.
   */
  beginSegment(former = 0): boolean {
    this.#orThrow();
    if (this.#offset === SECTOR_BYTES) return false;
    try {
      this.sync();
      const isReused = former > 0 && this.#next.reuse(this.#number + 1, former);
      this.#rotate();
      return isReused;
    } catch (error) {
      throw this.#latch(error);
    }
  }

  /**
   * Prepares a slice of the next segment; true when that was work and more may be left. `whenIdle` prepares all of
   * it, otherwise only as much as keeps ahead of the frames. No room for it does not stop the log (see
   * preallocationFailure); every other failure does.
   */
  prepareNext(whenIdle: boolean): boolean {
    this.#orThrow();
    if (this.#segment === undefined) return false;
    try {
      return this.#next.prepare(this.#number + 1, this.#offset, this.#lastFrameBytes, whenIdle);
    } catch (error) {
      throw this.#latch(error);
    }
  }

  /** Syncs, marks the end as safe and closes; the log can be opened again. A failed one only gives its files back. */
  close(): void {
    try {
      if (this.#failure === undefined) this.#markClosed();
    } finally {
      this.#segment?.file.close();
      this.#segment = undefined;
      this.#next.abandon();
    }
    this.#failure ??= new SeriatimError(
      "LOG_CLOSED",
      `the ${this.#place.log} in ${this.#place.directory} is closed`,
    );
  }

  /** Makes everything safe and says so behind the last frame; without room for that the end is as after a crash. */
  #markClosed(): void {
    try {
      this.#syncEnd();
      const mark = [this.#offset, CLOSING_MARK_MAGIC, this.#point, this.#checksums] as const;
      if (this.#segment !== undefined) putMark(this.#segment, ...mark);
    } catch (error) {
      throw this.#latch(error);
    }
  }

  /** Whether a frame with so much payload goes into the current segment. */
  fits(payloadBytes: number): boolean {
    return this.#room(frameBytes(payloadBytes)) !== undefined;
  }

  #segmentFor(total: number): OpenSegment {
    return this.#room(total) ?? this.#rotate();
  }

  #room(total: number): OpenSegment | undefined {
    const segment = this.#segment;
    return segment !== undefined && this.#offset + total <= segment.segmentBytes ? segment : undefined;
  }

  /** Everything safe, and zeros behind it. */
  #syncEnd(): void {
    const segment = this.#segment;
    if (segment?.hasRemains !== true) return this.sync();
    cutRest(segment.file, this.#offset, segment.segmentBytes);
    this.#syncSegment();
  }

  #rotate(): OpenSegment {
    this.#syncEnd();
    const number = this.#number + 1;
    const { position, epoch, chain } = this.#point;
    const segment = this.#next.publish({ number, firstPosition: position + 1, epoch, anchor: chain });
    const [left, end] = [this.#segment, this.#offset];
    this.#number = number;
    this.#offset = SECTOR_BYTES;
    this.#segment = segment;
    if (left !== undefined) markContinued(left, end, this.#point, this.#limits, this.#checksums);
    return segment;
  }

  /** Behind the last frame; its chain value is lent. */
  get #point(): LogPoint {
    return { position: this.#position, epoch: this.#lastEpoch, chain: this.#chain };
  }

  #orThrow(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What has no name yet is no part of the log: it is removed, and everything else left as it is. */
  #latch(error: unknown): SeriatimError {
    this.#next.abandon();
    const { directory, log } = this.#place;
    this.#failure ??=
      error instanceof SeriatimError
        ? error
        : new SeriatimError("LOG_FAILED", `the ${log} in ${directory} failed: ${String(error)}`, {
            cause: error,
          });
    return this.#failure;
  }
}
