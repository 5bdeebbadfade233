// What the tests of recordings share: a writer as the recorder's threads are one, without threads, and takes read back.

import {
  encodeTake,
  encodeTakeEnd,
  type FilledBlock,
  openRecordingLog,
  Recording,
  RecordingBuffer,
  type RecordingPlace,
  RecordingWriter,
  RecordKind,
  TakeReader,
} from "../../../src/feed/index.ts";
import type { SimulatedDisk } from "../../../src/lab/index.ts";
import { NativeChecksums } from "../../../src/platform/index.ts";
import { FRAME_HEADER_BYTES, type LogLimits, SECTOR_BYTES } from "../../../src/segment/index.ts";

const checksums = new NativeChecksums();

/** A segment holds a few frames, a frame a few records. */
export const SMALL: LogLimits = { segmentBytes: 2 * SECTOR_BYTES, frameBytesMax: 1024 };
export const CHUNK_MAX = 256;

export interface Chunk {
  readonly bytes: Uint8Array;
  readonly arrival_us: number;
}

export function placeOn(storage: SimulatedDisk): RecordingPlace {
  return { storage, checksums, directory: "d" };
}

/** Records takes: chunks as given, a frame whenever a block is full or `flush` says so. */
export class SmallRecorder {
  readonly buffer: RecordingBuffer;
  readonly #blocks: Uint8Array[];
  readonly #writer: RecordingWriter;

  constructor(disk: SimulatedDisk, limits: LogLimits = SMALL) {
    this.#blocks = [0, 1].map(() => new Uint8Array(SMALL.frameBytesMax - FRAME_HEADER_BYTES));
    this.buffer = new RecordingBuffer(this.#blocks, CHUNK_MAX);
    this.#writer = new RecordingWriter(openRecordingLog(placeOn(disk), limits));
  }

  begin(arrival_us: number, take = encodeTake({ protocol: "ticks", address: "md.example.net:9876" })): void {
    if (!this.buffer.mayBeginTake) this.flush();
    this.buffer.beginTake(take, arrival_us);
  }

  data({ bytes, arrival_us }: Chunk): void {
    if (this.buffer.isFull) this.flush();
    this.buffer.append(RecordKind.Data, bytes, arrival_us);
  }

  end(arrival_us: number): void {
    if (this.buffer.isFull) this.flush();
    this.buffer.append(RecordKind.End, encodeTakeEnd("the feed ended"), arrival_us);
  }

  flush(): void {
    for (let block = this.buffer.take(true); block !== undefined; block = this.buffer.take(true)) {
      this.write(block);
    }
  }

  write(block: FilledBlock): void {
    const bytes = this.#blocks[block.index].subarray(0, block.bytes);
    this.#writer.write(bytes, block.count, block.last_us, block.beginsTake);
    this.#writer.prepare();
    this.buffer.giveBack(block.index);
  }

  close(): void {
    this.flush();
    this.#writer.close();
  }
}

/** The Data records of a take, from `from_us` on. */
export function dataOf(disk: SimulatedDisk, take: number, from_us = 0): Chunk[] {
  const reader = new TakeReader(new Recording(placeOn(disk)), take);
  if (from_us > 0) reader.seek(from_us);
  const chunks: Chunk[] = [];
  const { record } = reader;
  while (reader.next()) {
    if (record.kind !== RecordKind.Data) continue;
    chunks.push({ bytes: record.bytes.slice(record.from, record.to), arrival_us: record.arrival_us });
  }
  reader.close();
  return chunks;
}

export function streamOf(chunks: readonly Chunk[]): string {
  return Buffer.concat(chunks.map(({ bytes }) => bytes)).toString("hex");
}
