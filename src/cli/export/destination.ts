// Where an export goes: standard output, or a file of its own, which is made and never replaced (the file named may be the
// journal itself), and is taken away again when the export fails before its format is complete.

import { NodeStorage } from "../../platform/index.ts";
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

/** Throws what the disk says, EEXIST when `path` is taken. */
export function openDestination(path: string | undefined): Destination {
  if (path === undefined)
    return { write: (bytes) => stdout.writeBytes(bytes), close: () => {}, discard: () => {} };
  const storage = new NodeStorage();
  const file = storage.create(path);
  let size = 0;
  return {
    write: (bytes) => {
      writeFully(file, bytes, bytes.length, size);
      size += bytes.length;
      return true;
    },
    close: () => file.close(),
    discard: () => {
      file.close();
      storage.remove(path);
    },
  };
}
