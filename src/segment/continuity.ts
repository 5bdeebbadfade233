// What a frame or a segment must say of itself to be the next piece of a history. Pure: one set of rules for whoever
// reads a log (scan.ts, follower.ts) and whoever stores another node's frames (writer.ts).

import type { FrameFields } from "./frame.ts";
import type { SegmentHeader } from "./header.ts";
import { CHAIN_BYTES } from "./layout.ts";

/** A point of a history, behind one of its frames. */
export interface LogPoint {
  /** The frame's last position. */
  readonly position: number;
  readonly epoch: number;
  /** The frame's chain value. */
  readonly chain: Uint8Array;
}

/** What keeps a frame from coming next: what a replica does about it depends on it. */
export interface FrameBreak {
  /**
   * `damaged`: not as it was sealed. `gap`: it begins with another position. `stale epoch`: of an older tenure.
   * `impossible`: whole, and yet nothing that a log writes. `other history`: another chain value came before it.
   */
  readonly kind: "damaged" | "gap" | "stale epoch" | "impossible" | "other history";
  readonly reason: string;
}

/** Why a frame can't come next after `point`, its chain value left aside; undefined when it can. */
export function frameBreak(
  fields: FrameFields,
  point: Pick<LogPoint, "position" | "epoch">,
): FrameBreak | undefined {
  const expected = point.position + 1;
  const { firstPosition, count, payloadBytes, epoch, durablePosition } = fields;
  if (firstPosition !== expected) {
    return { kind: "gap", reason: `a frame begins with position ${firstPosition}, expected ${expected}` };
  }
  if (count === 0 || count > payloadBytes) {
    const reason = `a frame of ${payloadBytes} bytes says it holds ${count} positions`;
    return { kind: "impossible", reason };
  }
  if (epoch < point.epoch) {
    return { kind: "stale epoch", reason: `a frame's epoch ${epoch} is below ${point.epoch}` };
  }
  if (durablePosition > point.position) {
    const reason = `a frame names position ${durablePosition} as durable, which is not before it`;
    return { kind: "impossible", reason };
  }
  return undefined;
}

/** What is said of a frame whose chain value is not the one its place in the history asks for. */
export const CHAIN_BREAK: FrameBreak = {
  kind: "other history",
  reason: "its chain value does not follow the frame before it",
};

/** Why segment `number`, in a file of `size` bytes, can't come next after `point`; undefined when it can. */
export function segmentBreak(
  header: SegmentHeader,
  number: number,
  size: number,
  point: LogPoint,
): string | undefined {
  const expected = point.position + 1;
  if (header.number !== number) return `its header says it is segment ${header.number}`;
  if (header.firstPosition !== expected) {
    return `it begins with position ${header.firstPosition}, expected ${expected}`;
  }
  if (!isSameChain(header.anchor, point.chain)) return "it does not follow the segment before it";
  if (header.epoch < point.epoch) return `its epoch ${header.epoch} is below ${point.epoch}`;
  if (size > header.segmentBytes) return `the file is ${size} bytes, its header says ${header.segmentBytes}`;
  return undefined;
}

/**
 * Why a history that stands at `point`, and stood at position `before` a frame ago, does not go through the point `wanted`;
 * undefined when it does, may yet, or nothing is wanted.
 */
export function departure(
  before: number,
  point: Pick<LogPoint, "position" | "chain">,
  wanted: LogPoint | undefined,
): string | undefined {
  if (wanted === undefined || before > wanted.position || point.position < wanted.position) return undefined;
  if (point.position === wanted.position) {
    return isSameChain(point.chain, wanted.chain)
      ? undefined
      : `the history up to position ${wanted.position} is another one`;
  }
  return before < wanted.position ? `position ${wanted.position} lies inside a frame` : undefined;
}

/** Whether two chain values are one. */
export function isSameChain(one: Uint8Array, other: Uint8Array): boolean {
  for (let i = 0; i < CHAIN_BYTES; i++) if (one[i] !== other[i]) return false;
  return true;
}
