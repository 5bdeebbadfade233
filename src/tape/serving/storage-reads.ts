// Reading topics' logs, which is done elsewhere (on the storage thread): what can be asked for, and what comes of it. Nothing waits:
// an answer comes in a later call.

import type { TapeReason } from "../../protocol/index.ts";
import type { TopicProgress } from "./progress.ts";

/** What lies in a delivery buffer: whole batches back to back, from its first byte on. */
export interface ReadBatches {
  readonly bytes: number;
  /** The first batch's first record: at most the one that was asked for. */
  readonly firstRecord: number;
  /** The record behind the last batch. */
  readonly nextRecord: number;
}

/**
 * RecordGone: `detail` is the oldest record. LogCorrupt: the record behind the damage that can be read again, 0 when none is known.
 * LogFailed: the disk gave nothing.
 */
export interface ReadFailure {
  readonly reason: TapeReason;
  readonly detail: number;
}

export interface StorageReads {
  /**
   * Reads the batches from the one with `record` on into a delivery buffer, up to `end` and as many as fit: one at least when there
   * is one. One read of a buffer at a time. False: too much waits already; ask again.
   */
  read(buffer: number, topic: number, record: number, end: TopicProgress): boolean;
  /** Finds the first record that was ordered at `time_us` or later. `connection` comes back with the answer. False as above. */
  locate(connection: number, topic: number, time_us: number, end: TopicProgress): boolean;
}

/** Who asked. */
export interface ReadsListener {
  read(buffer: number, outcome: ReadBatches | ReadFailure): void;
  located(connection: number, outcome: number | ReadFailure): void;
}
