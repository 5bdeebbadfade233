// A tape's data directory: what may lie in it, and the right to use it.
//
//   <data-dir>/catalog/              topics and groups (src/tape/catalog)
//   <data-dir>/topics/00000012/      the log of topic 12 (src/tape/log)
//   <data-dir>/lock-<pid>-....sock   the lock of the running tape (src/platform/directory-lock.ts)

import { SeriatimError, type Storage } from "../../base/index.ts";
import {
  acquireDirectoryLock,
  type DirectoryLock,
  exitCodeOfPath,
  isLockFile,
  NodeStorage,
} from "../../platform/index.ts";

const CATALOG = "catalog";
const TOPICS = "topics";
/** What a file system puts into its own root: a mount point may be a data directory. */
const FILE_SYSTEMS_OWN = "lost+found";
const OURS: readonly string[] = [CATALOG, TOPICS, FILE_SYSTEMS_OWN];
/** By these an exchange's is known (src/runtime/data-directory.ts). */
const OF_AN_EXCHANGE: readonly string[] = ["journal", "snapshots"];

/**
 * Makes the directory if it is not there, refuses one that holds anything of somebody else's, and locks it. Throws
 * FOREIGN_DIRECTORY, DIRECTORY_IN_USE, or the system's code, naming the path; nothing was written then.
 */
export async function openTapeDirectory(
  path: string,
  storage: Storage = new NodeStorage(),
): Promise<DirectoryLock> {
  try {
    storage.makeDirectory(path);
    refuseForeign(path, storage.list(path));
  } catch (error) {
    if (!(error instanceof SeriatimError) || error.code === "FOREIGN_DIRECTORY") throw error;
    const exitCode = exitCodeOfPath(error.code);
    const message = `data directory of the tape: ${error.message}`;
    throw new SeriatimError(error.code, message, { exitCode, cause: error });
  }
  return acquireDirectoryLock(path);
}

function refuseForeign(path: string, names: readonly string[]): void {
  const stranger = names.find((name) => !OURS.includes(name) && !isLockFile(name));
  if (stranger === undefined) return;
  const exchanges = names.find((name) => OF_AN_EXCHANGE.includes(name));
  const what = exchanges === undefined ? "is no data directory of a tape" : "is an exchange's, not a tape's";
  throw new SeriatimError("FOREIGN_DIRECTORY", `${path} ${what}: it holds ${exchanges ?? stranger}`);
}
