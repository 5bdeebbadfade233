// A batch as a subscriber gets it: judged, opened when it is compressed, and its records where they lie. Its memory is its own, so that
// what is taken from it stays.

import { constants, zstdDecompressSync } from "node:zlib";
import type { Checksums } from "../../base/index.ts";
import {
  batchHeaderProblem,
  decodeRecordHeaders,
  isCommittedBatch,
  RecordCursor,
  readBatchHeader,
  readLogPart,
  recordsProblem,
  TAPE_NO_TIME,
  TapeBatch,
  type TapeMemory,
  TapeReason,
  type TapeRecordHeader,
  tapeReasonText,
} from "../../protocol/index.ts";

/** One record. Its bytes are views of its batch's memory, which lives as long as any of them. */
export class TapeRecord {
  /** Its number in the topic, from 1. */
  readonly record: number;
  /** By its publisher, in microseconds since 1970; undefined when it has none. */
  readonly time_us: number | undefined;
  readonly batch: ReceivedBatch;
  readonly #bytes: Uint8Array;
  readonly #keyAt: number;
  readonly #headersAt: number;
  readonly #valueAt: number;
  readonly #end: number;

  constructor(batch: ReceivedBatch, record: number, cursor: RecordCursor) {
    this.batch = batch;
    this.record = record;
    this.time_us = cursor.time_us === TAPE_NO_TIME ? undefined : cursor.time_us;
    this.#bytes = cursor.bytes;
    this.#keyAt = cursor.keyAt;
    this.#headersAt = cursor.headersAt;
    this.#valueAt = cursor.valueAt;
    this.#end = cursor.valueAt + cursor.valueBytes;
  }

  get value(): Uint8Array {
    return this.#bytes.subarray(this.#valueAt, this.#end);
  }

  /** Empty when it has none. */
  get key(): Uint8Array {
    return this.#bytes.subarray(this.#keyAt, this.#headersAt);
  }

  get headers(): TapeRecordHeader[] {
    return decodeRecordHeaders(this.#bytes, this.#headersAt, this.#valueAt);
  }

  /** The value as UTF-8. */
  get text(): string {
    return Buffer.from(
      this.#bytes.buffer,
      this.#bytes.byteOffset + this.#valueAt,
      this.#end - this.#valueAt,
    ).toString();
  }
}

/** A batch: its records from the first that was asked for. */
export class ReceivedBatch implements Iterable<TapeRecord> {
  /** The session that wrote it, and its number there. */
  readonly publisher: number;
  readonly epoch: number;
  readonly batch: number;
  /** Where it is in the topic's log, and when it was ordered (microseconds since 1970, by the broker). */
  readonly position: number;
  readonly committed_us: number;
  /** The numbers of its first and its next record. */
  readonly firstRecord: number;
  readonly nextRecord: number;
  /** Its records, back to back: for whoever reads them with a RecordCursor. */
  readonly payload: Uint8Array;
  /** The first of them that was asked for: those before it are skipped. */
  readonly from: number;
  /** Of the message, as credit counts it. */
  readonly messageBytes: number;

  constructor(memory: TapeMemory, length: number, payload: Uint8Array, wanted: number) {
    const header = readBatchHeader(memory.view, 0);
    const log = readLogPart(memory.view, 0);
    this.publisher = header.publisher;
    this.epoch = header.epoch;
    this.batch = header.batch;
    this.position = log.position;
    this.committed_us = log.committed_us;
    this.firstRecord = log.firstRecord;
    this.nextRecord = log.firstRecord + header.records;
    this.payload = payload;
    this.from = Math.max(wanted, log.firstRecord);
    this.messageBytes = length;
  }

  *[Symbol.iterator](): Iterator<TapeRecord> {
    const cursor = new RecordCursor();
    cursor.reset(this.payload, 0, this.payload.length);
    for (let record = this.firstRecord; cursor.next(); record++) {
      if (record >= this.from) yield new TapeRecord(this, record, cursor);
    }
  }
}

/** A batch that came as it was published, and nobody can read: its records don't add up, or what is compressed is not. */
export class DamagedBatch {
  /** The session that wrote it, and its number there. */
  readonly publisher: number;
  readonly epoch: number;
  readonly batch: number;
  /** The numbers that its records have in the topic, by its header: the first, and the one behind the last. */
  readonly firstRecord: number;
  readonly nextRecord: number;
  /** What is wrong with it. */
  readonly why: string;

  constructor({ view }: TapeMemory, why: string) {
    const { publisher, epoch, batch, records } = readBatchHeader(view, 0);
    const { firstRecord } = readLogPart(view, 0);
    this.publisher = publisher;
    this.epoch = epoch;
    this.batch = batch;
    this.firstRecord = firstRecord;
    this.nextRecord = firstRecord + records;
    this.why = why;
  }

  /** One line. */
  get text(): string {
    const records = `records ${this.firstRecord} to ${this.nextRecord - 1}`;
    return `${records} can't be read: publisher ${this.publisher} sent batch ${this.batch} of epoch ${this.epoch} damaged: ${this.why}`;
  }
}

/** The batch in `memory`, of which records from `wanted` on are asked for; or what is wrong with the message. */
export function receiveBatch(
  memory: TapeMemory,
  length: number,
  wanted: number,
  checksums: Checksums,
): ReceivedBatch | DamagedBatch | string {
  const problem = batchHeaderProblem(memory, 0);
  if (problem !== TapeReason.None) return `a batch that is none: ${tapeReasonText(problem)}`;
  if (!isCommittedBatch(memory, 0)) return "a batch without a commit mark";
  const header = readBatchHeader(memory.view, 0);
  const sum = checksums.crc32c(memory.bytes.subarray(TapeBatch.bytes, length));
  if (sum !== header.payloadCrc) return "a batch whose payload does not match its CRC32C";
  const sent = memory.bytes.subarray(TapeBatch.bytes, TapeBatch.bytes + header.payloadBytes);
  const payload = header.isCompressed ? decompressed(sent, header.plainBytes) : sent;
  if (payload === undefined) return new DamagedBatch(memory, "it can't be decompressed");
  const wrong = recordsProblem(payload, 0, payload.length, header.records);
  return wrong === undefined
    ? new ReceivedBatch(memory, length, payload, wanted)
    : new DamagedBatch(memory, wrong);
}

/** The window that a frame may ask for, 8 MiB: what every zstd decoder is to give, and no more however little is in it. */
const PARAMS = { [constants.ZSTD_d_windowLogMax]: 23 };

function decompressed(sent: Uint8Array, plainBytes: number): Uint8Array | undefined {
  try {
    const plain = zstdDecompressSync(sent, { maxOutputLength: plainBytes, params: PARAMS });
    return plain.length === plainBytes ? plain : undefined;
  } catch {
    return undefined;
  }
}
