// A journal read as a start would read it: behind the newest snapshot that holds and whose history it is. Nothing is changed.

import { SeriatimError } from "../base/index.ts";
import { type LogOrigin, type LogScan, scanLog } from "../segment/index.ts";
import type { JournalSource } from "./inspect.ts";
import { checkFrame, journalPlace } from "./journal.ts";
import { checkSnapshotFile } from "./snapshot/file.ts";
import { listSnapshots, type SnapshotName } from "./snapshot/names.ts";

/** A snapshot every byte of which holds. */
export interface WholeSnapshot extends SnapshotName {
  readonly point: LogOrigin;
}

/** Every frame behind `from`, else of all segments. */
export function readWhole(source: JournalSource, from?: LogOrigin): LogScan {
  const visit = (frame: Parameters<typeof checkFrame>[0]): void => {
    checkFrame(frame, source.rules);
  };
  return scanLog(journalPlace(source), visit, from === undefined ? {} : { from });
}

/** Behind the newest snapshot whose history this is; from the beginning when there is none. */
export function readAsAStartWould(
  source: JournalSource,
  whole: readonly WholeSnapshot[],
): { readonly scan: LogScan; readonly behind: WholeSnapshot | undefined } {
  for (const behind of whole) {
    const scan = readWhole(source, behind.point);
    if (scan.verdict !== "corrupt") return { scan, behind };
  }
  return { scan: readWhole(source), behind: undefined };
}

/** Those in `directory`, the newest first. */
export function wholeSnapshots(source: JournalSource, directory: string): WholeSnapshot[] {
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
