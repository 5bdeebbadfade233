// What a recorder's thread gets onto the disk: blocks of records as frames, checked, chained and synced one by one. Beside it the bare
// thing: the same blocks written to a file of the same size that is there already, and synced one by one. And how fast it is read back.

import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  encodeTake,
  openRecordingLog,
  RECORDING_LIMITS,
  Recording,
  RecordingBuffer,
  RecordingWriter,
  RecordKind,
  TakeReader,
} from "../../src/feed/index.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { FRAME_HEADER_BYTES } from "../../src/segment/index.ts";
import { measure, type Row } from "../harness.ts";
import type { Scratch } from "../scratch.ts";

const BLOCK_BYTES = RECORDING_LIMITS.frameBytesMax - FRAME_HEADER_BYTES;
/** More than a segment holds, so that beginning one is in it. */
const BLOCKS = 96;
/** A read of a busy socket. */
const CHUNK_BYTES = 16 * 1024;
const RECORDED = "recorder: written and synced";
const BARE = "bare write and fdatasync of the same blocks";

const place = (directory: string) => ({
  storage: new NodeStorage(),
  checksums: new NativeChecksums(),
  directory,
});

function megabytesPerSecond(bytes: number, work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return (bytes * 1e3) / Number(process.hrtime.bigint() - start);
}

/** Records blocks of chunks; what is counted are the bytes of the feed. */
function record(directory: string): number {
  rmSync(directory, { recursive: true, force: true });
  const blocks = [0, 1].map(() => new Uint8Array(BLOCK_BYTES));
  const buffer = new RecordingBuffer(blocks, CHUNK_BYTES);
  const chunk = new Uint8Array(CHUNK_BYTES).map((_, i) => i * 7);
  const writer = new RecordingWriter(openRecordingLog(place(directory)));
  let bytes = 0;
  const fill = (): void => {
    buffer.beginTake(encodeTake({ protocol: "ticks", address: "bench:1" }), 1);
    for (let written = 0; written < BLOCKS; ) {
      while (!buffer.isFull) {
        buffer.append(RecordKind.Data, chunk, 2);
        bytes += CHUNK_BYTES;
      }
      for (let block = buffer.take(false); block !== undefined; block = buffer.take(false)) {
        const payload = blocks[block.index].subarray(0, block.bytes);
        writer.write(payload, block.count, block.last_us, block.beginsTake);
        buffer.giveBack(block.index);
        written++;
      }
    }
  };
  const start = process.hrtime.bigint();
  fill();
  const took_ns = Number(process.hrtime.bigint() - start);
  writer.close();
  return (bytes * 1e3) / took_ns;
}

function bare(path: string): number {
  const block = new Uint8Array(BLOCK_BYTES).map((_, i) => i * 7);
  const file = openSync(path, "w");
  const zeros = new Uint8Array(BLOCK_BYTES);
  for (let i = 0; i < BLOCKS; i++) writeSync(file, zeros, 0, BLOCK_BYTES, i * BLOCK_BYTES);
  fsyncSync(file);
  const rate = megabytesPerSecond(BLOCKS * BLOCK_BYTES, () => {
    for (let i = 0; i < BLOCKS; i++) {
      writeSync(file, block, 0, BLOCK_BYTES, i * BLOCK_BYTES);
      fdatasyncSync(file);
    }
  });
  closeSync(file);
  return rate;
}

function readBack(directory: string): number {
  const reader = new TakeReader(new Recording(place(directory)), 1);
  const { record: current } = reader;
  let bytes = 0;
  const start = process.hrtime.bigint();
  while (reader.next()) if (current.kind === RecordKind.Data) bytes += current.to - current.from;
  const took_ns = Number(process.hrtime.bigint() - start);
  reader.close();
  return (bytes * 1e3) / took_ns;
}

export async function benchRecording(scratch: Scratch, rounds: number): Promise<readonly Row[]> {
  const directory = join(scratch.directory, "recording");
  mkdirSync(directory, { recursive: true });
  const unit = "MB/s";
  const better = "higher";
  return measure(
    [
      { name: RECORDED, unit, better, run: () => record(directory) },
      { name: BARE, unit, better, run: () => bare(join(scratch.directory, "bare")) },
      { name: "recording read back, every frame checked", unit, better, run: () => readBack(directory) },
    ],
    [{ name: "recorder / bare write", of: RECORDED, to: BARE }],
    rounds,
  );
}
