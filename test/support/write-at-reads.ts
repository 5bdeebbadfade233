// A log that is written while somebody reads it: what a scan of a file that is no longer the same meets.

import type { SimulatedDisk } from "../../src/lab/index.ts";
import { SECTOR_BYTES } from "../../src/segment/index.ts";

/** More than is read at once: so what lies behind the last frame is read a moment later than that frame. */
export const SEGMENT_BYTES_BEYOND_A_READ = SECTOR_BYTES + 10 * 1024 * 1024;

/** Behind each read of a segment from now on `write` is called; what that reads itself counts for none. */
export function writeAtReads(disk: SimulatedDisk, write: () => void): void {
  const open = disk.open.bind(disk);
  let isWriting = false;
  disk.open = (path, access) => {
    const file = open(path, access);
    if (!path.endsWith(".seg") || access !== "read" || isWriting) return file;
    const { read } = file;
    const readThenWrite: typeof read = (...args) => {
      const got = read.apply(file, args);
      isWriting = true;
      write();
      isWriting = false;
      return got;
    };
    return Object.assign(file, { read: readThenWrite });
  };
}
