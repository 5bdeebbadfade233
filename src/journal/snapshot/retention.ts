// Which segments of the journal may go. Two snapshots are kept, both read back whole: what the older of them covers is
// needed by nobody who starts here, not even when the newer one rots.
//
//   segments     | 1 | 2 | 3 | 4 | 5 | 6 ...
//   covered      |<- older snapshot ->|         whole segments that end at or before its position
//   keep = 2             | 3 | 4 | ...          the newest so many of these stay all the same: for export, for replicas

import { firstPositionOf, listLogDirectory, type Retirement, retireSegments } from "../../segment/index.ts";
import { type JournalPlace, journalPlace } from "../journal.ts";
import type { SnapshotFile } from "./store.ts";

/**
 * Removes the segments that `older` covers, the newest `keep` of them left out; returns what was removed. Throws
 * LOG_CORRUPT for a segment whose header can't be read, or what the disk says.
 */
export function retireCovered(
  journal: JournalPlace,
  older: Pick<SnapshotFile, "position">,
  keep: number,
): Retirement {
  const place = journalPlace(journal);
  const { segments } = listLogDirectory(place.storage, place.directory, place.log);
  const first = segments.map((number) => firstPositionOf(place, number));
  // A segment ends where the next one begins; the last one has no end yet.
  const covered = first.filter((_, i) => i > 0 && first[i] <= older.position + 1).length;
  const going = Math.max(0, covered - keep);
  if (going === 0) return { removed: [], firstPosition: first[0] ?? 0 };
  return retireSegments(place, first[going]);
}
