// The messages of a session that is under way: Batch, Ack, Heartbeat, and the pieces of a snapshot. Written into a
// buffer that the session keeps; each returns the message's bytes, at the buffer's start.

import { type Checksums, getU64, type Position, setU64, type WordBuffer } from "../../base/index.ts";
import {
  BatchLayout,
  DIGEST_BYTES,
  ReplicaAckLayout,
  ReplicaHeartbeatLayout,
  ReplicationType,
  SnapshotBeginLayout,
  SnapshotPartLayout,
} from "./layout.ts";
import { REPLICATION_BODY_AT as BODY, sealMessage } from "./message.ts";

/** Where in its buffer a batch's frame is put before writeBatch(). */
export const BATCH_FRAME_AT = BODY + BatchLayout.bytes;

/** `released`: the last position that may be seen; `segment`: the number of the segment that the frame lies in. */
export function writeBatch(
  buffer: WordBuffer,
  frameBytes: number,
  released: Position,
  segment: number,
  checksums: Checksums,
): number {
  setU64(buffer.view, BODY + BatchLayout.released, released);
  setU64(buffer.view, BODY + BatchLayout.segment, segment);
  return sealMessage(buffer, ReplicationType.Batch, BatchLayout.bytes + frameBytes, checksums);
}

export function readBatch({ view }: WordBuffer, at: number): { released: Position; segment: number } {
  return {
    released: getU64(view, at + BatchLayout.released),
    segment: getU64(view, at + BatchLayout.segment),
  };
}

export interface ReplicaAck {
  readonly epoch: number;
  readonly inMemory: Position;
  readonly persisted: Position;
}

export function writeAck(buffer: WordBuffer, ack: ReplicaAck, checksums: Checksums): number {
  setU64(buffer.view, BODY + ReplicaAckLayout.epoch, ack.epoch);
  setU64(buffer.view, BODY + ReplicaAckLayout.inMemory, ack.inMemory);
  setU64(buffer.view, BODY + ReplicaAckLayout.persisted, ack.persisted);
  return sealMessage(buffer, ReplicationType.Ack, ReplicaAckLayout.bytes, checksums);
}

export function readAck({ view }: WordBuffer, at: number): ReplicaAck {
  return {
    epoch: getU64(view, at + ReplicaAckLayout.epoch),
    inMemory: getU64(view, at + ReplicaAckLayout.inMemory),
    persisted: getU64(view, at + ReplicaAckLayout.persisted),
  };
}

export interface ReplicaHeartbeat {
  readonly epoch: number;
  readonly released: Position;
}

export function writeHeartbeat(buffer: WordBuffer, beat: ReplicaHeartbeat, checksums: Checksums): number {
  setU64(buffer.view, BODY + ReplicaHeartbeatLayout.epoch, beat.epoch);
  setU64(buffer.view, BODY + ReplicaHeartbeatLayout.released, beat.released);
  return sealMessage(buffer, ReplicationType.Heartbeat, ReplicaHeartbeatLayout.bytes, checksums);
}

export function readHeartbeat({ view }: WordBuffer, at: number): ReplicaHeartbeat {
  return {
    epoch: getU64(view, at + ReplicaHeartbeatLayout.epoch),
    released: getU64(view, at + ReplicaHeartbeatLayout.released),
  };
}

export interface SnapshotBegin {
  /** Of the frame that ends at `position`. */
  readonly epoch: number;
  /** Of the snapshot file. */
  readonly fileBytes: number;
  readonly position: Position;
  readonly chain: Uint8Array;
  /** BLAKE3 of the file. */
  readonly digest: Uint8Array;
}

export function writeSnapshotBegin(buffer: WordBuffer, begin: SnapshotBegin, checksums: Checksums): number {
  setU64(buffer.view, BODY + SnapshotBeginLayout.epoch, begin.epoch);
  setU64(buffer.view, BODY + SnapshotBeginLayout.fileBytes, begin.fileBytes);
  setU64(buffer.view, BODY + SnapshotBeginLayout.position, begin.position);
  buffer.bytes.set(begin.chain, BODY + SnapshotBeginLayout.chain);
  buffer.bytes.set(begin.digest, BODY + SnapshotBeginLayout.digest);
  return sealMessage(buffer, ReplicationType.SnapshotBegin, SnapshotBeginLayout.bytes, checksums);
}

export function readSnapshotBegin({ bytes, view }: WordBuffer, at: number): SnapshotBegin {
  const chainAt = at + SnapshotBeginLayout.chain;
  const digestAt = at + SnapshotBeginLayout.digest;
  return {
    epoch: getU64(view, at + SnapshotBeginLayout.epoch),
    fileBytes: getU64(view, at + SnapshotBeginLayout.fileBytes),
    position: getU64(view, at + SnapshotBeginLayout.position),
    chain: bytes.slice(chainAt, chainAt + DIGEST_BYTES),
    digest: bytes.slice(digestAt, digestAt + DIGEST_BYTES),
  };
}

/** Where in its buffer a part's bytes are put before writeSnapshotPart(). */
export const SNAPSHOT_PART_AT = BODY + SnapshotPartLayout.bytes;

/** `length` bytes of the snapshot from `offset` on, which are in the buffer already. */
export function writeSnapshotPart(
  buffer: WordBuffer,
  offset: number,
  length: number,
  checksums: Checksums,
): number {
  setU64(buffer.view, BODY + SnapshotPartLayout.offset, offset);
  setU64(buffer.view, BODY + SnapshotPartLayout.length, length);
  const padded = Math.ceil(length / 8) * 8;
  buffer.bytes.fill(0, SNAPSHOT_PART_AT + length, SNAPSHOT_PART_AT + padded);
  return sealMessage(buffer, ReplicationType.SnapshotPart, SnapshotPartLayout.bytes + padded, checksums);
}

/** Offset in the snapshot and the bytes, lent; undefined when the length is not that of the body. */
export function readSnapshotPart(
  { bytes, view }: WordBuffer,
  at: number,
  bodyBytes: number,
): { offset: number; bytes: Uint8Array } | undefined {
  const length = getU64(view, at + SnapshotPartLayout.length);
  if (Math.ceil(length / 8) * 8 !== bodyBytes - SnapshotPartLayout.bytes) return undefined;
  const from = at + SnapshotPartLayout.bytes;
  return { offset: getU64(view, at + SnapshotPartLayout.offset), bytes: bytes.subarray(from, from + length) };
}
