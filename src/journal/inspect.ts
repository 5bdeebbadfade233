// Looking at a journal without touching it, also while a node writes it: what a scan says, as plain data.

import { SeriatimError } from "../base/index.ts";
import {
  describeScan,
  type FrameVisitor,
  type LogFault,
  type LogFrame,
  type LogPlace,
  type LogScan,
  listLogDirectory,
  type SegmentSummary,
  scanPresent,
  segmentName,
  segmentNumberOf,
  type Verdict,
} from "../segment/index.ts";
import { checkFrame, type JournalOptions, type JournalPlace, journalPlace } from "./journal.ts";

/** Where a journal is and what its records are. */
export type JournalSource = JournalPlace & Pick<JournalOptions, "rules">;

/** One verified frame: its CRC and chain value hold. */
export interface FrameReport {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly position: number;
  readonly count: number;
  readonly epoch: number;
  readonly timestamp_us: number;
  readonly durablePosition: number;
}

export interface JournalReport {
  readonly directory: string;
  readonly verdict: Verdict;
  readonly because: string;
  readonly fault: LogFault | undefined;
  /** From the fault to the last byte that is not zero; what opening would cut when the verdict is torn. */
  readonly damagedBytes: number;
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly durablePosition: number;
  readonly epoch: number;
  readonly timestamp_us: number;
  /** Of the last frame, in hexadecimal. */
  readonly chain: string;
  readonly frames: number;
  readonly segments: readonly SegmentSummary[];
  /** Files behind the one with the fault: they may be whole, and no position here counts what is in them. */
  readonly unread: readonly string[];
  /** Whether it may lack what was once safe in it, as an earlier opening or repair has found. */
  readonly mayLack: boolean;
  /** Interrupted creations, which the next opening removes. */
  readonly temporaries: readonly string[];
  /** Every frame, when asked for. */
  readonly frameList: readonly FrameReport[] | undefined;
}

/** Reads the whole journal and says what is there. `frames` lists every frame too (memory grows with them). */
export function inspectJournal(place: JournalSource, options: { frames?: boolean } = {}): JournalReport {
  let frameList: FrameReport[] | undefined;
  const scan = scanSettled(place, () => {
    frameList = options.frames === true ? [] : undefined;
    return (frame) => {
      checkFrame(frame, place.rules);
      const { file, offset, firstPosition, count, epoch, timestamp_us, durablePosition } = frame;
      const bytes = frame.frameBytes;
      frameList?.push({
        file,
        offset,
        bytes,
        position: firstPosition,
        count,
        epoch,
        timestamp_us,
        durablePosition,
      });
    };
  });
  const { verdict, because, fault } = scan;
  return {
    directory: place.directory,
    verdict,
    because,
    fault,
    damagedBytes: scan.damagedBytes,
    firstPosition: scan.firstPosition,
    lastPosition: scan.lastPosition,
    durablePosition: scan.durablePosition,
    epoch: scan.epoch,
    timestamp_us: scan.timestamp_us,
    chain: Array.from(scan.chain, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    frames: scan.frames,
    segments: scan.segments,
    unread: fault === undefined ? [] : segmentsBehind(journalPlace(place), fault),
    mayLack: scan.mayLack,
    temporaries: scan.temporaries,
    frameList,
  };
}

function segmentsBehind({ storage, directory, log }: LogPlace, { file }: LogFault): string[] {
  const behind = segmentNumberOf(file);
  return listLogDirectory(storage, directory, log)
    .segments.filter((number) => number > behind)
    .map((number) => `${directory}/${segmentName(log, number)}`);
}

/** A report on a journal whose every frame holds; otherwise throws as refuseDamaged does. */
export function verifyJournal(place: JournalSource): JournalReport {
  const report = inspectJournal(place);
  refuseDamaged(report);
  return report;
}

/** Throws LOG_CORRUPT or LOG_TORN, naming file, offset and position, unless the verdict is clean. */
export function refuseDamaged(report: JournalReport): void {
  if (report.verdict === "clean") return;
  throw new SeriatimError(report.verdict === "torn" ? "LOG_TORN" : "LOG_CORRUPT", describeScan(report));
}

/**
 * A node that writes meanwhile can leave half a frame in view; a second look finds it whole. That look ends behind this
 * frame: at the end of a busy journal there is always another one in the making. Real damage is there again. The frame is known
 * by its position: how many come before it changes when segments are removed.
 */
export function scanSettled(place: JournalPlace, visitor: () => FrameVisitor, near = 1): LogScan {
  const log = journalPlace(place);
  let scan = scanPresent(log, visitor, { near });
  const { fault, lastPosition } = scan;
  const upToIt = (visit: FrameVisitor) => (frame: LogFrame) =>
    visit(frame) !== false && frame.firstPosition <= lastPosition;
  if (fault !== undefined) scan = scanPresent(log, () => upToIt(visitor()), { near });
  if (scan.segments.length > 0 || scan.fault !== undefined) return scan;
  throw new SeriatimError("JOURNAL_EMPTY", `${place.directory} holds no journal`);
}
