// The first frame of one segment, by the segment's number: for logs that begin each segment with what is to be known without the
// ones before.

import { ChunkReader } from "./chunk-reader.ts";
import { frameBreak } from "./continuity.ts";
import { segmentName } from "./directory.ts";
import { followChain, readFrameFields } from "./frame.ts";
import { readSegmentHeader } from "./header.ts";
import { FRAME_HEADER_BYTES, SECTOR_BYTES } from "./layout.ts";
import type { FrameVisitor, LogPlace } from "./log.ts";
import { wholeFrameAt } from "./whole-frame.ts";

/** Read at once: a short frame with its segment's header. */
const CHUNK_BYTES = 8 * 1024;

/**
 * Hands the first frame of segment `number` to `visit`, when the segment has a whole one that continues what its header says
 * comes before; true if so. Throws ENOENT when there is no such segment, or what the disk says.
 */
export function readFirstFrameOf(place: LogPlace, number: number, visit: FrameVisitor): boolean {
  const { storage, directory, log, checksums } = place;
  const file = storage.open(`${directory}/${segmentName(log, number)}`, "read");
  try {
    const reader = new ChunkReader(file, CHUNK_BYTES);
    const header = readSegmentHeader(reader, checksums);
    // Another number: since it was opened the file has become another segment.
    if (typeof header === "string" || header.number !== number) return false;
    const total = wholeFrameAt(reader, SECTOR_BYTES, checksums);
    if (total === 0) return false;
    const at = reader.at(SECTOR_BYTES, total);
    const { buffer } = reader;
    const fields = readFrameFields(buffer.view, at);
    const before = { position: header.firstPosition - 1, epoch: header.epoch };
    if (frameBreak(fields, before) !== undefined) return false;
    if (!followChain(buffer, at, total, header.anchor.slice(), checksums)) return false;
    const { bytes, words } = buffer;
    const where = { file: file.path, offset: SECTOR_BYTES, frameBytes: total };
    visit({ ...fields, ...where, bytes, words, payloadAt: at + FRAME_HEADER_BYTES });
    return true;
  } finally {
    file.close();
  }
}
