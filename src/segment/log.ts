// A log as plain data: where it is, what one frame shows to its reader, and what a scan found.

import type { Checksums, Storage } from "../base/index.ts";
import type { LogPoint } from "./continuity.ts";
import type { FrameFields } from "./frame.ts";
import type { Damage, Verdict } from "./tail.ts";

/** Where a log is and what reads it. */
export interface LogPlace {
  readonly storage: Storage;
  readonly checksums: Checksums;
  readonly directory: string;
  /** The log's name, the first part of its files' names: a-z only. */
  readonly log: string;
}

/** A verified frame. `bytes` and `words` are borrowed: valid during the visit only. */
export interface LogFrame extends FrameFields {
  readonly file: string;
  /** Of the frame in its file. */
  readonly offset: number;
  readonly frameBytes: number;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Of the payload in `bytes`, a multiple of 8. */
  readonly payloadAt: number;
}

/** Takes one frame. One that returns false has seen enough: reading ends behind it, without a word on the rest. */
export type FrameVisitor = (frame: LogFrame) => unknown;

/** From where on a log is wanted: behind this point, whose state somebody has in a snapshot. */
export interface LogOrigin extends LogPoint {
  /**
   * In a directory without a segment the log begins behind this point, with a segment of this number; without it 1. It
   * is the one the frames to come lie in where they were written, so that later segments are the same files here.
   */
  readonly firstSegment?: number;
}

export interface SegmentSummary {
  readonly file: string;
  readonly number: number;
  readonly firstPosition: number;
  /** The last whole position, firstPosition - 1 when it holds no frame. */
  readonly lastPosition: number;
  readonly epoch: number;
  readonly segmentBytes: number;
  readonly frames: number;
  /** The offset behind its last whole frame. */
  readonly endOffset: number;
  /** Behind that frame it says that the log goes on in the next segment (continuation-mark.ts). */
  readonly isContinued: boolean;
  /** Every frame before this offset was safe when a later one was written; of those behind it nothing says so. */
  readonly durableOffset: number;
}

/** The first thing found that is not as it was written. */
export interface LogFault {
  readonly damage: Exclude<Damage, "none">;
  readonly file: string;
  readonly offset: number;
  /** The first position that is not readable because of it. */
  readonly position: number;
  readonly reason: string;
}

export interface LogScan {
  /** Those that were read: not the ones that end before the point the log is wanted from. */
  readonly segments: readonly SegmentSummary[];
  readonly temporaries: readonly string[];
  /** Whether an earlier opening began it anew or cut its end, and nobody knows yet that nothing is missing. */
  readonly mayLack: boolean;
  /** Of the first segment that was read. */
  readonly firstPosition: number;
  /** The last whole position; firstPosition - 1 when there is none. */
  readonly lastPosition: number;
  /** D: the highest durable position that anything readable names. */
  readonly durablePosition: number;
  readonly epoch: number;
  /** Of the last whole frame that was read, 0 when there is none. */
  readonly timestamp_us: number;
  readonly chain: Uint8Array;
  readonly frames: number;
  readonly verdict: Verdict;
  readonly because: string;
  readonly fault: LogFault | undefined;
  /** Its end is whole, and behind it lies what its last file held before: an opening cuts it. */
  readonly hasRemains: boolean;
  /** Where no whole frame begins: bytes from there to the last one that is not zero. Otherwise 0. */
  readonly damagedBytes: number;
}
