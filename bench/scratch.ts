// A directory on a real disk for the benches that write, and what disk it is: an fdatasync on a file system in memory costs
// nothing and would say nothing.

import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeriatimError } from "../src/base/index.ts";

/** File system types by the magic number of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: "ext4",
  1481003842: "xfs",
  2435016766: "btrfs",
  2035054128: "overlayfs",
  16914836: "tmpfs",
};

export interface Scratch {
  readonly directory: string;
  /** Of the file system, for the report. */
  readonly fileSystem: string;
}

/** Runs `work` in a directory of its own under TMPDIR, removed afterwards. Throws when that is in memory. */
export async function withScratch<T>(work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const { type } = statfsSync(tmpdir());
  const fileSystem = FILE_SYSTEMS[type] ?? `file system 0x${type.toString(16)}`;
  if (fileSystem === "tmpfs") {
    const message = `${tmpdir()} is in memory, where an fdatasync costs nothing: set TMPDIR to a directory on a disk`;
    throw new SeriatimError("BENCH_IN_MEMORY", message);
  }
  return withDirectory("seriatim-bench-", (directory) => work({ directory, fileSystem }));
}

/** Runs `work` in a directory of its own under TMPDIR, removed afterwards, also when the process exits before. */
export async function withDirectory<T>(prefix: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  process.on("exit", remove);
  try {
    return await work(directory);
  } finally {
    process.off("exit", remove);
    remove();
  }
}
