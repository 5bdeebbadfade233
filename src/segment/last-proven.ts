// How far a log once went, by whatever is whole behind its damage: nobody may go on from there, and who has less has lost something.
// For words only: that a frame is whole says nothing of what continues what.

import { ChunkReader } from "./chunk-reader.ts";
import { listLogDirectory, segmentName, segmentNumberOf } from "./directory.ts";
import { headerOf, readSegmentHeader } from "./header.ts";
import { FRAME_ALIGN_BYTES, SECTOR_BYTES } from "./layout.ts";
import type { LogPlace, LogScan } from "./log.ts";
import { type History, searchBehind } from "./whole-frame.ts";

/** The highest position that any whole frame, mark or segment header names from the fault of `scan` on; without a fault its last one. */
export function lastProven(place: LogPlace, scan: LogScan): number {
  const { fault, durablePosition, lastPosition, epoch } = scan;
  const proven = Math.max(durablePosition, lastPosition);
  if (fault === undefined) return proven;
  const damaged = segmentNumberOf(fault.file);
  const numbers = listLogDirectory(place.storage, place.directory, place.log).segments.filter(
    (number) => number >= damaged,
  );
  // What lies before a segment whose header holds is lower than all of it.
  let first = numbers.length - 1;
  while (first > 0 && typeof headerOf(place, numbers[first]) === "string") first--;
  let history: History = { position: lastPosition, epoch };
  for (const number of numbers.slice(Math.max(first, 0))) history = searchSegment(place, number, history);
  return Math.max(proven, history.position);
}

/** `before`: how far the log went before this segment, as far as known. */
function searchSegment(place: LogPlace, number: number, before: History): History {
  const { storage, checksums, directory, log } = place;
  const file = storage.open(`${directory}/${segmentName(log, number)}`, "read");
  try {
    const reader = new ChunkReader(file);
    const header = readSegmentHeader(reader, checksums);
    const history =
      typeof header === "string" ? before : { position: header.firstPosition - 1, epoch: header.epoch };
    const span = reader.nonZeroSpan(SECTOR_BYTES);
    // The search begins one step behind where it is told that the damage is.
    const fault = SECTOR_BYTES - FRAME_ALIGN_BYTES;
    const found = span && searchBehind(reader, fault, span.end, history, true, checksums);
    return { position: Math.max(history.position, found?.last ?? 0), epoch: history.epoch };
  } finally {
    file.close();
  }
}
