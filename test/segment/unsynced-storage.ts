// A disk whose fdatasync does nothing: what a test of durability has to fail with.

import type { Storage, StorageFile } from "../../src/base/index.ts";
import type { SimulatedDisk } from "../../src/lab/index.ts";

function unsynced(file: StorageFile): StorageFile {
  return new Proxy(file, {
    get(target, key) {
      if (key === "syncData") return () => {};
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export function withoutSync(disk: SimulatedDisk): Storage {
  return {
    open: (path, access) => unsynced(disk.open(path, access)),
    create: (path) => unsynced(disk.create(path)),
    list: (directory) => disk.list(directory),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    makeDirectory: (path) => disk.makeDirectory(path),
    syncDirectory: (directory) => disk.syncDirectory(directory),
  };
}
