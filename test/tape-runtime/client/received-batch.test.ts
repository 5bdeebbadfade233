// What a subscriber makes of a compressed payload that is more than it says: never more memory than a batch may have.

import { constants, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { NativeChecksums } from "../../../src/platform/index.ts";
import {
  RecordWriter,
  TapeBatch,
  tapeMemory,
  tapeMemoryOf,
  writeBatchHeader,
  writeLogPart,
} from "../../../src/protocol/index.ts";
import {
  DamagedBatch,
  ReceivedBatch,
  receiveBatch,
} from "../../../src/tape-runtime/client/received-batch.ts";

const MIB = 1024 * 1024;
const checksums = new NativeChecksums();

/** A committed batch whose payload is `sent`, as it says of `plainBytes`. */
function receive(sent: Uint8Array, plainBytes: number) {
  const memory = tapeMemory(new ArrayBuffer(TapeBatch.bytes + Math.ceil(sent.length / 8) * 8));
  memory.bytes.set(sent, TapeBatch.bytes);
  const payloadCrc = checksums.crc32c(memory.bytes.subarray(TapeBatch.bytes));
  const session = { publisher: 1, epoch: 1, batch: 1 };
  const sizes = { records: 1, payloadBytes: sent.length, plainBytes, payloadCrc };
  const length = writeBatchHeader(memory, 0, { isCompressed: true, ...session, ...sizes });
  writeLogPart(memory, 0, 1, 1, 1_700_000_000_000_000);
  return receiveBatch(memory, length, 1, checksums);
}

/** One record with a value of `bytes`. */
function records(bytes: number): Uint8Array {
  const { bytes: memory } = tapeMemoryOf(new Uint8Array(bytes + 64));
  const writer = new RecordWriter();
  writer.reset(memory, 0, memory.length);
  writer.add(new Uint8Array(bytes));
  return memory.subarray(0, writer.payloadBytes);
}

/** A zstd frame of so many blocks, each of which is 128 KiB of the same byte in 4 bytes. */
function bomb(blocks: number): Uint8Array {
  const window = (17 - 10) << 3;
  const frame = new Uint8Array(6 + 4 * blocks);
  frame.set([0x28, 0xb5, 0x2f, 0xfd, 0, window]);
  for (let i = 0; i < blocks; i++) {
    const head = (131_072 << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0);
    frame.set([head & 0xff, (head >> 8) & 0xff, (head >> 16) & 0xff, 0], 6 + 4 * i);
  }
  return frame;
}

test("16 KiB that open to 512 MiB are a damaged batch, and never take more than the batch says", () => {
  receive(zstdCompressSync(records(MIB)), records(MIB).length);
  const before_kib = process.resourceUsage().maxRSS;
  const batch = receive(bomb(4_096), 2 * MIB);
  expect(batch).toBeInstanceOf(DamagedBatch);
  expect(process.resourceUsage().maxRSS - before_kib).toBeLessThan(128 * 1024);
});

test.each([
  [23, ReceivedBatch],
  [24, DamagedBatch],
] as const)("a frame that wants a window of 2^%i bytes", (windowLog, outcome) => {
  const plain = records(1_000);
  const frame = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3, 0, 0, 0, ...plain]);
  const head = (plain.length << 3) | 1;
  frame.set([head & 0xff, (head >> 8) & 0xff, (head >> 16) & 0xff], 6);
  expect(receive(frame, plain.length)).toBeInstanceOf(outcome);
});

test("what a publisher compresses at the highest level is read", () => {
  const plain = records(2 * MIB - 64);
  const params = { [constants.ZSTD_c_compressionLevel]: 22 };
  expect(receive(zstdCompressSync(plain, { params }), plain.length)).toBeInstanceOf(ReceivedBatch);
});
