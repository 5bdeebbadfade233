// Batches that say in every record which they are, so that whoever reads them back needs nobody's word: each value begins with
// publisher, epoch, batch and index (u32 each), and the rest of it is noise.

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
  make({ publisher, epoch, batch }: BatchName, payloadBytes: number, records: number): Uint8Array {
    const { bytes } = this.#memory;
    const writer = this.#writer;
    const most = Math.min(payloadBytes, TAPE_PAYLOAD_BYTES_MAX);
    const valueBytes = Math.max(MARK_BYTES, Math.floor(most / records / 8) * 8 - TapeRecord.bytes);
    writer.reset(bytes, TapeBatch.bytes, bytes.length);
    const value = this.#noise.bytes.subarray(0, valueBytes);
    for (let index = 0; index < records; index++) {
      for (const [lane, number] of [publisher, epoch, batch, index].entries())
        this.#noise.view.setUint32(4 * lane, number, true);
      if (!writer.add(value)) break;
    }
    const end = TapeBatch.bytes + writer.payloadBytes;
    const payloadCrc = checksums.crc32c(bytes.subarray(TapeBatch.bytes, end));
    const sizes = { payloadBytes: writer.payloadBytes, plainBytes: writer.payloadBytes, payloadCrc };
    const header = { isCompressed: false, records: writer.records, publisher, epoch, batch, ...sizes };
    return bytes.slice(0, writeBatchHeader(this.#memory, 0, header));
  }
}

const cursor = new RecordCursor();

/** Reads the batch of `length` bytes at `at`; in words what is torn about it, when something is. */
export function seenBatch(memory: TapeMemory, at: number, length: number): SeenBatch | string {
  const { bytes, view } = memory;
  const problem = batchHeaderProblem(memory, at);
  if (problem !== 0) return `a header is torn: ${tapeReasonName(problem)}`;
  const { publisher, epoch, batch, records, payloadBytes, payloadCrc } = readBatchHeader(view, at);
  const where = `publisher ${publisher}, epoch ${epoch}, batch ${batch}`;
  if (!isCommittedBatch(memory, at)) return `${where}: it has no commit mark, or its half of the log is torn`;
  const from = at + TapeBatch.bytes;
  const payload = bytes.subarray(from, at + length);
  if (checksums.crc32c(payload) !== payloadCrc) return `${where}: its payload is torn`;
  const wrong =
    recordsProblem(bytes, from, from + payloadBytes, records) ?? marksProblem(memory, at, records);
  if (wrong !== undefined) return `${where}: ${wrong}`;
  const { firstRecord, position } = readLogPart(view, at);
  // Not the CRC32C of the header: of bytes with their own sums behind them that is always the same.
  const [ours, logs] = [TapeBatch.headerCrc, TapeBatch.logCrc].map((field) =>
    view.getUint32(at + field, true),
  );
  const sum = ours * 2 ** 20 + (logs >>> 12);
  return { publisher, epoch, batch, records, firstRecord, position, bytes: length, sum };
}

function marksProblem({ bytes, view }: TapeMemory, at: number, records: number): string | undefined {
  const { publisher, epoch, batch, payloadBytes } = readBatchHeader(view, at);
  cursor.reset(bytes, at + TapeBatch.bytes, at + TapeBatch.bytes + payloadBytes);
  for (let index = 0; index < records && cursor.next(); index++) {
    const at = cursor.valueAt;
    const isOurs =
      view.getUint32(at, true) === publisher &&
      view.getUint32(at + 4, true) === epoch &&
      view.getUint32(at + 8, true) === batch &&
      view.getUint32(at + 12, true) === index;
    if (!isOurs) return `record ${index + 1} of ${records} is another batch's`;
  }
  return undefined;
}
