// Names of snapshot files. The one at position 7 is `snapshot-0000000000000007.snap`; while it is written its name ends in
// `.snap.tmp`, so a `.tmp` file is an interrupted writing and holds nothing. Names of any other form are left alone.

import { SeriatimError, type Storage } from "../../base/index.ts";

/** Digits of the position in a name: names sort as positions do, up to the largest. */
const POSITION_DIGITS = 16;
const NAME = new RegExp(`^snapshot-([0-9]{${POSITION_DIGITS}})\\.snap(\\.tmp)?$`);

/** A file by its name; whether its bytes hold is not known yet. */
export interface SnapshotName {
  readonly path: string;
  readonly position: number;
}

export function snapshotName(position: number): string {
  return `snapshot-${String(position).padStart(POSITION_DIGITS, "0")}.snap`;
}

/** The snapshots in a directory, newest first; none when there is no such directory. */
export function listSnapshots({
  storage,
  directory,
}: {
  storage: Storage;
  directory: string;
}): SnapshotName[] {
  const found: SnapshotName[] = [];
  for (const name of namesIn(storage, directory)) {
    const match = NAME.exec(name);
    if (match === null || match[2] !== undefined) continue;
    found.push({ path: `${directory}/${name}`, position: Number(match[1]) });
  }
  return found.reverse();
}

/**
 * Removes what interrupted writings left, and makes safe what has its name: a process that was killed may not have come to that.
 * For whoever alone may write there. Throws what the disk says.
 */
export function removeInterrupted(storage: Storage, directory: string): void {
  const names = namesIn(storage, directory);
  for (const name of names) if (NAME.exec(name)?.[2] !== undefined) storage.remove(`${directory}/${name}`);
  if (names.length > 0) storage.syncDirectory(directory);
}

function namesIn(storage: Storage, directory: string): string[] {
  try {
    return storage.list(directory);
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "ENOENT") return [];
    throw error;
  }
}
