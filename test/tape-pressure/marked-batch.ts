// Batches that say in every record which they are, so that whoever reads them back needs nobody's word: each value begins with
// publisher, epoch, batch and index (u32 each), and the rest of it is noise.

import { zstdDecompressSync } from "node:zlib";
import type { Prng } from "../../src/base/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import {
  batchHeaderProblem,
  isCommittedBatch,
  RecordCursor,
  RecordWriter,
  readBatchHeader,
  readLogPart,
  recordsProblem,
  TAPE_BATCH_BYTES_MAX,
  TAPE_PAYLOAD_BYTES_MAX,
  TapeBatch,
  type TapeMemory,
  TapeRecord,
  tapeMemoryOf,
  tapeReasonName,
  writeBatchHeader,
} from "../../src/protocol/index.ts";

const LANES = 4;
const MARK_BYTES = 4 * LANES;

export interface BatchName {
  readonly publisher: number;
  readonly epoch: number;
  readonly batch: number;
}

/** A batch as it was read, and found whole. */
export interface SeenBatch extends BatchName {
  readonly records: number;
  readonly firstRecord: number;
  readonly position: number;
  /** Of the whole message. */
  readonly bytes: number;
  /** Of both halves of its header, and so of its payload too: the same for whoever reads it. */
  readonly sum: number;
}

const checksums = new NativeChecksums();

export class BatchMaker {
  readonly #memory = tapeMemoryOf(new Uint8Array(TAPE_BATCH_BYTES_MAX));
  readonly #noise = tapeMemoryOf(new Uint8Array(TAPE_PAYLOAD_BYTES_MAX));
  readonly #writer = new RecordWriter();

  constructor() {
    for (let i = 0; i < TAPE_PAYLOAD_BYTES_MAX; i += 4)
      this.#noise.view.setUint32(i, Math.imul(i + 1, 0x9e3779b1), true);
  }

  /** The bytes of a batch whose payload is about `payloadBytes` long, in up to `records` records; a copy. */
  make(name: BatchName, payloadBytes: number, records: number): Uint8Array {
    const { publisher, epoch, batch } = name;
    const { bytes } = this.#memory;
    const writer = this.#writer;
    const value = this.#noise.bytes.subarray(0, valueBytesOf(payloadBytes, records));
    writer.reset(bytes, TapeBatch.bytes, bytes.length);
    for (let index = 0; index < records; index++) {
      this.#mark(name, index);
      if (!writer.add(value)) break;
    }
    const end = TapeBatch.bytes + writer.payloadBytes;
    const payloadCrc = checksums.crc32c(bytes.subarray(TapeBatch.bytes, end));
    const sizes = { payloadBytes: writer.payloadBytes, plainBytes: writer.payloadBytes, payloadCrc };
    const header = { isCompressed: false, records: writer.records, publisher, epoch, batch, ...sizes };
    return bytes.slice(0, writeBatchHeader(this.#memory, 0, header));
  }

  /** The values of the same batch's records, for who makes batches of them; copies. */
  values(name: BatchName, payloadBytes: number, records: number): Uint8Array[] {
    const valueBytes = valueBytesOf(payloadBytes, records);
    return Array.from({ length: records }, (_, index) => {
      this.#mark(name, index);
      return this.#noise.bytes.slice(0, valueBytes);
    });
  }

  #mark({ publisher, epoch, batch }: BatchName, index: number): void {
    for (const [lane, number] of [publisher, epoch, batch, index].entries())
      this.#noise.view.setUint32(4 * lane, number, true);
  }
}

/** So long that `records` of them fit. */
function valueBytesOf(payloadBytes: number, records: number): number {
  return Math.max(MARK_BYTES, Math.floor(payloadBytes / records / 8) * 8 - TapeRecord.bytes);
}

/** Mostly small, of few records or many; one of twenty some 100 KiB, and one of `largestOneIn` the largest there is. */
export function drawSizes(prng: Prng, largestOneIn: number): { payloadBytes: number; records: number } {
  if (prng.between(1, largestOneIn) === 1)
    return { payloadBytes: TAPE_PAYLOAD_BYTES_MAX, records: prng.between(1, 2_000) };
  if (prng.between(1, 20) === 1)
    return { payloadBytes: prng.between(50_000, 200_000), records: prng.between(1, 500) };
  return { payloadBytes: prng.between(32, 16_384), records: prng.between(1, 64) };
}

const cursor = new RecordCursor();

/** Reads the batch of `length` bytes at `at`; in words what is torn about it, when something is. */
export function seenBatch(memory: TapeMemory, at: number, length: number): SeenBatch | string {
  const { bytes, view } = memory;
  const problem = batchHeaderProblem(memory, at);
  if (problem !== 0) return `a header is torn: ${tapeReasonName(problem)}`;
  const { publisher, epoch, batch, records, isCompressed, payloadBytes, plainBytes, payloadCrc } =
    readBatchHeader(view, at);
  const where = `publisher ${publisher}, epoch ${epoch}, batch ${batch}`;
  if (!isCommittedBatch(memory, at)) return `${where}: it has no commit mark, or its half of the log is torn`;
  const payload = bytes.subarray(at + TapeBatch.bytes, at + length);
  if (checksums.crc32c(payload) !== payloadCrc) return `${where}: its payload is torn`;
  const opened = isCompressed ? plainOf(payload.subarray(0, payloadBytes), plainBytes) : payload;
  if (typeof opened === "string") return `${where}: ${opened}`;
  const wrong =
    recordsProblem(opened, 0, plainBytes, records) ??
    marksProblem({ publisher, epoch, batch }, opened.subarray(0, plainBytes), records);
  if (wrong !== undefined) return `${where}: ${wrong}`;
  const { firstRecord, position } = readLogPart(view, at);
  // Not the CRC32C of the header: of bytes with their own sums behind them that is always the same.
  const [ours, logs] = [TapeBatch.headerCrc, TapeBatch.logCrc].map((field) =>
    view.getUint32(at + field, true),
  );
  const sum = ours * 2 ** 20 + (logs >>> 12);
  return { publisher, epoch, batch, records, firstRecord, position, bytes: length, sum };
}

function plainOf(payload: Uint8Array, plainBytes: number): Uint8Array | string {
  try {
    const plain = zstdDecompressSync(payload, { maxOutputLength: TAPE_PAYLOAD_BYTES_MAX });
    return plain.length === plainBytes ? plain : `it opens to ${plain.length} bytes, not ${plainBytes}`;
  } catch (error) {
    return `it does not open: ${String(error)}`;
  }
}

function marksProblem(
  { publisher, epoch, batch }: BatchName,
  plain: Uint8Array,
  records: number,
): string | undefined {
  const { view } = tapeMemoryOf(plain);
  cursor.reset(plain, 0, plain.length);
  for (let index = 0; index < records && cursor.next(); index++) {
    const marks = [publisher, epoch, batch, index];
    const isOurs = marks.every((mark, lane) => view.getUint32(cursor.valueAt + 4 * lane, true) === mark);
    if (!isOurs) return `record ${index + 1} of ${records} is another batch's`;
  }
  return undefined;
}
