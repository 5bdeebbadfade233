// Appends frames to the last segment of a log. One frame is one write; a frame that does not fit rotates first.
// Fail-stop: after the first write or sync that fails, every call throws that same error, and nothing is tried
// again on those files: what a kernel dropped after a failed sync can't be told from what it kept.
//
//   durablePosition <= position: `sync` lifts the one to the other, and rotation syncs what it leaves behind, so
//   that everything before a segment's first position is safe.

import { assert, type Checksums, SeriatimError, type Storage, type StorageFile } from "../base/index.ts";
import { encodeClosingMark } from "./closing-mark.ts";
import { FrameBuffer, sealFrame } from "./frame.ts";
import {
  CLOSING_MARK_BYTES,
  FRAME_BYTES_LIMIT,
  FRAME_HEADER_BYTES,
  frameBytes,
  SECTOR_BYTES,
} from "./layout.ts";
import type { LogPlace } from "./log.ts";
import { Preallocation } from "./preallocation.ts";
import { writeFully } from "./write-fully.ts";

/** One step of preparing the next segment: about as long as a sync, so that no frame waits for more than that. */
const PREPARE_SLICE_BYTES = 256 * 1024;
/** The next segment's zeros run ahead of the current one's frames by this factor. */
const PREPARE_LEAD = 2;
/**
 * Asked so often for the next segment, a log that found no room for it looks again: every five seconds on an idle node,
 * whose journal turns ten times a second, and under load a few times a second.
 */
const PREPARE_RETRY_TURNS = 50;
/** There is no room for a new file at this time. Any other failure says that the disk can't be trusted. */
const NO_ROOM_CODES: readonly string[] = ["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"];

export interface LogLimits {
  /** The size of a new segment file: a multiple of SECTOR_BYTES. */
  readonly segmentBytes: number;
  /** The longest frame, header and padding included: at most FRAME_BYTES_LIMIT, and it fits one segment. */
  readonly frameBytesMax: number;
}

/** Where a log ends: what the next frame continues. */
export interface LogEnd {
  readonly position: number;
  readonly chain: Uint8Array;
  readonly epoch: number;
  /** The last segment, or none in a log that has not begun. */
  readonly segment: OpenSegment | undefined;
}

export interface OpenSegment {
  readonly file: StorageFile;
  readonly number: number;
  readonly segmentBytes: number;
  /** Behind the last frame. */
  readonly offset: number;
}

/** Refuses limits that contradict one another: SEGMENT_LIMITS, usage. */
export function checkLimits({ segmentBytes, frameBytesMax }: LogLimits): void {
  const wrong = (why: string) => new SeriatimError("SEGMENT_LIMITS", why, { exitCode: 2 });
  if (!Number.isSafeInteger(segmentBytes) || segmentBytes % SECTOR_BYTES !== 0 || segmentBytes <= 0) {
    throw wrong(`segment size ${segmentBytes} is not a multiple of ${SECTOR_BYTES} bytes`);
  }
  if (frameBytesMax > FRAME_BYTES_LIMIT || frameBytesMax <= FRAME_HEADER_BYTES || frameBytesMax % 8 !== 0) {
    const range = `${FRAME_HEADER_BYTES + 8} to ${FRAME_BYTES_LIMIT}`;
    throw wrong(`frame size ${frameBytesMax} is not a multiple of 8 in ${range} bytes`);
  }
  if (frameBytesMax > segmentBytes - SECTOR_BYTES) {
    throw wrong(`segment size ${segmentBytes} is too small for frames of ${frameBytesMax} bytes`);
  }
}

export class LogWriter {
  /** Put the next frame's payload into payload.bytes from PAYLOAD_AT on, at most `payloadBytesMax`. */
  readonly frame: FrameBuffer;
  readonly payloadBytesMax: number;
  readonly #storage: Storage;
  readonly #checksums: Checksums;
  readonly #place: LogPlace;
  readonly #limits: LogLimits;
  readonly #chain: Uint8Array;
  #epoch: number;
  #position: number;
  #durablePosition: number;
  #segment: OpenSegment | undefined;
  #offset: number;
  #lastFrameBytes = 0;
  #next: Preallocation | undefined;
  #preallocationFailure: SeriatimError | undefined;
  #turnsToRetry = 0;
  #failure: SeriatimError | undefined;

