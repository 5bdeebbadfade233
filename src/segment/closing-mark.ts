// What an orderly end writes behind the last frame, when everything before it is safe: so that damage to the last
// frames is told from an interrupted write, and nothing has to be written again on opening. It is no part of the
// history (no frame follows it in the chain): the next frame is written over it.

import { type Checksums, getU64, setU64 } from "../base/index.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { isSameChain } from "./continuity.ts";
import { FrameBuffer } from "./frame.ts";
import { CHAIN_BYTES, CLOSING_MARK_BYTES, CLOSING_MARK_MAGIC, ClosingMarkLayout } from "./layout.ts";

/** The mark of a log that ends with `position`, whose last frame's chain value is `chain`. */
export function encodeClosingMark(position: number, chain: Uint8Array, checksums: Checksums): Uint8Array {
  const { bytes, view } = new FrameBuffer(CLOSING_MARK_BYTES);
  view.setUint32(ClosingMarkLayout.magic, CLOSING_MARK_MAGIC, true);
  bytes.set(chain, ClosingMarkLayout.chain);
  setU64(view, ClosingMarkLayout.position, position);
  view.setUint32(ClosingMarkLayout.crc, checksums.crc32c(bytes.subarray(ClosingMarkLayout.chain)), true);
  return bytes;
}

/** The position that a whole mark at `offset` names, or -1 when there is none. */
export function closingMarkAt(reader: ChunkReader, offset: number, checksums: Checksums): number {
  const { bytes, view } = reader.buffer;
  const at = reader.at(offset, CLOSING_MARK_BYTES);
  if (at < 0 || view.getUint32(at + ClosingMarkLayout.magic, true) !== CLOSING_MARK_MAGIC) return -1;
  const sum = checksums.crc32c(bytes.subarray(at + ClosingMarkLayout.chain, at + CLOSING_MARK_BYTES));
  if (view.getUint32(at + ClosingMarkLayout.crc, true) !== sum) return -1;
  return getU64(view, at + ClosingMarkLayout.position);
}

/** Whether the mark at `offset` closes this very history: its last position and its last chain value. */
export function closesHistory(
  reader: ChunkReader,
  offset: number,
  position: number,
  chain: Uint8Array,
  checksums: Checksums,
): boolean {
  if (closingMarkAt(reader, offset, checksums) !== position) return false;
  const at = reader.at(offset, CLOSING_MARK_BYTES) + ClosingMarkLayout.chain;
  return isSameChain(reader.buffer.bytes.subarray(at, at + CHAIN_BYTES), chain);
}
