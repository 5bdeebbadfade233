// Where an export goes: standard output, or a file of its own, which is made and never replaced (the file named may be the
// journal itself). It has its name only when it is complete, since half of one in lines looks whole: until then it lies beside that, as
// FILE.PID.part, and is taken away again when the export fails; an export that is killed, also by Ctrl-C, leaves it: it hears no signal, since it
// runs in one turn of the event loop.

import { asGivenPathError, NodeStorage } from "../../platform/index.ts";
import { writeFully } from "../../segment/index.ts";
import { stdout } from "../stdout.ts";
import type { WriteBytes } from "./format.ts";

export interface Destination {
  readonly write: WriteBytes;
  /** The export is complete. */
  close(): void;
  /** It is not, and never will be. */
  discard(): void;
}

/** Throws what the disk says, EEXIST when `path` is taken; so does `close`, when somebody has taken it since. */
export function openDestination(path: string | undefined): Destination {
  if (path === undefined)
    return { write: (bytes) => stdout.writeBytes(bytes), close: () => {}, discard: () => {} };
  const storage = new NodeStorage();
  // Known now, and not after all the work.
  try {
    claim(storage, path);
  } catch (error) {
    throw asGivenPathError(error, "create", path, "--output");
  }
  storage.remove(path);
  const part = `${path}.${process.pid}.part`;
  const file = storage.create(part);
  let size = 0;
  return {
    write: (bytes) => {
      writeFully(file, bytes, bytes.length, size);
      size += bytes.length;
      return true;
    },
    close: () => {
      claim(storage, path);
      try {
        storage.rename(part, path);
      } catch (error) {
        storage.remove(path);
        throw error;
      }
      file.close();
    },
    discard: () => {
      file.close();
      storage.remove(part);
    },
  };
}

/** Makes an empty file, where there is none. */
function claim(storage: NodeStorage, path: string): void {
  storage.create(path).close();
}
