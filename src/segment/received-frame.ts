// Judging a frame that came from another node, before anything of it is written. Pure; the bytes are in a buffer already.

import type { Checksums, WordBuffer } from "../base/index.ts";
import { CHAIN_BREAK, type FrameBreak, frameBreak, type LogPoint } from "./continuity.ts";
import { claimedFrameBytes, type FrameFields, followChain, frameIsWhole, readFrameFields } from "./frame.ts";
import { FRAME_HEADER_BYTES } from "./layout.ts";

export interface NextFrame extends FrameFields {
  /** Its chain value. */
  readonly chain: Uint8Array;
}

const DAMAGED: FrameBreak = { kind: "damaged", reason: "it is not one whole frame" };

/** The frame in the first `length` bytes of `buffer`, when it comes next after `point`; otherwise what keeps it from that. */
export function judgeFrame(
  buffer: WordBuffer,
  length: number,
  point: LogPoint,
  checksums: Checksums,
): NextFrame | FrameBreak {
  if (length < FRAME_HEADER_BYTES || claimedFrameBytes(buffer.view, 0) !== length) return DAMAGED;
  if (!frameIsWhole(buffer, 0, length, checksums)) return DAMAGED;
  const fields = readFrameFields(buffer.view, 0);
  const broken = frameBreak(fields, point);
  if (broken !== undefined) return broken;
  const chain = point.chain.slice();
  if (!followChain(buffer, 0, length, chain, checksums)) return CHAIN_BREAK;
  return { ...fields, chain };
}
