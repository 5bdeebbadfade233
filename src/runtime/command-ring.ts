// How many commands may wait for the journal: at full load some milliseconds of them, and never more than their journal can
// take when its disk is full. That is found when half of the current segment is written, at the latest, and a frame over it;
// what was claimed by then is in the ring, and has to fit the rest:
//
//   a frame of all that waited + a ring full of what came meanwhile   <=  half a segment
//
// An eighth of the segment for each leaves as much again for frames of few commands, which have a header each.

import { COMMAND_BYTES } from "../protocol/index.ts";

/** 5 MiB. */
const RECORDS_MAX = 65_536;
/** Of a segment. */
const PART = 8;

/** A power of two. Beyond it claim() says no. */
export function commandRingRecords(segmentBytes: number): number {
  return Math.min(RECORDS_MAX, 2 ** Math.floor(Math.log2(segmentBytes / PART / COMMAND_BYTES)));
}
