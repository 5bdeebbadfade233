// Sealing and checking one frame in a buffer. Nothing here knows files.
// Both the sum and the chain are one native call over one contiguous run: the chain field lies directly before
// what it covers, so with the previous chain value put there for a moment, BLAKE3(previous, rest) is one slice.

import {
  assert,
  type Checksums,
  crc32c,
  crc32cCombine,
  getU64,
  setU64,
  type WordBuffer,
} from "../base/index.ts";
import {
  CHAIN_BYTES,
  FRAME_ALIGN_BYTES,
  FRAME_BYTES_LIMIT,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  FrameLayout,
  frameBytes,
} from "./layout.ts";

/** What a frame says of itself. */
export interface FrameFields {
  readonly payloadBytes: number;
  readonly count: number;
  readonly firstPosition: number;
  readonly epoch: number;
  readonly timestamp_us: number;
  readonly durablePosition: number;
}

/** Memory that a frame is sealed in where it lies: another thread may have filled it. */
export interface StagedMemory {
  readonly bytes: Uint8Array;
  /** Over the same bytes. */
  readonly view: DataView;
}

/**
 * Makes the frame at the start of `buffer`, whose payload is there already, ready to be written; returns its bytes
 * in the file. `chain` is the previous frame's chain value and becomes this one's.
 */
export function sealFrame(
  buffer: WordBuffer,
  fields: FrameFields,
  chain: Uint8Array,
  checksums: Checksums,
): number {
  const { bytes, view } = buffer;
  const total = frameBytes(fields.payloadBytes);
  bytes.fill(0, FRAME_HEADER_BYTES + fields.payloadBytes, total);
  const covered = writeHeader(buffer, 0, fields, chain, checksums);
  view.setUint32(FrameLayout.crc, checksums.crc32c(covered), true);
  return total;
}

/**
 * The same for a frame that lies at `at` of `staged`, whose payload is whole words and has the CRC32C `payloadSum`: that
 * is not computed again.
 */
export function sealFrameAt(
  staged: StagedMemory,
  at: number,
  fields: FrameFields,
  chain: Uint8Array,
  payloadSum: number,
  checksums: Checksums,
): number {
  const { payloadBytes } = fields;
  assert(payloadBytes % FRAME_ALIGN_BYTES === 0, "a payload sealed where it lies needs no padding");
  writeHeader(staged, at, fields, chain, checksums);
  const headerSum = crc32c(staged.bytes, at + FrameLayout.chain, at + FRAME_HEADER_BYTES);
  const sum = crc32cCombine(headerSum, payloadSum, payloadBytes);
  staged.view.setUint32(at + FrameLayout.crc, sum, true);
  return FRAME_HEADER_BYTES + payloadBytes;
}

/** Everything but the sum, and `chain` moved on to this frame's value; returns what the sum covers. */
function writeHeader(
  { bytes, view }: StagedMemory,
  at: number,
  fields: FrameFields,
  chain: Uint8Array,
  checksums: Checksums,
): Uint8Array {
  view.setUint32(at + FrameLayout.magic, FRAME_MAGIC, true);
  bytes.set(chain, at + FrameLayout.chain);
  view.setUint32(at + FrameLayout.payloadBytes, fields.payloadBytes, true);
  view.setUint32(at + FrameLayout.count, fields.count, true);
  setU64(view, at + FrameLayout.firstPosition, fields.firstPosition);
  setU64(view, at + FrameLayout.epoch, fields.epoch);
  setU64(view, at + FrameLayout.timestamp_us, fields.timestamp_us);
  setU64(view, at + FrameLayout.durablePosition, fields.durablePosition);
  const covered = bytes.subarray(at + FrameLayout.chain, at + frameBytes(fields.payloadBytes));
  chain.set(checksums.blake3(covered));
  bytes.set(chain, at + FrameLayout.chain);
  return covered;
}

/**
 * The length the header at `at` claims, padding included, or 0 when no frame of a possible length begins there.
 * The buffer must hold a frame header from `at` on.
 */
export function claimedFrameBytes(view: DataView, at: number): number {
  if (view.getUint32(at + FrameLayout.magic, true) !== FRAME_MAGIC) return 0;
  const total = frameBytes(view.getUint32(at + FrameLayout.payloadBytes, true));
  return total <= FRAME_BYTES_LIMIT ? total : 0;
}

/** Whether the frame of `total` bytes at `at` is whole, by its CRC32C. */
export function frameIsWhole(buffer: WordBuffer, at: number, total: number, checksums: Checksums): boolean {
  const sum = checksums.crc32c(buffer.bytes.subarray(at + FrameLayout.chain, at + total));
  return buffer.view.getUint32(at + FrameLayout.crc, true) === sum;
}

export function readFrameFields(view: DataView, at: number): FrameFields {
  return {
    payloadBytes: view.getUint32(at + FrameLayout.payloadBytes, true),
    count: view.getUint32(at + FrameLayout.count, true),
    firstPosition: getU64(view, at + FrameLayout.firstPosition),
    epoch: getU64(view, at + FrameLayout.epoch),
    timestamp_us: getU64(view, at + FrameLayout.timestamp_us),
    durablePosition: getU64(view, at + FrameLayout.durablePosition),
  };
}

/** Of followChain(), during the call. */
const storedChain = new Uint8Array(CHAIN_BYTES);

/**
 * Whether the whole frame at `at` follows the frame whose chain value is `chain`; if so, `chain` becomes its own.
 * The buffer is as before on return.
 */
export function followChain(
  buffer: WordBuffer,
  at: number,
  total: number,
  chain: Uint8Array,
  checksums: Checksums,
): boolean {
  const covered = buffer.bytes.subarray(at + FrameLayout.chain, at + total);
  for (let i = 0; i < CHAIN_BYTES; i++) storedChain[i] = covered[i];
  covered.set(chain);
  const computed = checksums.blake3(covered);
  covered.set(storedChain);
  for (let i = 0; i < CHAIN_BYTES; i++) if (computed[i] !== storedChain[i]) return false;
  chain.set(storedChain);
  return true;
}
