// The real disk behind the Storage interface: what it does, and its errors by code and path.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
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
