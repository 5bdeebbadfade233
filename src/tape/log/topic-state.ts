// What the entries of a topic's log add up to: the next record's number, the sessions, when the last batch was committed. It is
// computed the same way by whoever opens a log and whoever inspects one.
//
//   Checkpoint   the first entry of each segment: says all of it, so nothing before it is needed; its frame's time is the
//                last batch's
//   Session      a publisher's session was opened
//   Batch        one or more whole batches back to back, their records numbered on

import { SeriatimError } from "../../base/index.ts";
import {
  readBatchHeader,
  readCheckpoint,
  readLogPart,
  readSessionEntry,
  TapeBatch,
  type TapeMemory,
  TapeSession,
  TapeType,
  tapeEntryProblem,
  tapeEntryVersionProblem,
  tapeLengthAt,
  tapeMemoryOf,
  tapeTypeAt,
} from "../../protocol/index.ts";
import type { LogFrame } from "../../segment/index.ts";
import { otherVersionAt } from "./other-version.ts";
import { SessionTable } from "./session-table.ts";

export class TopicState {
  readonly sessions: SessionTable;
  /** The number the next record gets. */
  nextRecord = 1;
  /** Of the newest checkpoint: bytes of all segments before its own, the header sectors counted. */
  logBytes = 0;
  /** When the last batch was committed; 0 before the first. Never goes back. */
  last_us = 0;
  /** When the first batch behind the newest checkpoint was committed; 0 when there is none. */
  first_us = 0;
  /** Batches taken. */
  batches = 0;
  #memory: TapeMemory | undefined;
  #isBegun = false;

  constructor(sessionsMax: number) {
    this.sessions = new SessionTable(sessionsMax);
  }

  /** Takes the next entry; throws LOG_CORRUPT, or LOG_VERSION for another version's, with file, offset and position, when it can't be one. */
  take(frame: LogFrame): void {
    if (this.#memory?.bytes !== frame.bytes) this.#memory = tapeMemoryOf(frame.bytes);
    const wrong = this.#entryProblem(this.#memory, frame);
    this.#isBegun = true;
    if (wrong === undefined) return;
    throw new SeriatimError("LOG_CORRUPT", `corrupt: ${placeOf(frame)}: ${wrong}`);
  }

  /** The same, with what is wrong as a value. */
  tryTake(frame: LogFrame): SeriatimError | undefined {
    try {
      this.take(frame);
      return undefined;
    } catch (error) {
      if (error instanceof SeriatimError) return error;
      throw error;
    }
  }

  #entryProblem(memory: TapeMemory, frame: LogFrame): string | undefined {
    const { payloadAt, payloadBytes, timestamp_us } = frame;
    const { view } = memory;
    if (payloadBytes < TapeSession.bytes) return `an entry of ${payloadBytes} bytes`;
    const foreign = this.#foreign(view, payloadAt, frame);
    if (foreign !== undefined) return foreign;
    const type = tapeTypeAt(view, payloadAt);
    if (type === TapeType.Checkpoint) return this.#checkpoint(memory, frame);
    if (!this.#isBegun) return "the first entry is no checkpoint";
    if (type === TapeType.Batch) return this.#batches(view, payloadAt, payloadAt + payloadBytes, frame);
    if (type !== TapeType.Session)
      throw otherVersionAt(placeOf(frame), `an entry of type ${type}, which this program does not know`);
    const { publisher, epoch } = readSessionEntry(view, payloadAt);
    this.sessions.open(publisher, epoch, timestamp_us);
    return undefined;
  }

  /** Why no message begins at `at`; one of another version throws. */
  #foreign(view: DataView, at: number, frame: LogFrame): string | undefined {
    const other = tapeEntryVersionProblem(view, at);
    if (other !== undefined) throw otherVersionAt(placeOf(frame), other);
    return tapeEntryProblem(view, at);
  }

  #checkpoint(memory: TapeMemory, frame: LogFrame): string | undefined {
    const checkpoint = readCheckpoint(memory, frame.payloadAt, frame.payloadBytes);
    if (checkpoint === undefined) return "it holds no checkpoint";
    const { nextRecord, logBytes } = checkpoint;
    if (this.#isBegun && nextRecord !== this.nextRecord)
      return `a checkpoint says that record ${nextRecord} comes next, expected ${this.nextRecord}`;
    this.sessions.restore(checkpoint.sessions);
    this.nextRecord = nextRecord;
    this.logBytes = logBytes;
    this.last_us = frame.timestamp_us;
    this.first_us = 0;
    return undefined;
  }

  #batches(view: DataView, from: number, to: number, frame: LogFrame): string | undefined {
    const { timestamp_us: time_us } = frame;
    let at = from;
    while (at < to) {
      const length = to - at < TapeBatch.bytes ? 0 : tapeLengthAt(view, at);
      const foreign = length === 0 ? undefined : this.#foreign(view, at, frame);
      if (foreign !== undefined) return foreign;
      if (tapeTypeAt(view, at) !== TapeType.Batch || length < TapeBatch.bytes || length > to - at)
        return "its batches don't add up to it";
      const { firstRecord } = readLogPart(view, at);
      if (firstRecord !== this.nextRecord)
        return `a batch begins with record ${firstRecord}, expected ${this.nextRecord}`;
      const { publisher, epoch, batch, records } = readBatchHeader(view, at);
      this.sessions.wrote(publisher, epoch, batch, time_us);
      this.nextRecord += records;
      this.batches++;
      at += length;
    }
    this.committed(time_us);
    return undefined;
  }

  /** A part was committed. */
  committed(time_us: number): void {
    this.last_us = time_us;
    if (this.first_us === 0) this.first_us = time_us;
  }
}

function placeOf({ file, offset, firstPosition }: LogFrame): string {
  return `${file} at offset ${offset}, position ${firstPosition}`;
}
