// What a topic's log holds besides batches: a Checkpoint, first in each segment, from which everything behind it can be known without
// the segments before; and that a Session was opened. The frames around them have the checksums.

import { assert, getU64, SAFE_MAX, setU64 } from "../../base/index.ts";
import { type TapeMemory, tapeLengthAt, writeTapeHead } from "./head.ts";
import {
  TAPE_MAGIC,
  TAPE_SESSIONS_MAX,
  TAPE_VERSION,
  TapeCheckpoint,
  TapeCheckpointSession,
  TapeHead,
  TapeSession,
  TapeType,
} from "./layout.ts";

/** Why what begins with the head at `at` is no entry of this version's; undefined when it may be one. */
export function tapeEntryProblem(view: DataView, at: number): string | undefined {
  if (view.getUint16(at + TapeHead.magic, true) !== TAPE_MAGIC) return "an entry that is no message";
  return tapeEntryVersionProblem(view, at);
}

/** Why the entry at `at` is another version's, in words that name it; undefined when it is this one's, or no message. */
export function tapeEntryVersionProblem(view: DataView, at: number): string | undefined {
  if (view.getUint16(at + TapeHead.magic, true) !== TAPE_MAGIC) return undefined;
  const version = view.getUint8(at + TapeHead.version);
  if (version === TAPE_VERSION) return undefined;
  return `an entry of version ${version}, this program knows version ${TAPE_VERSION}`;
}

/** How far a publisher's session came in a topic. */
export interface TapeSessionFields {
  readonly publisher: number;
  readonly epoch: number;
  /** 0: none yet. */
  readonly lastBatch: number;
  /** When it was opened or wrote last, in microseconds since 1970. */
  readonly last_us: number;
}

export interface TapeCheckpointFields {
  /** The number of the first record behind it. */
  readonly nextRecord: number;
  /** Of all segments before the one that it begins, oldest to newest. */
  readonly logBytes: number;
  /** The newest epoch of each publisher that is remembered. */
  readonly sessions: readonly TapeSessionFields[];
}

/** The bytes of a checkpoint of so many sessions. */
export function checkpointBytes(sessions: number): number {
  return TapeCheckpoint.bytes + sessions * TapeCheckpointSession.bytes;
}

/** Writes a checkpoint at `at`, and returns its bytes. */
export function writeCheckpoint(
  { bytes, view }: TapeMemory,
  at: number,
  { nextRecord, logBytes, sessions }: TapeCheckpointFields,
): number {
  assert(sessions.length <= TAPE_SESSIONS_MAX, "a topic remembers at most 16,384 sessions");
  const length = checkpointBytes(sessions.length);
  bytes.fill(0, at, at + TapeCheckpoint.bytes);
  writeTapeHead(view, at, TapeType.Checkpoint, length);
  view.setUint32(at + TapeCheckpoint.sessions, sessions.length, true);
  setU64(view, at + TapeCheckpoint.nextRecord, nextRecord);
  setU64(view, at + TapeCheckpoint.logBytes, logBytes);
  let next = at + TapeCheckpoint.bytes;
  for (const session of sessions) {
    setU64(view, next + TapeCheckpointSession.publisher, session.publisher);
    setU64(view, next + TapeCheckpointSession.epoch, session.epoch);
    setU64(view, next + TapeCheckpointSession.lastBatch, session.lastBatch);
    setU64(view, next + TapeCheckpointSession.last_us, session.last_us);
    next += TapeCheckpointSession.bytes;
  }
  return length;
}

/** The checkpoint at `at`, which `bytesLeft` bytes of an entry begin with; undefined when it is none. */
export function readCheckpoint(
  memory: TapeMemory,
  at: number,
  bytesLeft: number,
): TapeCheckpointFields | undefined {
  const { view } = memory;
  if (bytesLeft < TapeCheckpoint.bytes || tapeEntryProblem(view, at) !== undefined) return undefined;
  const count = view.getUint32(at + TapeCheckpoint.sessions, true);
  const length = tapeLengthAt(view, at);
  if (count > TAPE_SESSIONS_MAX || length !== checkpointBytes(count) || length > bytesLeft) return undefined;
  const nextRecord = getU64(view, at + TapeCheckpoint.nextRecord);
  if (nextRecord < 1 || nextRecord > SAFE_MAX) return undefined;
  const sessions = Array.from({ length: count }, (_, i) => {
    const next = at + TapeCheckpoint.bytes + i * TapeCheckpointSession.bytes;
    return {
      publisher: getU64(view, next + TapeCheckpointSession.publisher),
      epoch: getU64(view, next + TapeCheckpointSession.epoch),
      lastBatch: getU64(view, next + TapeCheckpointSession.lastBatch),
      last_us: getU64(view, next + TapeCheckpointSession.last_us),
    };
  });
  return { nextRecord, logBytes: getU64(view, at + TapeCheckpoint.logBytes), sessions };
}

/** Writes that a session was opened, at `at`; returns its bytes. */
export function writeSessionEntry(view: DataView, at: number, publisher: number, epoch: number): number {
  writeTapeHead(view, at, TapeType.Session, TapeSession.bytes);
  setU64(view, at + TapeSession.publisher, publisher);
  setU64(view, at + TapeSession.epoch, epoch);
  return TapeSession.bytes;
}

/** The session that was opened by the entry at `at`. */
export function readSessionEntry(view: DataView, at: number): { publisher: number; epoch: number } {
  return {
    publisher: getU64(view, at + TapeSession.publisher),
    epoch: getU64(view, at + TapeSession.epoch),
  };
}
