// Reading a log that somebody else writes, and shortens: its oldest files are removed while they are read, or become the next ones
// (retention), or all of them go with the log. What is met in a file that is no longer there is nobody's damage.

import { SeriatimError } from "../base/index.ts";
import { listLogDirectory, segmentNumberOf } from "./directory.ts";
import type { FrameVisitor, LogPlace, LogScan } from "./log.ts";
import { type ScanOptions, scanLog } from "./scan.ts";

/** Each removal costs a look at most, and they are rare beside one. */
const LOOKS_MAX = 5;

/**
 * As scanLog, of a log that is written; `visitor` is asked for a new one for each look. Throws LOG_SHORTENED when files go faster than they
 * are read, ENOENT when the directory is not there (any more), or as scanLog.
 */
export function scanPresent(place: LogPlace, visitor: () => FrameVisitor, options: ScanOptions): LogScan {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const scan = look(place, visitor(), options);
    if (scan !== undefined && !(scan.verdict === "corrupt" && isShortened(place, scan))) return scan;
  }
  const why = "its oldest files go faster than they are read: look again, or at a copy";
  throw new SeriatimError("LOG_SHORTENED", `the ${place.log} in ${place.directory}: ${why}`);
}

/** Undefined: a file that was listed is not there. */
function look(place: LogPlace, visit: FrameVisitor, options: ScanOptions): LogScan | undefined {
  try {
    return scanLog(place, visit, { ...options, isWritten: true });
  } catch (error) {
    if (!(error instanceof SeriatimError) || error.code !== "ENOENT") throw error;
    place.storage.list(place.directory);
    return undefined;
  }
}

/** Whether the damage lies before what the log begins with by now, or something that was read has gone. */
function isShortened({ storage, directory, log }: LogPlace, { fault, segments }: LogScan): boolean {
  const left = listLogDirectory(storage, directory, log).segments;
  const isBefore = fault !== undefined && segmentNumberOf(fault.file) < (left[0] ?? Number.POSITIVE_INFINITY);
  return isBefore || segments.some(({ number }) => !left.includes(number));
}
