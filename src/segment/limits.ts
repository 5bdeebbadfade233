// How large a log's files and frames may be.

import { SeriatimError } from "../base/index.ts";
import { FRAME_BYTES_LIMIT, FRAME_HEADER_BYTES, SECTOR_BYTES } from "./layout.ts";

export interface LogLimits {
  /** The size of a new segment file: a multiple of SECTOR_BYTES. */
  readonly segmentBytes: number;
  /** The longest frame, header and padding included: at most FRAME_BYTES_LIMIT, and it fits one segment. */
  readonly frameBytesMax: number;
  /**
   * How a new file gets its size. "zeros": they are written ahead, so that no frame waits for the disk to find room. "sparse": it is
   * only said, for logs that would otherwise write every megabyte twice; a full disk is found by the frame that has no room.
   */
  readonly preallocation?: "zeros" | "sparse";
}

/** Refuses limits that contradict one another: SEGMENT_LIMITS, usage. */
export function checkLimits({ segmentBytes, frameBytesMax }: LogLimits): void {
  const wrong = (why: string) => new SeriatimError("SEGMENT_LIMITS", why, { exitCode: 2 });
  if (!Number.isSafeInteger(segmentBytes) || segmentBytes % SECTOR_BYTES !== 0 || segmentBytes <= 0) {
    throw wrong(`segment size ${segmentBytes} is not a multiple of ${SECTOR_BYTES} bytes`);
  }
  if (frameBytesMax > FRAME_BYTES_LIMIT || frameBytesMax <= FRAME_HEADER_BYTES || frameBytesMax % 8 !== 0) {
    const range = `${FRAME_HEADER_BYTES + 8} to ${FRAME_BYTES_LIMIT}`;
    throw wrong(`frame size ${frameBytesMax} is not a multiple of 8 in ${range} bytes`);
  }
  if (frameBytesMax > segmentBytes - SECTOR_BYTES) {
    throw wrong(`segment size ${segmentBytes} is too small for frames of ${frameBytesMax} bytes`);
  }
}
