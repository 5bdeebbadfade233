// What the journal knows of its records by itself: how its log is called and where each record keeps the sequencer's
// time. The rest is its application's (record-rules.ts).

import { getU64 } from "../base/index.ts";
import { COMMAND_WORDS, CommandKind, CommandLayout, CommandWord } from "../protocol/index.ts";

/** A log's name, and the place of the journal in a node's data directory. */
export const JOURNAL_LOG = "journal";

/** The sequencer's time of the record at byte offset `at`: every layout keeps it at one place. */
export function recordTimestamp(view: DataView, at: number): number {
  return getU64(view, at + CommandLayout.timestamp_us);
}

/**
 * The high lane of the session (u32) that the record at word offset `at` names: every layout of a client's command keeps
 * it at one place, and all others have zeros there but a Tenure, which has names. Highest of a log, it says which session numbers
 * may be given again.
 */
export function recordSession(words: Int32Array, at: number): number {
  const isTenure = (words[at + CommandWord.kindSideTypeTif] & 0xff) === CommandKind.Tenure;
  return isTenure ? 0 : words[at + CommandWord.sessionHigh] >>> 0;
}

/** The highest of `count` records. */
export function highestSession(words: Int32Array, at: number, count: number): number {
  let highest = 0;
  const end = at + count * COMMAND_WORDS;
  for (let record = at; record < end; record += COMMAND_WORDS) {
    const session = recordSession(words, record);
    if (session > highest) highest = session;
  }
  return highest;
}
