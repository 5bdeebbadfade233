// Whether a journal's directory is still there, by the names of its segments.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DataDirectory, openDataDirectory } from "../../src/runtime/index.ts";

let data: string;
let directory: DataDirectory;
const segment = (number: number) => join(data, "journal", `journal-${String(number).padStart(10, "0")}.seg`);

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), "seriatim-directory-"));
  mkdirSync(join(data, "journal"));
  directory = await openDataDirectory(data);
});
afterEach(async () => {
  await directory.lock.release();
  rmSync(data, { recursive: true, force: true });
});

test.each<[name: string, numbers: number[], goes: number, isThere: boolean]>([
  ["the oldest", [1, 2, 3], 1, true],
  ["one in the middle", [1, 2, 3], 2, false],
  ["the newest", [1, 2, 3], 3, false],
  ["the one before a gap that was there", [1, 3, 4, 5], 1, true],
  ["one behind a gap that was there", [1, 3, 4, 5], 4, false],
])(
  "where the oldest may go, it is not there any more when a later one went: %s of %j",
  async (_, numbers, goes, isThere) => {
    for (const number of numbers) writeFileSync(segment(number), "");
    directory.letOldestGo();
    expect(await directory.isStillThere()).toBe(true);
    rmSync(segment(goes));
    expect(await directory.isStillThere()).toBe(isThere);
  },
);

test("another one in its place is not the one that was opened, unless that is said", async () => {
  writeFileSync(segment(2), "");
  expect(await directory.isStillThere()).toBe(true);
  renameSync(join(data, "journal"), join(data, "journal-diverged-1"));
  mkdirSync(join(data, "journal"));
  expect(await directory.isStillThere()).toBe(false);
  directory.replaced();
  expect(await directory.isStillThere()).toBe(true);
});

test("one that can't be looked at counts as there: nobody can tell that it is gone", async () => {
  expect(await directory.isStillThere()).toBe(true);
  renameSync(join(data, "journal"), join(data, "elsewhere"));
  // A way that leads nowhere (ELOOP): something has the name, and nobody can say what.
  symlinkSync("journal", join(data, "journal"));
  expect(await directory.isStillThere()).toBe(true);
  rmSync(join(data, "journal"));
  expect(await directory.isStillThere()).toBe(false);
});

test.skipIf(process.platform === "win32")(
  "a process that runs out of descriptors takes none of its directories for gone",
  async () => {
    const program = fileURLToPath(new URL("./few-descriptors-worker.ts", import.meta.url));
    const command = ["-c", 'ulimit -n 64 && exec "$@"', "sh", process.execPath, program, join(data, "own")];
    const { stdout } = await promisify(execFile)("sh", command);
    expect(stdout).toBe("EMFILE true\n");
  },
);

test("where none may go, it is not there any more without the oldest", async () => {
  for (const number of [1, 2]) writeFileSync(segment(number), "");
  expect(await directory.isStillThere()).toBe(true);
  rmSync(segment(1));
  expect(await directory.isStillThere()).toBe(false);
});
