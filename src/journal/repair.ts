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

import { SeriatimError } from "../base/index.ts";
import { describeScan, type LogOrigin, type LogScan, openLog, scanLog } from "../segment/index.ts";
import type { JournalSource } from "./inspect.ts";
import { checkFrame, FRAME_BYTES_MAX_DEFAULT, journalPlace, SEGMENT_BYTES_DEFAULT } from "./journal.ts";
import { checkSnapshotFile } from "./snapshot/file.ts";
import { listSnapshots, type SnapshotName } from "./snapshot/names.ts";

export interface Repair {
  /** As it was found. */
  readonly scan: LogScan;
  /** Whether a torn end was cut; otherwise nothing has changed. */
  readonly wasCut: boolean;
  /** The snapshot the journal was read behind, as a start would do; undefined: it was read from its beginning. */
  readonly behind: SnapshotName | undefined;
}

/** A snapshot every byte of which holds. */
interface WholeSnapshot extends SnapshotName {
  readonly point: LogOrigin;
}

/**
 * Repairs the journal that `source` names, whose snapshots are in the directory `snapshots`. No node may have it open.
 * Throws REPAIR_REFUSED, JOURNAL_FOREIGN, or what the disk says; nothing was changed then.
 */
export function repairJournal(source: JournalSource, snapshots: string): Repair {
  const place = journalPlace(source);
  const whole = wholeSnapshots(source, snapshots);
  const { scan, behind } = readAsAStartWould(source, whole);
  const reason = whatIsLost(source.directory, scan, behind, whole);
  if (reason !== undefined) throw refusal(reason, scan, whole);
  if (scan.verdict === "clean") return { scan, wasCut: false, behind };
  const limits = { segmentBytes: SEGMENT_BYTES_DEFAULT, frameBytesMax: FRAME_BYTES_MAX_DEFAULT };
  openLog(place, limits, () => {}, { from: behind?.point }).writer.close();
  return { scan, wasCut: true, behind };
}

/** Why this can't be repaired; undefined when it can. */
function whatIsLost(
  directory: string,
  scan: LogScan,
  behind: WholeSnapshot | undefined,
  whole: readonly WholeSnapshot[],
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

/** Behind the newest snapshot whose history this is; from the beginning when there is none. */
function readAsAStartWould(
  source: JournalSource,
  whole: readonly WholeSnapshot[],
): { readonly scan: LogScan; readonly behind: WholeSnapshot | undefined } {
  const read = (from: LogOrigin | undefined) =>
    scanLog(
      journalPlace(source),
      (frame) => {
        checkFrame(frame, source.rules);
      },
      from === undefined ? {} : { from },
    );
  for (const behind of whole) {
    const scan = read(behind.point);
    if (scan.verdict !== "corrupt") return { scan, behind };
  }
  return { scan: read(undefined), behind: undefined };
}

function wholeSnapshots(source: JournalSource, directory: string): WholeSnapshot[] {
  const { storage, checksums } = source;
  const place = { storage, checksums, directory };
  const found: WholeSnapshot[] = [];
  for (const name of listSnapshots(place)) {
    try {
      const { position, epoch, chain } = checkSnapshotFile(place, name.path);
      found.push({ ...name, point: { position, epoch, chain } });
    } catch (error) {
      // One that does not hold serves nobody.
      if (!(error instanceof SeriatimError) || !error.code.startsWith("SNAPSHOT_")) throw error;
    }
  }
  return found;
}

function refusal(reason: string, scan: LogScan, whole: readonly WholeSnapshot[]): SeriatimError {
  const wanted = Math.max(scan.durablePosition, scan.lastPosition, ...whole.map(({ position }) => position));
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
