// What an orderly end writes behind the last frame, when everything before it is safe: so that damage to the last
// frames is told from an interrupted write, and nothing has to be written again on opening. It is no part of the
// history (no frame follows it in the chain): the next frame is written over it.

import { type Checksums, getU64, setU64, WordBuffer } from "../base/index.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { isSameChain, type LogPoint } from "./continuity.ts";
import { isOwnEpoch } from "./epoch.ts";
import { CHAIN_BYTES, CLOSING_MARK_BYTES, ClosingMarkLayout } from "./layout.ts";

const EPOCH = new WordBuffer(8);

/** The mark behind the frame that `point` is behind, with this magic: continuation marks and fences are laid out as closing marks. */
export function encodeMark(
  magic: number,
  { position, epoch, chain }: LogPoint,
  checksums: Checksums,
): Uint8Array {
  const mark = new WordBuffer(CLOSING_MARK_BYTES);
  writeMark(mark, magic, position, chain, epoch, checksums);
  return mark.bytes;
}

/** The same into a buffer. */
export function writeMark(
  { bytes, view }: WordBuffer,
  magic: number,
  position: number,
  chain: Uint8Array,
  epoch: number,
  checksums: Checksums,
): void {
  view.setUint32(ClosingMarkLayout.magic, magic, true);
  bytes.set(chain, ClosingMarkLayout.chain);
  setU64(view, ClosingMarkLayout.position, position);
  const sum = checksums.crc32c(bytes.subarray(ClosingMarkLayout.chain)) ^ sumOf(epoch, checksums);
  view.setUint32(ClosingMarkLayout.crc, sum, true);
}

/** What a log's own epoch adds to the sums of its marks, so that no payload imitates one. */
function sumOf(epoch: number, checksums: Checksums): number {
  if (!isOwnEpoch(epoch)) return 0;
  setU64(EPOCH.view, 0, epoch);
  return checksums.crc32c(EPOCH.bytes);
}

/** The position that a whole mark with this magic, of a log of this epoch, at `offset` names, or -1 when there is none. */
export function markAt(
  reader: ChunkReader,
  offset: number,
  magic: number,
  epoch: number,
  checksums: Checksums,
): number {
  const { bytes, view } = reader.buffer;
  const at = reader.at(offset, CLOSING_MARK_BYTES);
  if (at < 0 || view.getUint32(at + ClosingMarkLayout.magic, true) !== magic) return -1;
  const sum = checksums.crc32c(bytes.subarray(at + ClosingMarkLayout.chain, at + CLOSING_MARK_BYTES));
  if (view.getUint32(at + ClosingMarkLayout.crc, true) !== (sum ^ sumOf(epoch, checksums)) >>> 0) return -1;
  return getU64(view, at + ClosingMarkLayout.position);
}

/** Whether the mark at `offset` is behind this very history: its last position, its epoch and its last chain value. */
export function endsHistory(
  reader: ChunkReader,
  offset: number,
  magic: number,
  { position, epoch, chain }: LogPoint,
  checksums: Checksums,
): boolean {
  if (markAt(reader, offset, magic, epoch, checksums) !== position) return false;
  const at = reader.at(offset, CLOSING_MARK_BYTES) + ClosingMarkLayout.chain;
  return isSameChain(reader.buffer.bytes.subarray(at, at + CHAIN_BYTES), chain);
}
