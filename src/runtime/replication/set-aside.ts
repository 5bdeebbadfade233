// What a replica had and can't go on with gets another name, by where it ends. Nothing is ever removed: what it had that
// nobody acknowledged may still be wanted.

import { basename, dirname } from "node:path";
import type { Storage } from "../../base/index.ts";
import type { LogPoint } from "../../segment/index.ts";
import type { DataDirectory } from "../data-directory.ts";

/** Returns what the journal is called now. Throws what the disk says: also that the name is in use already. */
export function setAside(
  { journal, snapshots }: Pick<DataDirectory, "journal" | "snapshots">,
  { position, chain }: Pick<LogPoint, "position" | "chain">,
  storage: Storage,
): string {
  const mark = `diverged-${position}-${Buffer.from(chain.subarray(0, 4)).toString("hex")}`;
  const parent = dirname(journal);
  for (const directory of [journal, snapshots]) {
    if (storage.list(parent).includes(basename(directory))) storage.rename(directory, `${directory}-${mark}`);
  }
  storage.syncDirectory(parent);
  return `${journal}-${mark}`;
}
