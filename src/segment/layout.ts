// Where every field of a segment file lies. Specification: segment.md. All numbers are little-endian.
//
//   sector 0: the segment header, fills the sector, CRC in its last four bytes
//   then frames back to back, each padded to 8 bytes; a mark where the log ended or goes on in the next segment; zeros to
//   the end of the file (segment-end.ts)
//
// In a frame the checksum comes before what it covers, and the chain value directly before what it hashes, so
// that each is one native call over one run of bytes (frame.ts).

import { assert, layout } from "../base/index.ts";

/** The unit a header fills and the file size is a multiple of: no larger write is atomic on any disk in use. */
export const SECTOR_BYTES = 4096;
/** Frozen: a later version is another number, and this one stays readable. Readers refuse what they do not know. */
export const SEGMENT_VERSION = 1;
/** A BLAKE3 digest. */
export const CHAIN_BYTES = 32;

export const SegmentLayout = layout(SECTOR_BYTES, (at) => ({
  /** The ASCII bytes SEGMENT_MAGIC. */
  magic: at.bytes(8),
  version: at.u32(),
  sectorBytes: at.u32(),
  /** The size of the whole file: one that is shorter was cut. */
  segmentBytes: at.u64(),
  /** The segment's number in its log, from 1 without gaps; also in its name. */
  number: at.u64(),
  /** The position its first frame begins with. Every position before it was durable when this was written. */
  firstPosition: at.u64(),
  epoch: at.u64(),
  /** The chain value of the last frame before this segment; zeros in the first. */
  anchor: at.bytes(CHAIN_BYTES),
  /** The number of the segment that this file was before; 0: it was made for this one. */
  former: at.u64(),
  /** Zeros. */
  reserved: at.bytes(SECTOR_BYTES - 92),
  /** CRC32C of the sector up to here. */
  crc: at.u32(),
}));

export const SEGMENT_MAGIC = "seriatim";

/** Bytes of a frame's header; the payload follows at once. */
export const FRAME_HEADER_BYTES = 80;

export const FrameLayout = layout(FRAME_HEADER_BYTES, (at) => ({
  magic: at.u32(),
  /** CRC32C of everything from `chain` to the end of the padding. */
  crc: at.u32(),
  /** BLAKE3(previous chain value, everything from `payloadBytes` to the end of the padding). */
  chain: at.bytes(CHAIN_BYTES),
  /** Without the padding. */
  payloadBytes: at.u32(),
  /** How many positions the frame holds, at least 1. */
  count: at.u32(),
  firstPosition: at.u64(),
  epoch: at.u64(),
  timestamp_us: at.u64(),
  /** The highest position known to be durable when the frame was written. */
  durablePosition: at.u64(),
}));

/** "FRAM" in a file. */
export const FRAME_MAGIC = 0x4d415246;
/** Frames begin at multiples of this, so that their payloads can be read as words in place. */
export const FRAME_ALIGN_BYTES = 8;
/** No frame is longer, header and padding included: what a reader's buffer must hold. Two tape batches. */
export const FRAME_BYTES_LIMIT = 4 * 1024 * 1024;

/** Bytes of a closing mark, a continuation mark and a fence: fewer than any frame has, so that the frame written over it leaves nothing of it. */
export const CLOSING_MARK_BYTES = 48;

export const ClosingMarkLayout = layout(CLOSING_MARK_BYTES, (at) => ({
  magic: at.u32(),
  /** CRC32C of the rest. */
  crc: at.u32(),
  /** The last frame's chain value. */
  chain: at.bytes(CHAIN_BYTES),
  /** The last position; durable, with everything before it. */
  position: at.u64(),
}));

/** "DONE" in a file. */
export const CLOSING_MARK_MAGIC = 0x454e4f44;
/** "NEXT" in a file: a continuation mark (continuation-mark.ts), which is laid out as a closing mark. */
export const CONTINUATION_MARK_MAGIC = 0x5458454e;
/** "ENDS" in a file: a fence (fence.ts), which is laid out as a closing mark. */
export const FENCE_MAGIC = 0x53444e45;

assert(CLOSING_MARK_BYTES < FRAME_HEADER_BYTES, "a frame covers the mark it is written over");
assert(FRAME_HEADER_BYTES % FRAME_ALIGN_BYTES === 0, "payloads are aligned as frames are");
assert(SECTOR_BYTES % FRAME_ALIGN_BYTES === 0, "the first frame is aligned");

/** The bytes a frame takes in the file. */
export function frameBytes(payloadBytes: number): number {
  return Math.ceil((FRAME_HEADER_BYTES + payloadBytes) / FRAME_ALIGN_BYTES) * FRAME_ALIGN_BYTES;
}
