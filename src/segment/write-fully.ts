// A disk may take fewer bytes than it was given; the rest follows, and one that takes none has failed.

import { SeriatimError, type StorageFile } from "../base/index.ts";

/** Writes bytes[0, length) at `position`; throws SHORT_WRITE when the file takes no more. */
export function writeFully(file: StorageFile, bytes: Uint8Array, length: number, position: number): void {
  let done = 0;
  while (done < length) {
    const taken = file.write(bytes, done, length - done, position + done);
    if (taken <= 0) {
      const where = `${file.path} at offset ${position + done}`;
      throw new SeriatimError("SHORT_WRITE", `cannot write ${where}: it took ${done} of ${length} bytes`);
    }
    done += taken;
  }
}
