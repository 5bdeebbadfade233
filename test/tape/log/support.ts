// What the tests of topics' logs share: batches whose records say which they are, small limits, and a simulated disk's topic.

import type { Prng, Storage } from "../../../src/base/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  RecordCursor,
  RecordWriter,
  readBatchHeader,
  readLogPart,
  TAPE_BATCH_BYTES_MAX,
  TapeBatch,
  TapeHead,
  type TapeMemory,
  tapeLengthAt,
  tapeMemory,
  writeBatchHeader,
} from "../../../src/protocol/index.ts";
import { FRAME_HEADER_BYTES, SECTOR_BYTES } from "../../../src/segment/index.ts";
import type {
  TopicEnd,
  TopicLimits,
  TopicLog,
  TopicPlace,
  TopicReader,
  TopicTarget,
} from "../../../src/tape/index.ts";

const checksums = new NativeChecksums();
export const START_us = 1_700_000_000_000_000;

/** A segment holds a checkpoint of four sessions and about a dozen small parts. */
export const SMALL: TopicLimits = { segmentBytes: SECTOR_BYTES + 8192, partBytesMax: 4000, sessionsMax: 4 };

/** Real files: some dozen large parts a segment. */
export const LARGE: TopicLimits = {
  segmentBytes: 4 * 1024 * 1024,
  partBytesMax: TAPE_BATCH_BYTES_MAX,
  sessionsMax: 4,
};

/** Whose batches they are, when nothing else is said. */
export const PUBLISHER = 7;

export function topicPlace(storage: Storage, directory = "t"): TopicPlace {
  return { storage, checksums, directory };
}

export interface TestBatch {
  readonly batch: number;
  readonly records?: number;
  readonly publisher?: number;
  readonly epoch?: number;
  /** Of each record's value, 16 at least. */
  readonly valueBytes?: number;
  /** Of the wire's format, in its head: another one is a later program's. */
  readonly version?: number;
}

/** Shared memory for one part, and nothing in it. */
function staging(bytes = TAPE_BATCH_BYTES_MAX / 8): TapeMemory {
  return tapeMemory(new SharedArrayBuffer(bytes));
}

/** Writes the batches one behind the other from FRAME_HEADER_BYTES on; returns their bytes. */
function fillPart(memory: TapeMemory, batches: readonly TestBatch[]): number {
  let at = FRAME_HEADER_BYTES;
  for (const batch of batches) at += writeBatch(memory, at, batch);
  return at - FRAME_HEADER_BYTES;
}

function writeBatch(memory: TapeMemory, at: number, test: TestBatch): number {
  const { batch, records = 2, publisher = PUBLISHER, epoch = 1, valueBytes = 16 } = test;
  const writer = new RecordWriter();
  const from = at + TapeBatch.bytes;
  writer.reset(memory.bytes, from, memory.bytes.length);
  for (let i = 0; i < records; i++) {
    const value = new Uint8Array(valueBytes).fill(batch + i);
    const words = new DataView(value.buffer);
    for (const [lane, number] of [publisher, epoch, batch, i].entries())
      words.setUint32(lane * 4, number, true);
    if (!writer.add(value)) throw new Error("the records don't fit");
  }
  const { payloadBytes } = writer;
  const payloadCrc = checksums.crc32c(memory.bytes.subarray(from, from + payloadBytes));
  const sizes = { payloadBytes, plainBytes: payloadBytes, payloadCrc };
  const header = { isCompressed: false, records, publisher, epoch, batch, ...sizes };
  const length = writeBatchHeader(memory, at, header);
  if (test.version !== undefined) memory.bytes[at + TapeHead.version] = test.version;
  return length;
}

const memory = staging();

/** One to three batches from number `first` on, small and large ones. */
export function somePart(prng: Prng, first: number): TestBatch[] {
  return Array.from({ length: prng.between(1, 3) }, (_, i) => {
    return {
      batch: first + i,
      records: prng.between(1, 4),
      valueBytes: 16 * prng.between(1, prng.pick([8, 1000])),
    };
  });
}

/** Appends one part of these batches. */
export function append(log: TopicLog, batches: readonly TestBatch[], now_us = START_us): void {
  log.appendPart(memory, FRAME_HEADER_BYTES, fillPart(memory, batches), now_us);
}

/** A record as it was read: its number, and what its value says of itself. */
export interface SeenRecord {
  readonly record: number;
  readonly publisher: number;
  readonly epoch: number;
  readonly batch: number;
  readonly index: number;
}

/** The records of the whole batches in [0, bytes) of `memory`; throws when a batch or record is not as it was written. */
export function recordsIn(read: TapeMemory, bytes: number): SeenRecord[] {
  const { view } = read;
  const seen: SeenRecord[] = [];
  const cursor = new RecordCursor();
  for (let at = 0; at < bytes; at += tapeLengthAt(view, at)) {
    const { publisher, epoch, batch, records, payloadBytes, payloadCrc } = readBatchHeader(view, at);
    const from = at + TapeBatch.bytes;
    const sum = checksums.crc32c(read.bytes.subarray(from, from + payloadBytes));
    if (sum !== payloadCrc) throw new Error(`batch ${batch} is torn`);
    const { firstRecord } = readLogPart(view, at);
    cursor.reset(read.bytes, from, from + payloadBytes);
    for (let index = 0; cursor.next(); index++) {
      const lanes = [0, 4, 8, 12].map((lane) => view.getUint32(cursor.valueAt + lane, true));
      if (lanes.join() !== [publisher >>> 0, epoch, batch, index].join())
        throw new Error(`record of ${batch}: ${lanes}`);
      seen.push({ record: firstRecord + index, publisher, epoch, batch, index });
    }
    if (seen.at(-1)?.index !== records - 1) throw new Error(`batch ${batch} has not ${records} records`);
  }
  return seen;
}

/** How far `log` may be read. */
export function endOf({ nextPosition, nextRecord }: TopicLog): TopicEnd {
  return { nextPosition, nextRecord };
}

/** All records from `target` on, by as many reads as it takes; undefined when they are gone. */
export function readAll(
  reader: TopicReader,
  target: TopicTarget,
  end: TopicEnd,
  into = tapeMemory(new ArrayBuffer(8192)),
  atMost = into.bytes.length,
  readsMax = Number.POSITIVE_INFINITY,
): SeenRecord[] | number {
  const seen: SeenRecord[] = [];
  let cursor = reader.locate(target, end);
  for (let reads = 0; reads < readsMax; reads++) {
    if ("oldestRecord" in cursor) return cursor.oldestRecord;
    const read = reader.read(cursor, end.nextPosition, into, atMost);
    if ("oldestRecord" in read) return read.oldestRecord;
    if (read.bytes === 0) return seen;
    if (read.batches > 1 && read.bytes > atMost) throw new Error(`${read.bytes} bytes, wanted ${atMost}`);
    seen.push(...recordsIn(into, read.bytes));
    cursor = read.cursor;
  }
  return seen;
}
