// Writing back is a help: it takes the newest of a log's files, and never fails whoever asks for it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { writeBackLast } from "../../src/platform/index.ts";

const synced = vi.hoisted(() => [] as string[]);
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const open = async (path: string): Promise<FileHandle> => {
    const file = await real.open(path, "r");
    const datasync = file.datasync.bind(file);
    file.datasync = () => {
      synced.push(basename(path));
      return datasync();
    };
    return file;
  };
  return { ...real, open };
});

const directory = mkdtempSync(join(tmpdir(), "write-back-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("the last of the files that end so, by name, is synced, and nothing else", async () => {
  for (const name of ["log-2.seg", "log-3.seg", "log-1.seg", "log-4.tmp"])
    writeFileSync(join(directory, name), name);
  mkdirSync(join(directory, "z"));
  await writeBackLast(directory, ".seg");
  expect(synced).toEqual(["log-3.seg"]);
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
