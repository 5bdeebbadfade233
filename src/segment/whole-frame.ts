// Is there a whole frame at an offset, and is there one anywhere behind a broken one. The second question is asked at
// every 8 bytes, because a damaged length can't be trusted, so what each candidate may cost is bounded.

import type { Checksums } from "../base/index.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { markAt } from "./closing-mark.ts";
import { isOwnEpoch } from "./epoch.ts";
import { fenceAt } from "./fence.ts";
import { claimedFrameBytes, type FrameFields, frameIsWhole, readFrameFields } from "./frame.ts";
import {
  CLOSING_MARK_MAGIC,
  CONTINUATION_MARK_MAGIC,
  FRAME_ALIGN_BYTES,
  FRAME_BYTES_LIMIT,
  FRAME_HEADER_BYTES,
} from "./layout.ts";

/** What a frame behind the damage has to continue. */
export interface History {
  /** The last whole position before the damage. */
  readonly position: number;
  readonly epoch: number;
}

/**
 * Bytes summed up per byte looked at, over all candidates. Real frames need one, and the search ends with the first;
 * a payload that imitates many headers, each claiming megabytes, would otherwise cost hours.
 */
const SUMMED_PER_BYTE_MAX = 4;

/** The length of the whole frame at `offset`, or 0. Afterwards it is in the reader's buffer. */
export function wholeFrameAt(reader: ChunkReader, offset: number, checksums: Checksums): number {
  const header = reader.at(offset, FRAME_HEADER_BYTES);
  if (header < 0) return 0;
  const total = claimedFrameBytes(reader.buffer.view, header);
  if (total === 0) return 0;
  const at = reader.at(offset, total);
  return at >= 0 && frameIsWhole(reader.buffer, at, total, checksums) ? total : 0;
}

export interface FoundBehind {
  /** A whole frame or a closing or continuation mark; otherwise a fence only, of a frame that is not whole. */
  readonly isWhole: boolean;
  /** The highest durable position that what was found names; 0: none. */
  readonly durable: number;
  /** The last position of what was found, durable or not; 0: none. */
  readonly last: number;
  /** There were too many candidates to rule one out: believing in one refuses a start, it loses nothing. */
  readonly isUndecided: boolean;
}

/**
 * Looks in (fault, end) of the file for a whole frame, or a closing or continuation mark, that could be part of this history: for the first one, or
 * for `all`, because a later one may name more as durable. When there is none it looks for a fence. Undefined when nothing was found.
 */
export function searchBehind(
  reader: ChunkReader,
  fault: number,
  end: number,
  history: History,
  all: boolean,
  checksums: Checksums,
): FoundBehind | undefined {
  const { view } = reader.buffer;
  let budget_bytes = SUMMED_PER_BYTE_MAX * (end - fault + FRAME_BYTES_LIMIT);
  let durable = -1;
  let last = 0;
  let isFenced = false;
  for (let offset = fault + FRAME_ALIGN_BYTES; offset < end; offset += FRAME_ALIGN_BYTES) {
    if (durable >= 0 && !all) break;
    const closed = durableMarkAt(reader, offset, history.epoch, checksums) - history.position;
    if (closed > 0 && closed <= offset - fault) durable = Math.max(durable, closed + history.position);
    if (fenceAt(reader, offset, history.epoch, checksums) > history.position) isFenced = true;
    const header = reader.at(offset, FRAME_HEADER_BYTES);
    const total = header < 0 ? 0 : claimedFrameBytes(view, header);
    if (total === 0 || offset + total > reader.size) continue;
    const fields = readFrameFields(view, header);
    if (!couldFollow(fields, history, offset - fault)) continue;
    budget_bytes -= total;
    if (budget_bytes < 0)
      return { isWhole: true, durable, last: Math.max(last, durable, 0), isUndecided: true };
    if (wholeFrameAt(reader, offset, checksums) === 0) continue;
    durable = Math.max(durable, fields.durablePosition);
    last = Math.max(last, fields.firstPosition + fields.count - 1);
    offset += total - FRAME_ALIGN_BYTES;
  }
  const isWhole = durable >= 0;
  if (!isWhole && !isFenced) return undefined;
  return { isWhole, durable: Math.max(durable, 0), last: Math.max(last, durable, 0), isUndecided: false };
}

/** The position that a closing or continuation mark at `offset` names as durable; -1: there is none. */
function durableMarkAt(reader: ChunkReader, offset: number, epoch: number, checksums: Checksums): number {
  const closed = markAt(reader, offset, CLOSING_MARK_MAGIC, epoch, checksums);
  return closed >= 0 ? closed : markAt(reader, offset, CONTINUATION_MARK_MAGIC, epoch, checksums);
}

/** Whether a frame `distance_bytes` behind the damage could be this log's: a position takes a byte of payload at least. */
function couldFollow(fields: FrameFields, history: History, distance_bytes: number): boolean {
  const ahead = fields.firstPosition - history.position;
  return (
    ahead > 0 &&
    ahead <= distance_bytes &&
    fields.count > 0 &&
    fields.count <= fields.payloadBytes &&
    (isOwnEpoch(history.epoch) ? fields.epoch === history.epoch : fields.epoch >= history.epoch) &&
    fields.durablePosition < fields.firstPosition
  );
}
