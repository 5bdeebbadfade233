// Where a runtime's journal runs, by its options.

import { assert, type Storage } from "../base/index.ts";
import type { DurabilityMode } from "../journal/index.ts";
import type { LogPoint } from "../segment/index.ts";
import type { DataDirectory } from "./data-directory.ts";
import { InlineJournal, NoJournal } from "./journal-inline.ts";
import type { JournalStage } from "./journal-stage.ts";
import { JournalThread } from "./journal-thread.ts";

export interface JournalChoice {
  /** Where the log lives; undefined: nothing is kept. */
  readonly directory: DataDirectory | undefined;
  /** When a command counts as safe (journal/journal.ts). */
  readonly durability: DurabilityMode;
  readonly segmentBytes: number;
  /** URL of the module that exports `rules`, the RecordRules of the application (record-rules.ts). */
  readonly rules: string;
  /** spread: the journal has a thread of its own. */
  readonly threads: "spread" | "single";
  /** How that thread waits: spin takes a whole core. */
  readonly wait: "block" | "spin";
  /** The records of the first frame, for a log that has not begun. */
  readonly genesis: Int32Array<ArrayBuffer>;
  /** The point whose effect the application has already, from a snapshot. */
  readonly from?: LogPoint | undefined;
  /** Frames on their way to replicas (createLiveFrames). */
  readonly live?: SharedArrayBuffer | undefined;
  /** Another disk than the real one, for a journal on the caller's thread. */
  readonly storage?: Storage | undefined;
}

export function journalOf(choice: JournalChoice): JournalStage {
  const { directory, durability, segmentBytes, rules, threads, wait, genesis, from, live, storage } = choice;
  if (directory === undefined) return new NoJournal(genesis);
  const options = {
    directory: directory.journal,
    rules,
    mode: durability,
    segmentBytes,
    genesis,
    from,
    live,
  };
  if (threads === "spread") {
    assert(storage === undefined, "a storage of one's own can't be taken to the journal's thread");
    return new JournalThread(options, wait);
  }
  return new InlineJournal(storage === undefined ? options : { ...options, storage });
}
