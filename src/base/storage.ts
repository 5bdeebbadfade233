// The disk as the durable layers see it: synchronous, positional, and honest about what is safe. Bytes are safe
// after `syncData` of their file, names after `syncDirectory` of their directory; nothing else is.
// Everything that fails throws a SeriatimError whose `code` is the system's (EIO, ENOSPC, EACCES, ENOENT, ...)
// and whose one line names the path.

import { SeriatimError } from "./errors.ts";

/** "read" opens an existing file for reading; "write" opens an existing file for both. */
export type StorageAccess = "read" | "write";

export interface Storage {
  open(path: string, access: StorageAccess): StorageFile;
  /** Makes a new empty file, open for both; EEXIST when the name is taken. */
  create(path: string): StorageFile;
  /** The names in a directory, sorted by code unit; ENOENT when there is no such directory. */
  list(directory: string): string[];
  /** Atomic; replaces what `to` named. An open file stays open under its new name. */
  rename(from: string, to: string): void;
  remove(path: string): void;
  /**
   * Makes a directory and its missing parents. All of them are durable on return, also those that were there: the
   * process that made them may have been killed before it synced their names.
   */
  makeDirectory(path: string): void;
  /** On return every creation, renaming and removal so far in `directory` survives a crash. */
  syncDirectory(directory: string): void;
}

export interface StorageFile {
  /** The name it was opened by, for messages. */
  readonly path: string;
  /** Reads up to `length` bytes at `position` into bytes[from...); returns how many, 0 at the end of the file. */
  read(bytes: Uint8Array, from: number, length: number, position: number): number;
  /** Writes up to `length` bytes of bytes[from...) at `position`; returns how many, which may be fewer. */
  write(bytes: Uint8Array, from: number, length: number, position: number): number;
  /** fdatasync: on return the bytes written so far, and the size needed to read them, survive a crash. */
  syncData(): void;
  /**
   * Begins to sync what was written, beside the caller: "begun", or "busy" while the last one is under way. Nothing counts as safe
   * before the next `syncData`, which also throws what failed here. Left out where nothing works beside the caller.
   */
  beginSync?(): "begun" | "busy";
  /** In bytes. */
  size(): number;
  truncate(size: number): void;
  close(): void;
}

const CODE_WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBADF: "the file is closed",
  EDQUOT: "the disk quota is used up",
  EEXIST: "it exists already",
  EIO: "the disk reports an input/output error",
  EISDIR: "it is a directory",
  EMFILE: "too many open files",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on the disk",
  ENOTDIR: "it is not a directory",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
};

/** What a file system's error code says, with the code. */
export function systemWords(code: string): string {
  const words = CODE_WORDS[code];
  return words === undefined ? code : `${words} (${code})`;
}

/** The error every Storage throws: `cannot write a/b: no space left on the disk (ENOSPC)`. */
export function storageError(code: string, verb: string, path: string, cause?: unknown): SeriatimError {
  return new SeriatimError(code, `cannot ${verb} ${path}: ${systemWords(code)}`, { cause });
}
