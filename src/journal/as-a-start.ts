// A journal read as a start would read it: behind the newest snapshot that holds and whose history it is. Nothing is changed.

import { SeriatimError } from "../base/index.ts";
import { type LogOrigin, type LogScan, scanLog } from "../segment/index.ts";
import type { JournalSource } from "./inspect.ts";
import { checkFrame, journalPlace } from "./journal.ts";
import type { SnapshotFile, SnapshotStore } from "./snapshot/store.ts";

/** Every frame behind `from`, else of all segments. */
export function readWhole(source: JournalSource, from?: LogOrigin): LogScan {
  const visit = (frame: Parameters<typeof checkFrame>[0]): void => {
    checkFrame(frame, source.rules);
  };
  return scanLog(journalPlace(source), visit, from === undefined ? {} : { from });
}

/** Behind the newest snapshot whose history this is; from the beginning when there is none. No node writes meanwhile. */
export function readAsAStartWould(
  source: JournalSource,
  whole: readonly SnapshotFile[],
): { readonly scan: LogScan; readonly behind: SnapshotFile | undefined } {
  for (const behind of whole) {
    const scan = readWhole(source, behind.header);
    if (scan.verdict !== "corrupt") return { scan, behind };
  }
  return { scan: readWhole(source), behind: undefined };
}

/** Those that a start would not pass over by what the file says, the newest first; also while a node removes old ones. */
export function wholeSnapshots(store: SnapshotStore): SnapshotFile[] {
  const found: SnapshotFile[] = [];
  for (const name of store.list()) {
    try {
      found.push(store.check(name));
    } catch (error) {
      if (!(error instanceof SeriatimError) || !PASSED_OVER.includes(error.code)) throw error;
    }
  }
  return found;
}

/** It serves nobody, can't be read, or was removed since it was listed. */
const PASSED_OVER: readonly string[] = ["SNAPSHOT_DAMAGED", "SNAPSHOT_FOREIGN", "EIO", "ENOENT"];
