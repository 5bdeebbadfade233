// A node's data directory: what may lie in it, and the right to use it.
//
//   <data-dir>/journal/              the command log (src/journal)
//   <data-dir>/lock-<pid>-....sock   the lock of the running node (src/platform/directory-lock.ts)

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SeriatimError } from "../base/index.ts";
import { JOURNAL_LOG } from "../journal/index.ts";
import { acquireDirectoryLock, type DirectoryLock, isLockFile } from "../platform/index.ts";

export interface DataDirectory {
  /** Where the journal lives. */
  readonly journal: string;
  readonly lock: DirectoryLock;
}

/**
 * Makes the directory if it is not there, refuses one that holds anything of somebody else's, and locks it. Throws
 * FOREIGN_DIRECTORY, DIRECTORY_IN_USE, or the system's code, naming the path; nothing was written then.
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  try {
    mkdirSync(path, { recursive: true });
    refuseForeign(path);
  } catch (error) {
    if (error instanceof SeriatimError) throw error;
    const { code = "DATA_DIRECTORY", message } = error as NodeJS.ErrnoException;
    throw new SeriatimError(code, `data directory ${path}: ${message}`, { cause: error });
  }
  const lock = await acquireDirectoryLock(path);
  return { journal: join(path, JOURNAL_LOG), lock };
}

function refuseForeign(path: string): void {
  const stranger = readdirSync(path).find((name) => name !== JOURNAL_LOG && !isLockFile(name));
  if (stranger === undefined) return;
  throw new SeriatimError(
    "FOREIGN_DIRECTORY",
    `${path} is not a seriatim data directory: it holds ${stranger}`,
  );
}
