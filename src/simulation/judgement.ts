// The judgement over the log that a run has left: opened, computed again, held against clients and against every state that
// a node had on the way to it.

import { SeriatimError } from "../base/index.ts";
import { EXCHANGE_RECORDS, JOURNAL_LOG, openJournal } from "../journal/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import { History } from "../replication/index.ts";
import { isSameChain } from "../segment/index.ts";
import { Judge } from "./judge.ts";
import type { SimulatedClient } from "./simulated-client.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { StateNote } from "./witness.ts";

const checksums = new NativeChecksums();

/** Adds what is wrong to `problems`; returns the log's last position. */
export function judgeLog(
  { disk, directory }: SimulatedMachine,
  notes: readonly StateNote[],
  clients: readonly SimulatedClient[],
  problems: string[],
): number {
  try {
    const place = { storage: disk, checksums, directory, rules: EXCHANGE_RECORDS };
    const history = new History({ ...place, log: JOURNAL_LOG });
    const judge = new Judge(hashesOf(history, notes));
    const { journal } = openJournal(place, judge.visit);
    for (const client of clients) judge.check(client);
    problems.push(...judge.problems);
    return journal.position;
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    problems.push(`the log can't be opened at the end: ${error.message}`);
    return 0;
  }
}

/** Of the states that nodes had those of this history, by position: what was given up with a tenure is none of it. */
function hashesOf(history: History, notes: readonly StateNote[]): Map<number, string> {
  const hashes = new Map<number, string>();
  for (const { position, chain, hash } of notes) {
    const own = history.chainAt(position);
    if (own !== undefined && isSameChain(own, chain)) hashes.set(position, hash);
  }
  return hashes;
}
