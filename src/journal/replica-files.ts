// What becomes of a replica's files when its history can't go on: they get other names beside the new ones. Nothing is ever
// removed: what it had that nobody acknowledged may still be wanted. No thread of the node has any of them open.
//
//   another history     journal, snapshots -> journal-diverged-POSITION-CHAIN, snapshots-...
//   snapshot received   a whole file in incoming/ is the decision, and survives a crash; then, each step synced:
//                       journal -> journal-before-POSITION, snapshots -> snapshots-before-POSITION, incoming -> snapshots
//
// Interrupted anywhere, the steps that are missing are done at the next start.

import { SeriatimError, type Storage } from "../base/index.ts";
import type { LogPoint } from "../segment/index.ts";
import { listSnapshots } from "./snapshot/names.ts";

/** All below one directory of the same disk. */
export interface ReplicaFiles {
  readonly storage: Storage;
  /** Which the others lie in. */
  readonly parent: string;
  readonly journal: string;
  readonly snapshots: string;
  /** Where a snapshot is received (snapshot/incoming.ts). */
  readonly incoming: string;
}

/** Sets aside a history that ends with `end`; returns what the journal is called now. Throws what the disk says. */
export function setAsideDiverged(
  files: ReplicaFiles,
  { position, chain }: Pick<LogPoint, "position" | "chain">,
): string {
  const digits = Array.from(chain.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0"));
  const mark = `diverged-${position}-${digits.join("")}`;
  const journal = moveAside(files, files.journal, mark);
  moveAside(files, files.snapshots, mark);
  return journal ?? files.journal;
}

/**
 * Puts a snapshot that was received whole in the place of everything else; returns its position, undefined when there is
 * none. To be called before a replica's files are read. Throws what the disk says.
 */
export function putReceivedInPlace(files: ReplicaFiles): number | undefined {
  const { storage, parent, journal, snapshots, incoming } = files;
  const [received] = listSnapshots({ storage, directory: incoming });
  if (received === undefined) return undefined;
  const mark = `before-${received.position}`;
  moveAside(files, journal, mark);
  moveAside(files, snapshots, mark);
  storage.rename(incoming, snapshots);
  storage.syncDirectory(parent);
  return received.position;
}

/** Gives a directory that holds anything another name; returns it. */
function moveAside({ storage, parent }: ReplicaFiles, directory: string, mark: string): string | undefined {
  if (namesIn(storage, directory) === 0) return undefined;
  const first = `${directory}-${mark}`;
  let name = first;
  for (let i = 2; namesIn(storage, name) > 0; i++) name = `${first}-${i}`;
  storage.rename(directory, name);
  storage.syncDirectory(parent);
  return name;
}

function namesIn(storage: Storage, directory: string): number {
  try {
    return storage.list(directory).length;
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "ENOENT") return 0;
    throw error;
  }
}
