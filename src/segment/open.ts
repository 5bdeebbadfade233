// Opens a log for appending: scan, then what tail.ts decides. Clean: go on. Torn: cut, zeroed, synced. Corrupt:
// refused, and nothing on the disk changes. When this returns, everything that was read is safe, also what a
// killed process had written and not yet synced.

import { SeriatimError } from "../base/index.ts";
import { CHAIN_BYTES } from "./layout.ts";
import type { FrameVisitor, LogPlace, LogScan } from "./log.ts";
import { writeZeros } from "./preallocation.ts";
import { scanLog } from "./scan.ts";
import { checkLimits, type LogLimits, LogWriter, type OpenSegment } from "./writer.ts";

export interface OpenedLog {
  readonly writer: LogWriter;
  /** As it was found, before anything was cut. */
  readonly scan: LogScan;
}

/** The epoch of a log that begins: every tenure after it has a higher one. */
export const FIRST_EPOCH = 1;

/**
 * Opens the log in `place`, making its directory when it is missing, and hands every whole frame to `visit` in
 * order. Throws LOG_CORRUPT, naming file, offset, position and reason.
 */
export function openLog(place: LogPlace, limits: LogLimits, visit: FrameVisitor = () => {}): OpenedLog {
  checkLimits(limits);
  const { storage, directory } = place;
  storage.makeDirectory(directory);
  const scan = scanLog(place, visit);
  if (scan.verdict === "corrupt") throw new SeriatimError("LOG_CORRUPT", describeScan(scan));
  for (const name of scan.temporaries) storage.remove(`${directory}/${name}`);
  const segment = reopenLast(place, scan);
  storage.syncDirectory(directory);
  const end = {
    position: scan.lastPosition,
    chain: segment === undefined ? new Uint8Array(CHAIN_BYTES) : scan.chain,
    epoch: segment === undefined ? FIRST_EPOCH : scan.epoch,
    segment,
  };
  return { writer: new LogWriter(place, limits, end), scan };
}

function reopenLast(place: LogPlace, scan: LogScan): OpenSegment | undefined {
  const last = scan.segments.at(-1);
  if (last === undefined) return undefined;
  const { number, segmentBytes, endOffset } = last;
  const file = place.storage.open(last.file, "write");
  try {
    if (scan.verdict === "torn") writeZeros(file, endOffset, segmentBytes);
    file.syncData();
  } catch (error) {
    file.close();
    throw error;
  }
  return { file, number, segmentBytes, offset: endOffset };
}

/** One line that says what a scan found, and where. */
export function describeScan(
  scan: Pick<LogScan, "fault" | "verdict" | "because" | "frames" | "lastPosition" | "damagedBytes">,
): string {
  const { fault, verdict, because } = scan;
  if (fault === undefined)
    return `${verdict}: ${scan.frames} frames up to position ${scan.lastPosition}; ${because}`;
  const where = `${fault.file} at offset ${fault.offset}, position ${fault.position}`;
  const bytes = verdict === "torn" ? `, ${scan.damagedBytes} bytes` : "";
  return `${verdict}: ${where}: ${fault.reason} (${because}${bytes})`;
}
