// What becomes of a replica's files when its history can't go on: they get other names beside the new ones. Nothing is ever
// removed: what it had that nobody acknowledged may still be wanted. No thread of the node has any of them open.
//
//   another history     MARK is diverged-POSITION-CHAIN, or, where a journal or snapshots have that already, the first of -2, -3, ...
//                       that neither has; the empty file aside-MARK is the decision; then, each step synced:
//                       journal -> journal-MARK, snapshots -> snapshots-MARK, and the file is removed
//   snapshot received   a whole file in incoming/ is the decision, and survives a crash; then the same with before-POSITION, and
//                       incoming -> snapshots
//
// Interrupted anywhere, the steps that are missing are done at the next start. What a killed process has left is made safe first,
// decisions and steps: its names may be ones that no disk holds yet.

import { SeriatimError, type Storage } from "../base/index.ts";
import { type LogPoint, mayLackName } from "../segment/index.ts";
import { JOURNAL_LOG } from "./records.ts";
import { listSnapshots } from "./snapshot/names.ts";
import { SNAPSHOTS_DIRECTORY } from "./snapshot/store.ts";

const MARK = "(?:diverged|before)-.+";
/** A node's journal, or one that was set aside, by its name: with what the name of its snapshots ends. */
const JOURNAL_NAME = new RegExp(`^${JOURNAL_LOG}((?:-${MARK})?)$`);
/** The decision to set files aside. Without it a crash between two steps would leave snapshots that no journal reaches, a journal without its beginning, or one that its snapshots are not found by. */
const DECISION = new RegExp(`^aside-(${MARK})$`);
const SET_ASIDE = new RegExp(`^(?:${JOURNAL_LOG}|${SNAPSHOTS_DIRECTORY}|aside)-${MARK}$`);

/** Whether a replica gives this name to what it sets aside, or to its decision to. */
export function isSetAside(name: string): boolean {
  return SET_ASIDE.test(name);
}

/** What belongs to the journal in `directory`. */
export interface JournalSurroundings {
  /** The node's data directory, for a journal that has a node's name for it, or for one that is set aside; never the root, which holds what is no node's. */
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
    dataDirectory: mark === undefined || parent === "" ? undefined : parent,
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

/** Sets aside a history that ends with `end`; returns what the journal is called now. Throws what the disk says. */
export function setAsideDiverged(
  files: ReplicaFiles,
  { position, chain }: Pick<LogPoint, "position" | "chain">,
): string {
  const digits = Array.from(chain.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0"));
  return setAside(files, `diverged-${position}-${digits.join("")}`) ?? files.journal;
}

/** Nothing is decided where there is nothing to set aside. */
function setAside(files: ReplicaFiles, first: string): string | undefined {
  const { storage, parent, journal, snapshots } = files;
  const directories = [journal, snapshots];
  if (!directories.some((directory) => holdsAnything(storage, directory))) return undefined;
  const isTaken = (mark: string) =>
    directories.some((directory) => namesIn(storage, `${directory}-${mark}`).length > 0);
  let mark = first;
  for (let i = 2; isTaken(mark); i++) mark = `${first}-${i}`;
  storage.create(`${parent}/aside-${mark}`).close();
  storage.syncDirectory(parent);
  return carryOut(files, mark);
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
  const { storage, parent, snapshots, incoming } = files;
  // Whatever a killed process has renamed here, and not synced.
  storage.syncDirectory(parent);
  finishSettingAside(files);
  const [received] = listSnapshots({ storage, directory: incoming });
  if (received === undefined) return undefined;
  storage.syncDirectory(incoming);
  setAside(files, `before-${received.position}`);
  storage.rename(incoming, snapshots);
  storage.syncDirectory(parent);
  return received.position;
}

/** Gives a directory that holds anything another name; returns it. */
function moveAside({ storage, parent }: ReplicaFiles, directory: string, mark: string): string | undefined {
  if (!holdsAnything(storage, directory)) return undefined;
  const name = `${directory}-${mark}`;
  storage.rename(directory, name);
  storage.syncDirectory(parent);
  return name;
}

/** What a log says of itself (segment/may-lack.ts) is nothing to keep; a log that begins says it again. */
function holdsAnything(storage: Storage, directory: string): boolean {
  return namesIn(storage, directory).some((name) => name !== mayLackName(JOURNAL_LOG));
}

function namesIn(storage: Storage, directory: string): readonly string[] {
  try {
    return storage.list(directory);
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "ENOENT") return [];
    throw error;
  }
}
