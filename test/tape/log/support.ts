// What the tests of topics' logs share: batches whose records say which they are, small limits, and a simulated disk's topic.

import type { Storage } from "../../../src/base/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  RecordWriter,
  TAPE_BATCH_BYTES_MAX,
  TapeBatch,
  type TapeMemory,
  tapeMemory,
  writeBatchHeader,
} from "../../../src/protocol/index.ts";
import { FRAME_HEADER_BYTES, SECTOR_BYTES } from "../../../src/segment/index.ts";
import type { TopicLimits, TopicLog, TopicPlace } from "../../../src/tape/index.ts";

const checksums = new NativeChecksums();
export const START_us = 1_700_000_000_000_000;

/** A segment holds a checkpoint of four sessions and about a dozen small parts. */
export const SMALL: TopicLimits = { segmentBytes: SECTOR_BYTES + 8192, partBytesMax: 4000, sessionsMax: 4 };

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
  const { batch, records = 2, publisher = 7, epoch = 1, valueBytes = 16 } = test;
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
  return writeBatchHeader(memory, at, { isCompressed: false, records, publisher, epoch, batch, ...sizes });
}

const memory = staging();

/** Appends one part of these batches. */
export function append(log: TopicLog, batches: readonly TestBatch[], now_us = START_us): void {
  log.appendPart(memory, FRAME_HEADER_BYTES, fillPart(memory, batches), now_us);
}
