// What a node must not forget between two starts: its log may lack what was once safe in it. It is the name of an empty
// file in the log's directory, `journal.may-lack`, so that it is there whole or not at all.
//
//   kept      before a torn end is cut, and before a log that other nodes hold begins anew
//   removed   when it is known that nothing is missing, or somebody answers for it (LogWriter.lacksNothing)
//
// Without it the second opening would find a clean log: nobody can tell a frame that was never finished from one that rotted
// after it was acknowledged.

import type { LogPlace } from "./log.ts";

/** The file's name in the directory of the log named `log`. */
export function mayLackName(log: string): string {
  return `${log}.may-lack`;
}

/** Durable on return; `isKept`: it is there, but its name may not have survived the end of the machine yet. */
export function keepMayLack({ storage, directory, log }: LogPlace, isKept: boolean): void {
  if (!isKept) storage.create(`${directory}/${mayLackName(log)}`).close();
  storage.syncDirectory(directory);
}

/** Durable on return. */
export function removeMayLack({ storage, directory, log }: LogPlace): void {
  storage.remove(`${directory}/${mayLackName(log)}`);
  storage.syncDirectory(directory);
}
