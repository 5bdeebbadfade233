// A node's data directory: what may lie in it, and the right to use it.
//
//   <data-dir>/journal/              the command log (src/journal)
//   <data-dir>/snapshots/            states of its application (src/journal/snapshot)
//   <data-dir>/incoming/             a snapshot that a replica is sent (src/journal/snapshot/incoming.ts)
//   <data-dir>/journal-diverged-..., journal-before-..., snapshots-...
//                                    what a replica had that could not go on (src/journal/replica-files.ts); never read again
//   <data-dir>/tape/                 the tape's own, where one runs in the node (src/tape-runtime/directory)
//   <data-dir>/epoch-N               what a node of a cluster has promised (replication/promise.ts)
//   <data-dir>/node-NAME             the node of a cluster whose it is (replication/directory-owner.ts)
//   <data-dir>/lock-<pid>-....sock   the lock of the running node (src/platform/directory-lock.ts)

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { SeriatimError, type Storage } from "../base/index.ts";
import {
  isSetAside,
  JOURNAL_LOG,
  putReceivedInPlace,
  type ReplicaFiles,
  removeInterrupted,
  SNAPSHOTS_DIRECTORY,
} from "../journal/index.ts";
import {
  acquireDirectoryLock,
  type DirectoryLock,
  exitCodeOfPath,
  isLockFile,
  NodeStorage,
} from "../platform/index.ts";
import { SEGMENT_SUFFIX } from "../segment/index.ts";
import { isOwnersMark } from "./replication/directory-owner.ts";
import { isPromise } from "./replication/promise.ts";

/** Stands for the identity of a directory that is not on the real disk. */
const NO_IDENTITY = "none";

/** Holds one snapshot at most, for as long as it is on its way. */
const INCOMING = "incoming";
/** What a file system puts into its own root: a mount point may be a data directory. */
const FILE_SYSTEMS_OWN = "lost+found";

/** Where a node's tape lives unless it is told otherwise. */
export const TAPE_DIRECTORY = "tape";
/** By these a tape's is known. */
const OF_A_TAPE: readonly string[] = ["catalog", "topics"];

/** A node's locked data directory, made by `openDataDirectory`. */
export interface DataDirectory {
  /** Where the journal lives. */
  readonly journal: string;
  /** Where its snapshots live; made with the first. */
  readonly snapshots: string;
  /** These and where a replica receives a snapshot, for whoever moves them. */
  readonly files: ReplicaFiles;
  readonly lock: DirectoryLock;
  /**
   * Whether the journal's directory is still the one that was opened, with no segment less than when last asked. One that can't be
   * looked at, for want of a descriptor say, or because the last look waits for a disk that hangs, counts as there: who writes to it
   * hears of what is wrong. It holds nobody up: who asks sequences commands.
   */
  isStillThere(): Promise<boolean>;
  /** Another one has that name from now on: a replica has set its files aside. */
  replaced(): void;
  /** From now on the oldest segments may be removed, by whoever knows that snapshots cover them; a new gap is still a loss. */
  letOldestGo(): void;
}

/**
 * Makes the directory if it is not there, its name durable on return (a log in a directory whose name is lost with the power
 * is lost), refuses one that holds anything of somebody else's, and locks it. Then finishes what a replica that settles its
 * files was interrupted in (putReceivedInPlace), and removes snapshots that were not written to their end. Throws
 * FOREIGN_DIRECTORY, DIRECTORY_IN_USE, or the system's code, naming the path; nothing was written then.
 */
export async function openDataDirectory(
  path: string,
  storage: Storage = new NodeStorage(),
): Promise<DataDirectory> {
  try {
    storage.makeDirectory(path);
    refuseForeign(path, storage);
  } catch (error) {
    if (!(error instanceof SeriatimError) || error.code === "FOREIGN_DIRECTORY") throw error;
    const exitCode = exitCodeOfPath(error.code);
    throw new SeriatimError(error.code, `data directory: ${error.message}`, { exitCode, cause: error });
  }
  const lock = await acquireDirectoryLock(path);
  const files = filesIn(path, storage);
  const { journal, snapshots } = files;
  try {
    putReceivedInPlace(files);
    for (const place of [snapshots, files.incoming]) removeInterrupted(storage, place);
  } catch (error) {
    await lock.release();
    throw error;
  }
  return { journal, snapshots, files, lock, ...watched(journal) };
}

