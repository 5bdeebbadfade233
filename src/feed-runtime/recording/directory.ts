// The directory of a recording as the operating system has it: what may lie in it beside the recording's own folder.

import { SeriatimError, type Storage } from "../../base/index.ts";
import { RECORDING_LOG } from "../../feed/index.ts";
import { isLockFile } from "../../platform/index.ts";

/** What a file system puts into its own root: a mount point may be a recording. */
const FILE_SYSTEMS_OWN = "lost+found";
/** What an exchange's data directory has from its first moment. */
const EXCHANGES_OWN = "journal";

/**
 * Throws FOREIGN_DIRECTORY, naming what it holds, when `directory` is an exchange's data directory or anything else that
 * is no recording; ENOENT when it is not there.
 */
export function refuseForeign(storage: Storage, directory: string): void {
  const names = storage.list(directory);
  if (names.includes(EXCHANGES_OWN)) {
    const message = `${directory} is an exchange's data directory, it holds ${EXCHANGES_OWN}: a recording has one of its own`;
    throw new SeriatimError("FOREIGN_DIRECTORY", message);
  }
  const stranger = names.find(
    (name) => name !== RECORDING_LOG && name !== FILE_SYSTEMS_OWN && !isLockFile(name),
  );
  if (stranger === undefined) return;
  throw new SeriatimError("FOREIGN_DIRECTORY", `${directory} is not a recording: it holds ${stranger}`);
}
