// The 128-byte header of a batch: its publisher's half, sealed by a CRC32C, and the log's half, sealed by its own, with the
// commit mark that says the log has the batch whole. Judging one takes no memory and reads nothing behind it.

import { assert, crc32c, fromLanes, getU64, SAFE_MAX, setU64 } from "../../base/index.ts";
import { type TapeMemory, writeTapeHead } from "./head.ts";
import {
  padded,
  TAPE_BATCH_RECORDS_MAX,
  TAPE_COMMIT_MARK,
  TAPE_PAYLOAD_BYTES_MAX,
  TapeBatch,
  TapeBatchFlag,
  TapeHead,
  TapeRecord,
  TapeType,
} from "./layout.ts";
import { TapeReason } from "./reasons.ts";

/** The half of a header that the publisher writes. Numbers of 64 bits are safe integers from 1 on. */
export interface TapeBatchHeader {
  readonly isCompressed: boolean;
  readonly records: number;
  readonly publisher: number;
  readonly epoch: number;
  readonly batch: number;
  /** As sent, without the padding. */
  readonly payloadBytes: number;
  /** Of the records themselves. */
  readonly plainBytes: number;
  /** Of the payload and the zeros behind it. */
  readonly payloadCrc: number;
}

/** Writes the header at `at`, with the log's half all zero; the payload behind it is untouched. Returns the whole message's bytes. */
export function writeBatchHeader({ bytes, view }: TapeMemory, at: number, header: TapeBatchHeader): number {
  const { records, payloadBytes } = header;
  assert(records >= 1 && records <= TAPE_BATCH_RECORDS_MAX, "a batch has 1 to 10,000 records");
  assert(payloadBytes >= 1 && payloadBytes <= TAPE_PAYLOAD_BYTES_MAX, "a payload is at most 2 MiB");
  const length = TapeBatch.bytes + padded(payloadBytes);
  bytes.fill(0, at, at + TapeBatch.bytes);
  writeTapeHead(view, at, TapeType.Batch, length);
  view.setUint32(at + TapeBatch.flags, header.isCompressed ? TapeBatchFlag.Zstd : 0, true);
  view.setUint32(at + TapeBatch.records, records, true);
  setU64(view, at + TapeBatch.publisher, header.publisher);
  setU64(view, at + TapeBatch.epoch, header.epoch);
  setU64(view, at + TapeBatch.batch, header.batch);
  view.setUint32(at + TapeBatch.payloadBytes, payloadBytes, true);
  view.setUint32(at + TapeBatch.plainBytes, header.plainBytes, true);
  view.setUint32(at + TapeBatch.payloadCrc, header.payloadCrc, true);
  view.setUint32(at + TapeBatch.headerCrc, crc32c(bytes, at, at + TapeBatch.headerCrc), true);
  return length;
}

/**
 * What is wrong with the publisher's half of the header at `at`, whose head was judged already (`tapeHeadProblem`): its
 * checksum, its reserved bits, its numbers, and whether its sizes agree. The payload is not looked at.
 */
export function batchHeaderProblem({ bytes, view }: TapeMemory, at: number): TapeReason {
  const sum = view.getUint32(at + TapeBatch.headerCrc, true);
  if (sum !== crc32c(bytes, at, at + TapeBatch.headerCrc)) return TapeReason.ChecksumHeader;
  const flags = view.getUint32(at + TapeBatch.flags, true);
  const reserved =
    view.getUint32(at + TapeBatch.reserved, true) | view.getUint32(at + TapeBatch.reserved + 4, true);
  if ((flags & ~TapeBatchFlag.Zstd) !== 0 || reserved !== 0) return TapeReason.Malformed;
  const ofSession = isNumber(view, at + TapeBatch.publisher) && isNumber(view, at + TapeBatch.epoch);
  if (!ofSession) return TapeReason.OtherSession;
  if (!isNumber(view, at + TapeBatch.batch)) return TapeReason.BatchNumber;
  return sizesProblem(view, at, flags !== 0);
}