/** What was seen of a journal's directory. */
interface Seen {
  /** Undefined before the first look, which comes when the journal has been opened. */
  opened: string | undefined;
  segments: Segments;
}

/** Looks at the journal's directory, one look at a time. */
function watched(journal: string): Pick<DataDirectory, "isStillThere" | "replaced" | "letOldestGo"> {
  const unseen = (): Seen => ({ opened: undefined, segments: UNSEEN });
  let seen = unseen();
  let mayOldestGo = false;
  let isLooking = false;
  const isTheSame = async (): Promise<boolean> => {
    // Another one has the name when it is replaced meanwhile: what is found then is kept nowhere.
    const before = seen;
    const now = await identityOf(journal);
    before.opened ??= now ?? NO_IDENTITY;
    // A storage of its own (a test's) has no such directory: "there" then.
    if (before.opened === NO_IDENTITY) return true;
    if (now !== before.opened) return before !== seen;
    const [then, found] = [before.segments, await segmentsIn(journal)];
    before.segments = found;
    const isWhole = mayOldestGo
      ? found.last >= then.last && found.gaps <= then.gaps
      : found.count >= then.count;
    return isWhole || before !== seen;
  };
  const isStillThere = async (): Promise<boolean> => {
    if (isLooking) return true;
    isLooking = true;
    try {
      return await isTheSame();
    } catch {
      return true;
    } finally {
      isLooking = false;
    }
  };
  const letOldestGo = (): void => {
    mayOldestGo = true;
  };
  const replaced = (): void => {
    seen = unseen();
  };
  return { isStillThere, replaced, letOldestGo };
}

function filesIn(parent: string, storage: Storage): ReplicaFiles {
  const [journal, snapshots, incoming] = [JOURNAL_LOG, SNAPSHOTS_DIRECTORY, INCOMING].map((name) =>
    join(parent, name),
  );
  return { storage, parent, journal, snapshots, incoming };
}

/** What is said of one that is not still there. */
export function directoryGone({ journal }: Pick<DataDirectory, "journal">): SeriatimError {
  const what = `${journal} is not there any more, or not all of it, and with it the log`;
  return new SeriatimError("DATA_DIRECTORY_GONE", what);
}

/** Device and inode of what has this name; undefined when nothing has. Throws what the system says of any other failure. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(undefinedIfGone);
  return found && `${found.dev}:${found.ino}`;
}

function undefinedIfGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}

/** What the journal's directory says of its segments by their names. */
interface Segments {
  readonly count: number;
  /** The number of the newest; 0 when there is none. */
  readonly last: number;
  /** Numbers between the oldest's and its that no segment has: what a snapshot covers may have them from the start on. */
  readonly gaps: number;
}

/** Of a directory that was not looked at yet. */
const UNSEEN: Segments = { count: 0, last: 0, gaps: Number.POSITIVE_INFINITY };

/** The segments in the journal's directory; none when it goes away in this moment. Throws as identityOf. */
async function segmentsIn(journal: string): Promise<Segments> {
  const numbers = (await segmentNamesIn(journal)).map((name) => Number(/[0-9]+/.exec(name)?.[0]));
  const { length: count } = numbers;
  const last = numbers[count - 1] ?? 0;
  return { count, last, gaps: count === 0 ? 0 : last - numbers[0] + 1 - count };
}

async function segmentNamesIn(journal: string): Promise<string[]> {
  const names = (await readdir(journal).catch(undefinedIfGone)) ?? [];
  return names.filter((name) => name.endsWith(SEGMENT_SUFFIX)).sort();
}

function refuseForeign(path: string, storage: Storage): void {
  const ours = [JOURNAL_LOG, SNAPSHOTS_DIRECTORY, INCOMING, TAPE_DIRECTORY, FILE_SYSTEMS_OWN];
  const isMark = (name: string) => isLockFile(name) || isPromise(name) || isOwnersMark(name);
  const isOurs = (name: string) => ours.includes(name) || isSetAside(name) || isMark(name);
  const names = storage.list(path);
  const stranger = names.find((name) => !isOurs(name));
  if (stranger === undefined) return;
  const isTapes = names.some((name) => OF_A_TAPE.includes(name));
  const what = isTapes ? "is a tape's data directory, not an exchange's" : "is not a seriatim data directory";
  throw new SeriatimError("FOREIGN_DIRECTORY", `${path} ${what}: it holds ${stranger}`);
}
