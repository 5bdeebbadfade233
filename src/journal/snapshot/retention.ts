// Which segments of the journal may go. Two snapshots are kept, both read back whole: what the older of them covers is
// needed by nobody who starts here, not even when the newer one rots.
//
//   segments     | 1 | 2 | 3 | 4 | 5 | 6 ...
//   covered      |<- older snapshot ->|         whole segments that end at or before its position
//   keep = 2             | 3 | 4 | ...          the newest so many of these stay all the same: for export, for replicas

import { retireSegments } from "../../segment/index.ts";
import { type JournalPlace, journalPlace } from "../journal.ts";
import type { SnapshotFile } from "./store.ts";

/** Removes the segments that `older` covers, the newest `keep` of them left out; returns their names. Throws what the disk says. */
export function retireCovered(
  journal: JournalPlace,
  older: Pick<SnapshotFile, "position">,
  keep: number,
): string[] {
  return retireSegments(journalPlace(journal), older.position + 1, keep);
}
