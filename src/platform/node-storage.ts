// Storage on the real disk, by node:fs's synchronous calls: on a thread of its own a synchronous write and
// fdatasync return sooner than the asynchronous ones do (no trip through libuv's pool).

import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { type Storage, type StorageAccess, type StorageFile, storageError } from "../base/index.ts";

function failure(cause: unknown, verb: string, path: string): Error {
  const code = (cause as { code?: unknown }).code;
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return cause as Error;
  return storageError(code, verb, path, cause);
}

/** A directory that can't be synced because of its owner or its mount. EIO does not belong here. */
const NOT_OURS_CODES: readonly unknown[] = ["EACCES", "EPERM", "EROFS", "EINVAL"];

export class NodeStorage implements Storage {
  open(path: string, access: StorageAccess): StorageFile {
    return openFile(path, access === "read" ? constants.O_RDONLY : constants.O_RDWR, "open");
  }

  create(path: string): StorageFile {
    return openFile(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, "create");
  }

  list(directory: string): string[] {
    try {
      return readdirSync(directory).sort();
    } catch (cause) {
      throw failure(cause, "list", directory);
    }
  }

  rename(from: string, to: string): void {
    try {
      renameSync(from, to);
    } catch (cause) {
      throw failure(cause, "rename", from);
    }
  }

  remove(path: string): void {
    try {
      rmSync(path);
    } catch (cause) {
      throw failure(cause, "remove", path);
    }
  }

  makeDirectory(path: string): void {
    let first: string | undefined;
    try {
      first = makeMissing(resolve(path));
    } catch (cause) {
      // Something that is no directory has this name.
      if ((cause as NodeJS.ErrnoException).code === "EEXIST")
        throw storageError("ENOTDIR", "use the directory", path, cause);
      throw failure(cause, "make the directory", path);
    }
    // Every directory on the way holds a name the path depends on. Where none was made by this call, one that we may
    // not open or that can't be synced was not made by an earlier one either, nor was any above it.
    const top = first === undefined ? undefined : dirname(resolve(first));
    let isOurs = top !== undefined;
    for (let at = dirname(resolve(path)), below = ""; at !== below; below = at, at = dirname(at)) {
      if (!this.#syncParent(at, isOurs)) return;
      if (at === top) isOurs = false;
    }
  }

  /** Syncs `directory`; false when it can't be and is someone else's. */
  #syncParent(directory: string, isOurs: boolean): boolean {
    try {
      this.syncDirectory(directory);
      return true;
    } catch (error) {
      if (isOurs || !NOT_OURS_CODES.includes((error as { code?: unknown }).code)) throw error;
      return false;
    }
  }

  syncDirectory(directory: string): void {
    try {
      const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch (cause) {
      throw failure(cause, "sync the directory", directory);
    }
  }
}

/**
 * Makes the directories that are missing on the way to `path` and returns the highest of them. mkdirSync's own recursion
 * never ends where a file system refuses names as if a parent were missing, as /proc does.
 */
function makeMissing(path: string): string | undefined {
  const missing: string[] = [];
  for (let at = path; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at))
    missing.push(at);
  for (const directory of missing.toReversed()) makeOrFind(directory);
  // Refuses what is there already and is no directory, in the system's own words.
  if (missing.length === 0) makeOrFind(path);
  return missing.at(-1);
}

function makeOrFind(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

function openFile(path: string, flags: number, verb: string): StorageFile {
  try {
    return new NodeStorageFile(path, openSync(path, flags, 0o640));
  } catch (cause) {
    throw failure(cause, verb, path);
  }
}

class NodeStorageFile implements StorageFile {
  readonly path: string;
  readonly #descriptor: number;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  read(bytes: Uint8Array, from: number, length: number, position: number): number {
    try {
      return readSync(this.#descriptor, bytes, from, length, position);
    } catch (cause) {
      throw failure(cause, "read", this.path);
    }
  }

  write(bytes: Uint8Array, from: number, length: number, position: number): number {
    try {
      return writeSync(this.#descriptor, bytes, from, length, position);
    } catch (cause) {
      throw failure(cause, "write", this.path);
    }
  }

  syncData(): void {
    try {
      fdatasyncSync(this.#descriptor);
    } catch (cause) {
      throw failure(cause, "sync", this.path);
    }
  }

  size(): number {
    try {
      return fstatSync(this.#descriptor).size;
    } catch (cause) {
      throw failure(cause, "read the size of", this.path);
    }
  }

  truncate(size: number): void {
    try {
      ftruncateSync(this.#descriptor, size);
    } catch (cause) {
      throw failure(cause, "truncate", this.path);
    }
  }

  close(): void {
    try {
      closeSync(this.#descriptor);
    } catch (cause) {
      throw failure(cause, "close", this.path);
    }
  }
}
