// A disk of which one look at a file fails: an opening, a question for its size or a read. What is open then is to be given back.

import { type Storage, type StorageFile, storageError } from "../../src/base/index.ts";

/** `disk`, whose `failing`-th look, from 1 on, fails; `looks`: how many there were. For whoever only reads. */
export function failingLooks(disk: Storage, failing: number, code: "EIO" | "EMFILE" = "EIO") {
  const counted = { looks: 0 };
  const look = <T>(path: string, work: () => T): T => {
    if (++counted.looks === failing) throw storageError(code, "read", path);
    return work();
  };
  const watched = (file: StorageFile): StorageFile =>
    ({
      path: file.path,
      size: () => look(file.path, () => file.size()),
      read: (...where: Parameters<StorageFile["read"]>) => look(file.path, () => file.read(...where)),
      close: () => file.close(),
    }) as StorageFile;
  const storage: Partial<Storage> = {
    list: (directory) => disk.list(directory),
    open: (path) => look(path, () => watched(disk.open(path, "read"))),
  };
  return { storage: storage as Storage, counted };
}
