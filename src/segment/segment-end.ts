// The end of the segment that is written: what lies behind the last frame, and how it is kept from being taken for one.
// A file made for the log has zeros there. One that held an older segment has what is left of that one: behind the last frame a
// fence (fence.ts) says that nothing of this segment follows, and when the segment is left or closed the
// rest is cut, so that only the last segment of a log that was killed ever has such remains.

import type { Checksums, StorageFile } from "../base/index.ts";
import { encodeMark } from "./closing-mark.ts";
import type { LogPoint } from "./continuity.ts";
import { CLOSING_MARK_BYTES } from "./layout.ts";
import { writeFully } from "./write-fully.ts";

export interface OpenSegment {
  readonly file: StorageFile;
  readonly segmentBytes: number;
  /** Behind the last frame. */
  readonly offset: number;
  /** Its file held an older segment, and what is left of that one lies behind the last frame. */
  readonly hasRemains: boolean;
}

/** Where a log ends: what the next frame continues. */
export interface LogEnd extends LogPoint {
  /** Of the last segment; in a log that has none, one less than its first is to have. */
  readonly number: number;
  /** The last segment, or none in a log that has not begun. */
  readonly segment: OpenSegment | undefined;
  /** Whether it may lack what was once safe in it (may-lack.ts). */
  readonly mayLack: boolean;
}

/** Zeros from `from` on, without a block: also a full disk has room for them. */
export function cutRest(file: StorageFile, from: number, segmentBytes: number): void {
  file.truncate(from);
  file.truncate(segmentBytes);
}

/** Where a mark comes, which one it is, and what it says. */
type Mark = [end: number, magic: number, point: LogPoint, checksums: Checksums];

/** Writes a closing or continuation mark behind the last frame, which ends at `end` with `point`; false where it has no room. */
export function writeMark(
  { file, segmentBytes }: Pick<OpenSegment, "file" | "segmentBytes">,
  ...[end, magic, point, checksums]: Mark
): boolean {
  if (end + CLOSING_MARK_BYTES > segmentBytes) return false;
  writeFully(file, encodeMark(magic, point, checksums), CLOSING_MARK_BYTES, end);
  return true;
}

/** The same, safe on return. */
export function putMark(segment: Pick<OpenSegment, "file" | "segmentBytes">, ...mark: Mark): void {
  if (writeMark(segment, ...mark)) segment.file.syncData();
}
