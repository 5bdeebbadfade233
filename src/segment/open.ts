// Opens a log for appending: scan, then what tail.ts decides. Clean: go on. Torn: cut, zeroed, synced. Corrupt:
// refused, and nothing on the disk changes. When this returns, everything that was read is safe, also what a
// killed process had written and not yet synced.
//
// A sync alone would not do: when the process before had one that failed, the kernel shows what was written and
// calls it clean, and the next sync writes nothing. So every frame that no later one proves safe is written again.

import { counted, SeriatimError, type StorageFile } from "../base/index.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { markContinued } from "./continuation-mark.ts";
import { FIRST_EPOCH } from "./epoch.ts";
import { checkLimits, type LogLimits } from "./limits.ts";
import type { FrameVisitor, LogFrame, LogOrigin, LogPlace, LogScan, SegmentSummary } from "./log.ts";
import { keepMayLack } from "./may-lack.ts";
import { scanLog } from "./scan.ts";
import { cutRest, type OpenSegment } from "./segment-end.ts";
import { wholeFrameAt } from "./whole-frame.ts";
import { writeFully } from "./write-fully.ts";
import { LogWriter } from "./writer.ts";
import { writeZeros } from "./zeros.ts";

export interface OpenedLog {
  readonly writer: LogWriter;
  /** As it was found, before anything was cut. */
  readonly scan: LogScan;
}

export interface OpenOptions {
  /** Of the frames, those behind this point only, and segments before it are neither read nor needed. */
  readonly from?: LogOrigin | undefined;
  /** Other nodes hold this log: what one that begins in an empty directory had before, nobody knows. */
  readonly isShared?: boolean;
  /** Many frames of this log may have been written between two syncs (tail.ts). */
  readonly writesAhead?: boolean;
  /** Sees what was found before anything is changed; what it throws is thrown on, and nothing is. */
  readonly judge?: (scan: LogScan) => void;
}

/**
 * Opens the log in `place`, making its directory when it is missing, and hands every whole frame to `visit` in order.
 * Throws LOG_CORRUPT, naming file, offset, position and reason; LOG_CHANGED when a frame is not what it was a
 * moment ago (another program, a failing disk); FOREIGN_DIRECTORY; or what the disk says.
 */
export function openLog(
  place: LogPlace,
  limits: LogLimits,
  visit: FrameVisitor = () => {},
  { from, isShared = false, writesAhead = false, judge = () => {} }: OpenOptions = {},
): OpenedLog {
  checkLimits(limits);
  const { storage, directory } = place;
  storage.makeDirectory(directory);
  // To the end, whatever the visitor returns: where reading ends writing begins.
  const visitAll = (frame: LogFrame): void => {
    visit(frame);
  };
  const how = { writesAhead, isSparse: limits.preallocation === "sparse" };
  const scan = scanLog(place, visitAll, from === undefined ? how : { ...how, from });
  if (scan.verdict === "corrupt") throw new SeriatimError("LOG_CORRUPT", describeScan(scan));
  judge(scan);
  const mayLack = scan.mayLack || scan.verdict === "torn" || (isShared && scan.segments.length === 0);
  if (mayLack) keepMayLack(place, scan.mayLack);
  for (const name of scan.temporaries) storage.remove(`${directory}/${name}`);
  storage.syncDirectory(directory);
  const segment = reopenLast(place, scan, limits);
  const end = {
    position: scan.lastPosition,
    chain: scan.chain,
    epoch: segment === undefined ? (from?.epoch ?? FIRST_EPOCH) : scan.epoch,
    number: scan.segments.at(-1)?.number ?? (from?.firstSegment ?? 1) - 1,
    segment,
    mayLack,
  };
  return { writer: new LogWriter(place, limits, end), scan };
}

function reopenLast(place: LogPlace, scan: LogScan, limits: LogLimits): OpenSegment | undefined {
  const last = scan.segments.at(-1);
  if (last === undefined) return undefined;
  const { segmentBytes, endOffset } = last;
  const file = place.storage.open(last.file, "write");
  try {
    writeAgain(place, file, last);
    if (scan.verdict === "torn" || scan.hasRemains) cutEnd(file, endOffset, segmentBytes, limits);
    file.syncData();
    if (last.frames === 0) markBefore(place, scan, last, limits);
  } catch (error) {
    file.close();
    throw error;
  }
  return { file, segmentBytes, offset: endOffset, hasRemains: false };
}

/** The segment before an empty last one, when a crash came between that one's name and the mark (continuation-mark.ts). */
function markBefore(place: LogPlace, scan: LogScan, last: SegmentSummary, limits: LogLimits): void {
  const before = scan.segments.at(-2) ?? unreadBefore(place, last);
  if (before === undefined || before.isContinued) return;
  const file = place.storage.open(before.file, "write");
  const point = { position: scan.lastPosition, epoch: scan.epoch, chain: scan.chain };
  const { segmentBytes, endOffset } = before;
  markContinued({ file, segmentBytes }, endOffset, point, limits, place.checksums);
}

/** Nobody needed it; undefined when it is not there, or damaged: nothing is written into such a file. */
function unreadBefore(place: LogPlace, last: SegmentSummary): SegmentSummary | undefined {
  const { fault, segments } = scanLog(place, () => {}, { near: last.firstPosition - 1 });
  return fault === undefined ? segments.at(-2) : undefined;
}

/** Zeros from `from` to the end: written, or in a sparse log said, which a full disk has room for too. */
function cutEnd(file: StorageFile, from: number, segmentBytes: number, { preallocation }: LogLimits): void {
  if (preallocation !== "sparse") return writeZeros(file, from, segmentBytes);
  cutRest(file, from, segmentBytes);
}

/** Writes the bytes of every frame above the segment's durable offset over themselves: one or two in mode `fsync`. */
function writeAgain(place: LogPlace, file: StorageFile, { durableOffset, endOffset }: SegmentSummary): void {
  const reader = new ChunkReader(file);
  for (let offset = durableOffset; offset < endOffset; ) {
    const total = wholeFrameAt(reader, offset, place.checksums);
    // Checked again, so that a page the kernel dropped since the scan is not taken for what was read.
    if (total === 0) {
      const where = `${file.path} at offset ${offset}`;
      throw new SeriatimError("LOG_CHANGED", `${where}: the frame changed while the log was opened`);
    }
    const at = reader.at(offset, total);
    writeFully(file, reader.buffer.bytes.subarray(at, at + total), total, offset);
    offset += total;
  }
}

/** One line that says what a scan found, and where. */
export function describeScan(
  scan: Pick<LogScan, "fault" | "verdict" | "because" | "frames" | "lastPosition" | "damagedBytes">,
): string {
  const { fault, verdict, because } = scan;
  if (fault === undefined)
    return `${verdict}: ${counted(scan.frames, "frame")} up to position ${scan.lastPosition}; ${because}`;
  const where = `${fault.file} at offset ${fault.offset}, position ${fault.position}`;
  // None: only zeros are missing from its end.
  const bytes = verdict === "torn" && scan.damagedBytes > 0 ? `, ${counted(scan.damagedBytes, "byte")}` : "";
  return `${verdict}: ${where}: ${fault.reason} (${because}${bytes})`;
}
