// Has the system write to the disk what it was given, off the calling thread: whoever syncs the file for good, on a thread
// that others wait for, then finds little left. A help, no promise: what fails here that sync says, through a descriptor
// of its own.

import { open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Writes back the last file, by name, of those in `directory` that end with `suffix`. Never rejects. */
export async function writeBackLast(directory: string, suffix: string): Promise<void> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith(suffix)).sort();
    const last = names.at(-1);
    if (last === undefined) return;
    await using file = await open(join(directory, last), "r");
    await file.datasync();
  } catch {
    // Removed meanwhile, or a disk that fails: whoever relies on the file is told.
  }
}
