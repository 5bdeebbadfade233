// Whether a journal's directory is still there, by the names of its segments.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  (_, numbers, goes, isThere) => {
    for (const number of numbers) writeFileSync(segment(number), "");
    directory.letOldestGo();
    expect(directory.isStillThere()).toBe(true);
    rmSync(segment(goes));
    expect(directory.isStillThere()).toBe(isThere);
  },
);

test("where none may go, it is not there any more without the oldest", () => {
  for (const number of [1, 2]) writeFileSync(segment(number), "");
  expect(directory.isStillThere()).toBe(true);
  rmSync(segment(1));
  expect(directory.isStillThere()).toBe(false);
});
