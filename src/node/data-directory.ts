// A node's data directory: what may lie in it, and the right to use it.
//
//   <data-dir>/journal/              the command log (src/journal)
//   <data-dir>/lock-<pid>-....sock   the lock of the running node (src/platform/directory-lock.ts)

import { join } from "node:path";
import { SeriatimError, type Storage } from "../base/index.ts";
import { JOURNAL_LOG } from "../journal/index.ts";
import { acquireDirectoryLock, type DirectoryLock, isLockFile, NodeStorage } from "../platform/index.ts";

/** What a file system puts into its own root: a mount point may be a data directory. */
const FILE_SYSTEMS_OWN = "lost+found";

export interface DataDirectory {
  /** Where the journal lives. */
  readonly journal: string;
  readonly lock: DirectoryLock;
}

/**
 * Makes the directory if it is not there, its name durable on return (a log in a directory whose name is lost with the
 * power is lost), refuses one that holds anything of somebody else's, and locks it. Throws
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
    throw new SeriatimError(error.code, `data directory: ${error.message}`, { cause: error });
  }
  const lock = await acquireDirectoryLock(path);
  return { journal: join(path, JOURNAL_LOG), lock };
}

function refuseForeign(path: string, storage: Storage): void {
  const ours = (name: string) => name === JOURNAL_LOG || name === FILE_SYSTEMS_OWN || isLockFile(name);
  const stranger = storage.list(path).find((name) => !ours(name));
  if (stranger === undefined) return;
  throw new SeriatimError(
    "FOREIGN_DIRECTORY",
    `${path} is not a seriatim data directory: it holds ${stranger}`,
  );
}