  /** Everything up to `end` must be safe already; `openLog` sees to that. */
  constructor(place: LogPlace, limits: LogLimits, end: LogEnd) {
    checkLimits(limits);
    this.#place = place;
    this.#storage = place.storage;
    this.#checksums = place.checksums;
    this.#limits = limits;
    this.frame = new FrameBuffer(limits.frameBytesMax);
    this.payloadBytesMax = limits.frameBytesMax - FRAME_HEADER_BYTES;
    this.#chain = end.chain.slice();
    this.#epoch = end.epoch;
    this.#position = end.position;
    this.#durablePosition = end.position;
    this.#segment = end.segment;
    this.#offset = end.segment?.offset ?? 0;
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
  /** The last frame's chain value; a copy. */
  get chain(): Uint8Array {
    return this.#chain.slice();
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
    return this.#preallocationFailure;
  }

  /** Opens a tenure: frames from now on carry `epoch`. */
  beginEpoch(epoch: number): void {
    assert(epoch >= this.#epoch, "epochs never go back");
    this.#epoch = epoch;
  }

  /** Writes the payload in `frame` as one frame of `count` positions, and nothing more: `sync` makes it safe. */
  append(payloadBytes: number, count: number, timestamp_us: number): void {
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
      const total = sealFrame(this.frame, fields, this.#chain, this.#checksums);
      writeFully(segment.file, this.frame.bytes, total, this.#offset);
      this.#offset += total;
      this.#lastFrameBytes = total;
      this.#position += count;
    } catch (error) {
      throw this.#latch(error);
    }
  }

  /** Makes every frame written so far safe. */
  sync(): void {
    this.#orThrow();
    if (this.#durablePosition === this.#position) return;
    try {
      this.#segment?.file.syncData();
      this.#durablePosition = this.#position;
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
    const segment = this.#segment;
    if (segment === undefined || !this.#preparationIsDue(whenIdle)) return false;
    try {
      this.#next ??= this.#preallocate(segment.number + 1);
      const more = this.#next.advance(Math.max(PREPARE_SLICE_BYTES, this.#lastFrameBytes * PREPARE_LEAD));
      if (!more) this.#preallocationFailure = undefined;
      return more;
    } catch (error) {
      this.#giveUpPreparing(error);
      return false;
    }
  }

  /** Syncs, marks the end as safe and closes; the log can be opened again. A failed one only gives its files back. */
  close(): void {
    try {
      if (this.#failure === undefined) this.#markClosed();
    } finally {
      this.#segment?.file.close();
      this.#segment = undefined;
      this.#abandonNext();
    }
    this.#failure ??= new SeriatimError(
      "LOG_CLOSED",
      `the ${this.#place.log} in ${this.#place.directory} is closed`,
    );
  }

  /** Makes everything safe and says so behind the last frame; without room for that the end is as after a crash. */
  #markClosed(): void {
    this.sync();
    const segment = this.#segment;
    if (segment === undefined || this.#offset + CLOSING_MARK_BYTES > segment.segmentBytes) return;
    try {
      const mark = encodeClosingMark(this.#position, this.#chain, this.#checksums);
      writeFully(segment.file, mark, mark.length, this.#offset);
      segment.file.syncData();
    } catch (error) {
      throw this.#latch(error);
    }
  }

  #preparationIsDue(whenIdle: boolean): boolean {
    if (this.#preallocationFailure === undefined) {
      return whenIdle || (this.#next?.zeroed ?? 0) < this.#offset * PREPARE_LEAD;
    }
    return this.#next !== undefined || --this.#turnsToRetry <= 0;
  }

  #segmentFor(total: number): OpenSegment {
    const segment = this.#segment;
    if (segment !== undefined && this.#offset + total <= segment.segmentBytes) return segment;
    return this.#rotate();
  }

  #rotate(): OpenSegment {
    this.sync();
    const number = (this.#segment?.number ?? 0) + 1;
    const next = this.#next ?? this.#preallocate(number);
    const header = {
      segmentBytes: next.segmentBytes,
      number,
      firstPosition: this.#position + 1,
      epoch: this.#epoch,
      anchor: this.#chain,
    };
    this.#next = next;
    const file = next.publish(header, this.#checksums);
    this.#next = undefined;
    this.#segment?.file.close();
    this.#offset = SECTOR_BYTES;
    this.#segment = { file, number, segmentBytes: next.segmentBytes, offset: SECTOR_BYTES };
    this.#preallocationFailure = undefined;
    return this.#segment;
  }

  #preallocate(number: number): Preallocation {
    const { directory, log } = this.#place;
    return new Preallocation(this.#storage, directory, log, number, this.#limits.segmentBytes);
  }

  #giveUpPreparing(error: unknown): void {
    if (!(error instanceof SeriatimError) || !NO_ROOM_CODES.includes(error.code)) throw this.#latch(error);
    this.#preallocationFailure = error;
    this.#turnsToRetry = PREPARE_RETRY_TURNS;
    this.#abandonNext();
  }

  #abandonNext(): void {
    this.#next?.abandon();
    this.#next = undefined;
  }

  #orThrow(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What has no name yet is no part of the log: it is removed, and everything else left as it is. */
  #latch(error: unknown): SeriatimError {
    this.#abandonNext();
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