function sizesProblem(view: DataView, at: number, isCompressed: boolean): TapeReason {
  const records = view.getUint32(at + TapeBatch.records, true);
  const payloadBytes = view.getUint32(at + TapeBatch.payloadBytes, true);
  const plainBytes = view.getUint32(at + TapeBatch.plainBytes, true);
  if (records === 0 || payloadBytes === 0 || plainBytes === 0) return TapeReason.BatchEmpty;
  const isTooLarge =
    records > TAPE_BATCH_RECORDS_MAX ||
    payloadBytes > TAPE_PAYLOAD_BYTES_MAX ||
    plainBytes > TAPE_PAYLOAD_BYTES_MAX;
  if (isTooLarge) return TapeReason.BatchTooLarge;
  if (!isCompressed && plainBytes !== payloadBytes) return TapeReason.Malformed;
  if (plainBytes % 8 !== 0 || plainBytes < records * TapeRecord.bytes) return TapeReason.Records;
  const length = TapeBatch.bytes + padded(payloadBytes);
  return view.getUint32(at + TapeHead.length, true) === length ? TapeReason.None : TapeReason.Malformed;
}

/** Whether the u64 at `at` is one of ours: from 1 to 2^53 - 1. */
function isNumber(view: DataView, at: number): boolean {
  const value = fromLanes(view.getUint32(at, true), view.getUint32(at + 4, true));
  return value >= 1 && value <= SAFE_MAX;
}

/** The publisher's half of a header that was judged. */
export function readBatchHeader(view: DataView, at: number): TapeBatchHeader {
  return {
    isCompressed: (view.getUint32(at + TapeBatch.flags, true) & TapeBatchFlag.Zstd) !== 0,
    records: view.getUint32(at + TapeBatch.records, true),
    publisher: getU64(view, at + TapeBatch.publisher),
    epoch: getU64(view, at + TapeBatch.epoch),
    batch: getU64(view, at + TapeBatch.batch),
    payloadBytes: view.getUint32(at + TapeBatch.payloadBytes, true),
    plainBytes: view.getUint32(at + TapeBatch.plainBytes, true),
    payloadCrc: view.getUint32(at + TapeBatch.payloadCrc, true),
  };
}

/** The log's half of a header. */
export interface TapeLogPart {
  /** The number of the batch's first record in its topic's total order, from 1. */
  readonly firstRecord: number;
  /** Where the batch is in the topic's log: the position of the frame that holds it. */
  readonly position: number;
  /** When it was ordered, in microseconds since 1970 by the broker's clock. */
  readonly committed_us: number;
}

/** Fills in the log's half, its commit mark last but for the sum: what lies in a file or a queue has it whole or not at all. */
export function writeLogPart(
  { bytes, view }: TapeMemory,
  at: number,
  firstRecord: number,
  position: number,
  committed_us: number,
): void {
  setU64(view, at + TapeBatch.firstRecord, firstRecord);
  setU64(view, at + TapeBatch.position, position);
  setU64(view, at + TapeBatch.committed_us, committed_us);
  bytes.fill(0, at + TapeBatch.logReserved, at + TapeBatch.logCrc);
  view.setUint32(at + TapeBatch.commitMark, TAPE_COMMIT_MARK, true);
  const sum = crc32c(bytes, at + TapeBatch.firstRecord, at + TapeBatch.logCrc);
  view.setUint32(at + TapeBatch.logCrc, sum, true);
}

/** Whether the log has ordered the batch at `at`: its commit mark is there, and its half of the header is whole. */
export function isCommittedBatch({ bytes, view }: TapeMemory, at: number): boolean {
  return (
    view.getUint32(at + TapeBatch.commitMark, true) === TAPE_COMMIT_MARK &&
    view.getUint32(at + TapeBatch.logCrc, true) ===
      crc32c(bytes, at + TapeBatch.firstRecord, at + TapeBatch.logCrc)
  );
}

/** The log's half of a batch that is committed. */
export function readLogPart(view: DataView, at: number): TapeLogPart {
  return {
    firstRecord: getU64(view, at + TapeBatch.firstRecord),
    position: getU64(view, at + TapeBatch.position),
    committed_us: getU64(view, at + TapeBatch.committed_us),
  };
}
