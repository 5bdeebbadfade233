// What lies behind the last frame of a segment whose file was another one's: it says which frame the file ends with, so that the
// loss of what was written over it is told from an end. It proves nothing to be safe, and the next frame is written over it.

import { type Checksums, WordBuffer } from "../base/index.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { endsHistory, markAt, writeMark } from "./closing-mark.ts";
import type { LogPoint } from "./continuity.ts";
import { CLOSING_MARK_BYTES, FENCE_MAGIC } from "./layout.ts";
import type { OpenSegment } from "./segment-end.ts";
import { writeFully } from "./write-fully.ts";

const FENCE = new WordBuffer(CLOSING_MARK_BYTES);
/** Where there is no room for a fence, there is none for remains either. */
const ZEROS = new Uint8Array(CLOSING_MARK_BYTES);

/** Before the frame that ends at `end` with `position`: whatever a kill leaves of it, what is older is told from what follows. */
export function fence(
  { file, segmentBytes, hasRemains }: OpenSegment,
  end: number,
  position: number,
  chain: Uint8Array,
  epoch: number,
  checksums: Checksums,
): void {
  if (!hasRemains) return;
  const room = Math.min(CLOSING_MARK_BYTES, segmentBytes - end);
  writeMark(FENCE, FENCE_MAGIC, position, chain, epoch, checksums);
  writeFully(file, room < CLOSING_MARK_BYTES ? ZEROS : FENCE.bytes, room, end);
}

/** Whether the fence at `offset` is the one behind this very history. */
export function isFencedAt(
  reader: ChunkReader,
  offset: number,
  point: LogPoint,
  checksums: Checksums,
): boolean {
  return endsHistory(reader, offset, FENCE_MAGIC, point, checksums);
}

/** The position that a fence of a log of this epoch at `offset` names, or -1 when there is none. */
export function fenceAt(reader: ChunkReader, offset: number, epoch: number, checksums: Checksums): number {
  return markAt(reader, offset, FENCE_MAGIC, epoch, checksums);
}
