// What becomes of a replica's files when its history can't go on: they get other names beside the new ones. Nothing is ever
// removed: what it had that nobody acknowledged may still be wanted. No thread of the node has any of them open.
//
//   another history     the empty file aside-diverged-POSITION-CHAIN is the decision; then, each step synced:
//                       journal -> journal-diverged-POSITION-CHAIN, snapshots -> snapshots-..., and the file is removed
//   snapshot received   a whole file in incoming/ is the decision, and survives a crash; then, each step synced:
//                       journal -> journal-before-POSITION, snapshots -> snapshots-before-POSITION, incoming -> snapshots
//
// Interrupted anywhere, the steps that are missing are done at the next start. What a killed process has left is made safe first,
// decisions and steps: its names may be ones that no disk holds yet.

import { SeriatimError, type Storage } from "../base/index.ts";
import { type LogPoint, mayLackName } from "../segment/index.ts";
import { JOURNAL_LOG } from "./records.ts";
import { listSnapshots } from "./snapshot/names.ts";
import { SNAPSHOTS_DIRECTORY } from "./snapshot/store.ts";

/** A node's journal, or one that was set aside, by its name: with what the name of its snapshots ends. */
const JOURNAL_NAME = new RegExp(`^${JOURNAL_LOG}((?:-(?:diverged|before)-.+)?)$`);

/** What belongs to the journal in `directory`. */
export interface JournalSurroundings {
  /** The node's data directory, for a journal that has a node's name for it, or for one that is set aside. */
  readonly dataDirectory: string | undefined;
  /** Where its snapshots are, if it has any. */
  readonly snapshots: string;
}

/** By its name; `directory` is an absolute path. */
export function surroundingsOf(directory: string): JournalSurroundings {
  const at = directory.lastIndexOf("/");
  const [parent, name] = [directory.slice(0, at), directory.slice(at + 1)];
  const mark = JOURNAL_NAME.exec(name)?.[1];
  return {
    dataDirectory: mark === undefined ? undefined : parent,
    snapshots: `${parent}/${SNAPSHOTS_DIRECTORY}${mark ?? ""}`,
  };
}

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

/** The decision to set a history aside. Without it a crash between two steps would leave snapshots that no journal reaches, or a journal without its beginning. */
const DECISION = /^aside-(diverged-.+)$/;

/** Sets aside a history that ends with `end`; returns what the journal is called now. Throws what the disk says. */
export function setAsideDiverged(
  files: ReplicaFiles,
  { position, chain }: Pick<LogPoint, "position" | "chain">,
): string {
  const digits = Array.from(chain.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0"));
  const mark = `diverged-${position}-${digits.join("")}`;
  const { storage, parent } = files;
  storage.create(`${parent}/aside-${mark}`).close();
  storage.syncDirectory(parent);
  return carryOut(files, mark) ?? files.journal;
}

/** Nobody has written anything since it was decided, so what is there still is what is to go. */
function carryOut(files: ReplicaFiles, mark: string): string | undefined {
  const { storage, parent } = files;
  const journal = moveAside(files, files.journal, mark);
  moveAside(files, files.snapshots, mark);
  storage.remove(`${parent}/aside-${mark}`);
  storage.syncDirectory(parent);
  return journal;
}

function finishSettingAside(files: ReplicaFiles): void {
  for (const name of namesIn(files.storage, files.parent)) {
    const mark = DECISION.exec(name)?.[1];
    if (mark !== undefined) carryOut(files, mark);
  }
}

/**
 * Puts a snapshot that was received whole in the place of everything else, and finishes what setAsideDiverged was
 * interrupted in; returns that snapshot's position, undefined when there is none. To be called before a node's files are
 * read. Throws what the disk says.
 */
export function putReceivedInPlace(files: ReplicaFiles): number | undefined {
  const { storage, parent, journal, snapshots, incoming } = files;
  // Whatever a killed process has renamed here, and not synced.
  storage.syncDirectory(parent);
  finishSettingAside(files);
  const [received] = listSnapshots({ storage, directory: incoming });
  if (received === undefined) return undefined;
  storage.syncDirectory(incoming);
  const mark = `before-${received.position}`;
  moveAside(files, journal, mark);
  moveAside(files, snapshots, mark);
  storage.rename(incoming, snapshots);
  storage.syncDirectory(parent);
  return received.position;
}

/** Gives a directory that holds anything another name; returns it. */
function moveAside({ storage, parent }: ReplicaFiles, directory: string, mark: string): string | undefined {
  // What a log says of itself (segment/may-lack.ts) is nothing to keep; a log that begins says it again.
  if (namesIn(storage, directory).every((name) => name === mayLackName(JOURNAL_LOG))) return undefined;
  const first = `${directory}-${mark}`;
  let name = first;
  for (let i = 2; namesIn(storage, name).length > 0; i++) name = `${first}-${i}`;
  storage.rename(directory, name);
  storage.syncDirectory(parent);
  return name;
}

function namesIn(storage: Storage, directory: string): readonly string[] {
  try {
    return storage.list(directory);
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "ENOENT") return [];
    throw error;
  }
}
