// Repairing a journal is what opening it would do, and no more: a torn end is cut, since nothing durable is known to lie
// there. Everything else may be the only copy of what was acknowledged, so it stays as it is, and what could serve in
// its place is named. The decision, by the journal as it is read behind the newest snapshot that belongs to it:
//
//   behind the snapshot   a whole snapshot later than its end   then
//   -------------------   -----------------------------------   ----------------------------------------------
//   clean                 no                                    nothing to do
//   torn                  no                                    cut, synced
//   any                   yes                                   refused: REPAIR_REFUSED, nothing changed
//   corrupt, or its beginning is nowhere                        refused
//
// A start needs nothing from before the snapshot, so damage there keeps nobody from it; but it is damage to the history, and
// said to be (`damage`).

import { SeriatimError } from "../base/index.ts";
import { describeScan, type LogPlace, type LogScan, lastProven, openLog } from "../segment/index.ts";
import { readAsAStartWould, readWhole, wholeSnapshots } from "./as-a-start.ts";
import type { JournalSource } from "./inspect.ts";
import { FRAME_BYTES_MAX_DEFAULT, journalPlace, SEGMENT_BYTES_DEFAULT } from "./journal.ts";
import type { SnapshotName } from "./snapshot/names.ts";
import type { SnapshotFile, SnapshotStore } from "./snapshot/store.ts";

export interface Repair {
  /** As it was found. */
  readonly scan: LogScan;
  /** Whether a torn end was cut; otherwise nothing has changed. */
  readonly wasCut: boolean;
  /** The snapshot the journal was read behind, as a start would do; undefined: it was read from its beginning. */
  readonly behind: SnapshotName | undefined;
  /** What is wrong with the history before that snapshot, which can't be repaired; undefined: it is whole, or removed. */
  readonly damage: string | undefined;
}

/**
 * Repairs the journal that `source` names, whose snapshots are in `store`. No node may have it open.
 * Throws REPAIR_REFUSED, JOURNAL_FOREIGN, or what the disk says; nothing was changed then.
 */
export function repairJournal(source: JournalSource, store: SnapshotStore): Repair {
  const place = journalPlace(source);
  const whole = wholeSnapshots(store);
  const { scan, behind } = readAsAStartWould(source, whole);
  const reason = whatIsLost(source.directory, scan, behind, whole);
  if (reason !== undefined) throw refusal(reason, place, scan, whole);
  const damage = behind && damageBefore(source);
  if (scan.verdict === "clean") return { scan, wasCut: false, behind, damage };
  const limits = { segmentBytes: SEGMENT_BYTES_DEFAULT, frameBytesMax: FRAME_BYTES_MAX_DEFAULT };
  openLog(place, limits, () => {}, { from: behind?.header }).writer.close();
  return { scan, wasCut: true, behind, damage };
}

/** Of the whole journal: what is corrupt, but no torn end, which is behind the snapshot. */
function damageBefore(source: JournalSource): string | undefined {
  const scan = readWhole(source);
  return scan.verdict === "corrupt" ? describeScan(scan) : undefined;
}

/** Why this can't be repaired; undefined when it can. */
function whatIsLost(
  directory: string,
  scan: LogScan,
  behind: SnapshotFile | undefined,
  whole: readonly SnapshotFile[],
): string | undefined {
  const { verdict, firstPosition, lastPosition, segments } = scan;
  if (verdict === "corrupt") return describeScan(scan);
  if (segments.length === 0) return `${directory} holds no journal`;
  if (behind === undefined && firstPosition !== 1)
    return `${directory} begins with position ${firstPosition}, and no snapshot that holds has what came before`;
  const later = whole.find(({ position }) => position > lastPosition);
  if (later === undefined) return undefined;
  return `${directory} ends with position ${lastPosition}, and by ${later.path} ${later.position} was durable`;
}

/** What could serve has to hold all that can be seen to have been written: any of it may have been acknowledged. */
function refusal(
  reason: string,
  place: LogPlace,
  scan: LogScan,
  whole: readonly SnapshotFile[],
): SeriatimError {
  const wanted = Math.max(lastProven(place, scan), ...whole.map(({ position }) => position));
  const replica = `a replica that holds position ${wanted} or more`;
  const [newest] = whole;
  const snapshot =
    newest === undefined
      ? "there is no whole snapshot here"
      : `${newest.path} has the state at position ${newest.position}, and nothing of what came after`;
  return new SeriatimError(
    "REPAIR_REFUSED",
    `not repaired: ${reason}; what can serve instead: ${replica}; ${snapshot}`,
  );
}
