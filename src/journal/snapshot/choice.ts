// Which snapshot to begin with: the newest that serves. One that does not is passed over, with a line that says why, and
// without any the whole journal is replayed. The decision for each, newest first:
//
//   the file                   the journal at its position      then
//   -------------------------  -------------------------------  ----------------------------------------------------
//   damaged or foreign, or     -                                the next older one
//   the disk can't read it
//   holds, behind `bound`      -                                the next older one, nothing said: it is not asked for
//   holds                      the same chain value             restored: the application has its state
//   holds                      the same, but no valid state     the next older one
//   holds                      another chain value, or in a     the next older one: it is another history's
//                              frame's middle
//   holds                      retired                          the next older one, which can't serve either
//   holds                      not there, or damaged up to it   JOURNAL_BEHIND_SNAPSHOT: what was durable is gone
//   holds                      no segment at all, on a replica  restored: it was sent, and nothing behind it yet

import { type Application, SeriatimError } from "../../base/index.ts";
import { FrameFollower, isSameChain, listLogDirectory } from "../../segment/index.ts";
import type { JournalPlace } from "../journal.ts";
import { journalPlace } from "../journal.ts";
import type { SnapshotHeader } from "./header.ts";
import type { SnapshotName } from "./names.ts";
import type { SnapshotFile, SnapshotStore } from "./store.ts";

export interface SnapshotChoice {
  /** `application` has its state; undefined: it has none. */
  readonly usable: SnapshotFile | undefined;
  /** Why newer ones were passed over, a line each. */
  readonly refused: readonly string[];
}

/** Codes of a SeriatimError that make a snapshot useless, and nothing else. */
const REFUSALS: readonly string[] = [
  "SNAPSHOT_DAMAGED",
  "SNAPSHOT_FOREIGN",
  "SNAPSHOT_INVALID",
  "LOG_RETIRED",
];

export interface SnapshotWish {
  /** At or before this position. */
  readonly bound?: number;
  /** A journal without a segment is no loss: a replica's begins behind the snapshot that it was sent. */
  readonly mayBeginJournal?: boolean;
}

/**
 * Gives `application` the state of the newest snapshot that serves. Throws JOURNAL_BEHIND_SNAPSHOT, or what the disk says.
 */
export function newestUsable(
  journal: JournalPlace,
  store: SnapshotStore,
  application: Application,
  { bound = Number.POSITIVE_INFINITY, mayBeginJournal = false }: SnapshotWish = {},
): SnapshotChoice {
  const refused: string[] = [];
  for (const name of store.list()) {
    if (name.position > bound) continue;
    try {
      const isFirst = mayBeginJournal && !hasSegments(journal);
      return { usable: restored(isFirst ? undefined : journal, store, name, application), refused };
    } catch (error) {
      if (!(error instanceof SeriatimError) || !REFUSALS.includes(error.code)) throw error;
      refused.push(error.message.startsWith(name.path) ? error.message : `${name.path}: ${error.message}`);
    }
  }
  return { usable: undefined, refused };
}

function restored(
  journal: JournalPlace | undefined,
  store: SnapshotStore,
  name: SnapshotName,
  application: Application,
): SnapshotFile {
  const { header, state } = readable(store, name);
  if (journal !== undefined) refuseOtherHistory(journal, name, header);
  application.restore(state, header.position);
  return { ...name, header };
}

function refuseOtherHistory(journal: JournalPlace, name: SnapshotName, { chain }: SnapshotHeader): void {
  const found = pointIn(journal, name);
  if (found !== undefined && isSameChain(found.chain, chain)) return;
  const what = `the journal's history at position ${name.position} is another one`;
  throw new SeriatimError("SNAPSHOT_FOREIGN", `${name.path}: ${what}`);
}

/** Whether a snapshot is of the journal's own history, as far as the journal can tell; one without a segment can't. */
export function isOfHistory(journal: JournalPlace, file: SnapshotFile): boolean {
  if (!hasSegments(journal)) return true;
  try {
    refuseOtherHistory(journal, file, file.header);
    return true;
  } catch (error) {
    if (!(error instanceof SeriatimError) || ![...REFUSALS, "JOURNAL_BEHIND_SNAPSHOT"].includes(error.code))
      throw error;
    return false;
  }
}

function hasSegments(journal: JournalPlace): boolean {
  const { storage, directory, log } = journalPlace(journal);
  try {
    return listLogDirectory(storage, directory, log).segments.length > 0;
  } catch (error) {
    if (error instanceof SeriatimError && error.code === "ENOENT") return false;
    throw error;
  }
}

/** As store.read; what the disk can't read (EIO) is as good as damaged: there are others, and the journal. */
function readable(store: SnapshotStore, name: SnapshotName): ReturnType<SnapshotStore["read"]> {
  try {
    return store.read(name);
  } catch (error) {
    if (!(error instanceof SeriatimError) || error.code !== "EIO") throw error;
    throw new SeriatimError("SNAPSHOT_DAMAGED", `${name.path}: ${error.message}`, { cause: error });
  }
}

/** What the journal says of the snapshot's position. */
function pointIn(journal: JournalPlace, { path, position }: SnapshotName) {
  const follower = new FrameFollower(journalPlace(journal), position);
  try {
    return follower.seek(position);
  } catch (error) {
    if (!(error instanceof SeriatimError) || !BEHIND.includes(error.code)) throw error;
    const what = `${path} says that position ${position} was durable, the journal does not reach it`;
    throw new SeriatimError("JOURNAL_BEHIND_SNAPSHOT", `${what}: ${error.message}`, { cause: error });
  } finally {
    follower.close();
  }
}

/** What the follower says of a log that ends, or is damaged, before the position. */
const BEHIND: readonly string[] = ["LOG_CORRUPT", "LOG_EMPTY", "ENOENT"];
