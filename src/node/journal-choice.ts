// Where a node's journal runs, by its configuration.

import { assert, type Storage } from "../base/index.ts";
import type { DataDirectory } from "./data-directory.ts";
import { InlineJournal, NoJournal } from "./journal-inline.ts";
import type { JournalStage } from "./journal-stage.ts";
import { JournalThread } from "./journal-thread.ts";
import type { Configuration } from "./settings.ts";

/** `storage`: another disk than the real one, for a journal on the caller's thread. */
export function journalOf(
  { durability, segmentBytes, threads, wait }: Configuration,
  directory: DataDirectory | undefined,
  genesis: Int32Array<ArrayBuffer>,
  storage: Storage | undefined,
): JournalStage {
  if (durability === "off" || directory === undefined) return new NoJournal(genesis);
  const options = { directory: directory.journal, mode: durability, segmentBytes, genesis };
  if (threads === "spread") {
    assert(storage === undefined, "a storage of one's own can't be taken to the journal's thread");
    return new JournalThread(options, wait);
  }
  return new InlineJournal(storage === undefined ? options : { ...options, storage });
}
