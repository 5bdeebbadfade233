// The real disk behind the Storage interface: what it does, and its errors by code and path.

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SeriatimError, storageError } from "../../src/base/index.ts";
import { NodeStorage } from "../../src/platform/index.ts";

const storage = new NodeStorage();
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "seriatim-storage-"));
});
afterEach(() => rmSync(root, { recursive: true }));

test("bytes are written and read by position, under the name a file was renamed to", () => {
  const directory = join(root, "a", "b");
  storage.makeDirectory(directory);
  storage.makeDirectory(directory);
  const file = storage.create(join(directory, "f"));
  expect(file.write(new Uint8Array([0, 1, 2, 3]), 1, 3, 5)).toBe(3);
  file.syncData();
  expect(file.size()).toBe(8);
  file.truncate(7);
  storage.rename(join(directory, "f"), join(directory, "g"));
  storage.syncDirectory(directory);
  file.close();
  expect(storage.list(directory)).toEqual(["g"]);
  const again = storage.open(join(directory, "g"), "read");
  const bytes = new Uint8Array(6).fill(9);
  expect(again.read(bytes, 1, 5, 4)).toBe(3);
  expect([...bytes]).toEqual([9, 0, 1, 2, 9, 9]);
  expect(again.read(bytes, 0, 6, 7)).toBe(0);
  again.close();
  storage.remove(join(directory, "g"));
  expect(storage.list(directory)).toEqual([]);
});

test("making a directory syncs every name on its way, also those that a killed process made", () => {
  class Recording extends NodeStorage {
    readonly synced: string[] = [];
    override syncDirectory(directory: string): void {
      this.synced.push(directory);
      super.syncDirectory(directory);
    }
  }
  const ways = [join(root, "a", "b"), join(root, "a"), root];
  const maker = new Recording();
  maker.makeDirectory(join(root, "a", "b", "c"));
  expect(maker.synced.slice(0, 3)).toEqual(ways);
  const next = new Recording();
  next.makeDirectory(join(root, "a", "b", "c"));
  expect(next.synced.slice(0, 3)).toEqual(ways);
});

test("a parent that can't be synced is an error only when this call made a directory in it", () => {
  class Refusing extends NodeStorage {
    readonly refused: string;
    readonly code: string;
    constructor(refused: string, code: string) {
      super();
      this.refused = refused;
      this.code = code;
    }
    override syncDirectory(directory: string): void {
      if (directory === this.refused) throw storageError(this.code, "sync the directory", directory);
      super.syncDirectory(directory);
    }
  }
  const path = join(root, "a", "b");
  expect(() => new Refusing(root, "EACCES").makeDirectory(path)).toThrow(/permission denied/);
  expect(() => new Refusing(root, "EIO").makeDirectory(path)).toThrow(/input\/output error/);
  expect(() => new Refusing(root, "EACCES").makeDirectory(path)).not.toThrow();
});

test.each<[code: string, says: string, act: () => unknown]>([
  [
    "ENOENT",
    "cannot open PATH/none: no such file or directory (ENOENT)",
    () => storage.open(join(root, "none"), "read"),
  ],
  [
    "ENOENT",
    "cannot list PATH/none: no such file or directory (ENOENT)",
    () => storage.list(join(root, "none")),
  ],
  ["EISDIR", "cannot open PATH: it is a directory (EISDIR)", () => storage.open(root, "write")],
  [
    "EEXIST",
    "cannot create PATH/f: it exists already (EEXIST)",
    () => {
      writeFileSync(join(root, "f"), "");
      storage.create(join(root, "f"));
    },
  ],
  // It never returned: Node's recursive mkdir goes on for ever where /proc says that a parent is missing.
  [
    "ENOENT",
    "cannot make the directory /proc/seriatim/a: no such file or directory (ENOENT)",
    () => storage.makeDirectory("/proc/seriatim/a"),
  ],
  [
    "ENOTDIR",
    "cannot use the directory PATH/f: it is not a directory (ENOTDIR)",
    () => {
      writeFileSync(join(root, "f"), "");
      storage.makeDirectory(join(root, "f"));
    },
  ],
  [
    "ENOTDIR",
    "cannot use the directory PATH/dangling: it is not a directory (ENOTDIR)",
    () => {
      symlinkSync(join(root, "nowhere"), join(root, "dangling"));
      storage.makeDirectory(join(root, "dangling"));
    },
  ],
  [
    "ENOTDIR",
    "cannot make the directory PATH/f/d: it is not a directory (ENOTDIR)",
    () => {
      writeFileSync(join(root, "f"), "");
      storage.makeDirectory(join(root, "f", "d"));
    },
  ],
])("%s is one line that names the path: %s", (code, says, act) => {
  try {
    act();
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    expect([error.code, error.message.replaceAll(root, "PATH")]).toEqual([code, says]);
    return;
  }
  throw new Error("it did not fail");
});
