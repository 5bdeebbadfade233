// The helper thread of a commit worker: syncs what was written and closes what was removed, until it is told to stop.

import { closeSync, fdatasyncSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { WriteBehindSlots } from "./write-behind-slots.ts";

/** For a failure that has no number of the system's: as that of a disk. */
const EIO = -5;

function sync(descriptor: number): number {
  try {
    fdatasyncSync(descriptor);
    return 0;
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    return errno !== undefined && errno < 0 ? errno : EIO;
  }
}

new WriteBehindSlots(workerData as SharedArrayBuffer).serve(sync, closeSync);
