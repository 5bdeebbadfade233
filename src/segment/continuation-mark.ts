// What the end of a segment says once another one follows: the log goes on in the next file. So a log whose newest file was
// taken away is told from one that ends. Outside the chain, and the same bytes wherever this history begins a segment here.
//
//   the next segment has its name, its directory is synced      from here on a crash leaves the older one without its mark:
//   the mark is written behind the older one's last frame,      the next opening writes it (open.ts)
//     and synced
//   the next segment gets its first frame                       every segment before one that holds a frame has its mark
//
// The other way round a crash could leave the mark and no file that it means. Of a segment that another one follows nothing
// depends on the mark, so whatever a crash has left of one there is no damage.

import type { Checksums } from "../base/index.ts";
import type { LogPoint } from "./continuity.ts";
import { segmentName } from "./directory.ts";
import { CONTINUATION_MARK_MAGIC } from "./layout.ts";
import type { LogLimits } from "./limits.ts";
import { isNoRoom } from "./next-segment.ts";
import { type OpenSegment, writeMark } from "./segment-end.ts";

/** What a mark says where the file that it means, segment `number`, is not there. */
export function missingSuccessor(log: string, number: number): string {
  return `the log goes on in ${segmentName(log, number)}, which is missing`;
}

/**
 * Marks a segment whose last frame ends at `end` with `point` as continued, safe on return, and closes its file. One that is full to its
 * last bytes stays as it is, and so does a sparse one on a disk without room for it: the log goes on, and only the word is missing.
 */
export function markContinued(
  { file, segmentBytes }: Pick<OpenSegment, "file" | "segmentBytes">,
  end: number,
  point: LogPoint,
  { preallocation }: LogLimits,
  checksums: Checksums,
): void {
  const write = () => writeMark({ file, segmentBytes }, end, CONTINUATION_MARK_MAGIC, point, checksums);
  try {
    const isWritten = preallocation === "sparse" ? unlessFull(write) : write();
    // Whatever this one fails with: what a sync dropped can't be told from what it kept.
    if (isWritten) file.syncData();
  } finally {
    file.close();
  }
}

function unlessFull(write: () => boolean): boolean {
  try {
    return write();
  } catch (error) {
    if (isNoRoom(error)) return false;
    throw error;
  }
}
