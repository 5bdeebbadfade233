// Writing back is a help: it takes the newest of a log's files, and never fails whoever asks for it.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeBackLast } from "../../src/platform/index.ts";

const directory = mkdtempSync(join(tmpdir(), "write-back-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("the files are as they were, and nothing else in the directory counts", async () => {
  writeFileSync(join(directory, "log-1.seg"), "first");
  writeFileSync(join(directory, "log-2.seg"), "second");
  mkdirSync(join(directory, "z"));
  await writeBackLast(directory, ".seg");
  expect(readFileSync(join(directory, "log-2.seg"), "utf8")).toBe("second");
});

test("no such directory, no such file, or one that is no file: nobody is told", async () => {
  const rejections: unknown[] = [];
  for (const [where, suffix] of [
    [join(directory, "gone"), ".seg"],
    [directory, ".none"],
    [directory, "z"],
  ]) {
    await writeBackLast(where, suffix).catch((error) => rejections.push(error));
  }
  expect(rejections).toEqual([]);
});
