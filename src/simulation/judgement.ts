// The judgement over the log that a run has left: opened as a start would, with the newest snapshot; then computed again from
// its first command, what was retired included, and held against clients and every state that a node had on the way to it.

import { RecordBuffer, SeriatimError, stateHash } from "../base/index.ts";
import { EXCHANGE_APPLICATION, ExchangeEngine } from "../engine/index.ts";
import { newestUsable, openJournal, SnapshotStore } from "../journal/index.ts";
import { EXCHANGE_RECORDS } from "../node/index.ts";
import { NativeChecksums } from "../platform/index.ts";
import { COMMAND_WORDS, EVENT_WORDS, type Genesis } from "../protocol/index.ts";
import { isSameChain } from "../segment/index.ts";
import type { Archive, ArchivedFrame } from "./archive.ts";
import { Forgiveness } from "./forgiveness.ts";
import type { Interventions } from "./interventions.ts";
import { Judge } from "./judge.ts";
import type { SimulatedClient } from "./simulated-client.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import type { SimulatedSession } from "./simulated-session.ts";
import type { StateNote, Witness } from "./witness.ts";

const checksums = new NativeChecksums();
const NOTHING_FOUND = { forgiven: 0, excused: new Set<string>(), limitsMet: new Map<string, number>() };

/** What was found of a log. */
export interface Judged {
  /** Its last position. */
  readonly position: number;
  /** Answers that it does not explain, but a history that a start by force gave up. */
  readonly forgiven: number;
  /** What else such a history explains: of sessions, and of administrators. */
  readonly excused: ReadonlySet<string>;
  /** How often each limit of the log was met. */
  readonly limitsMet: ReadonlyMap<string, number>;
}

/** Adds what is wrong to `problems`. */
export function judgeLog(
  machine: SimulatedMachine,
  machines: readonly SimulatedMachine[],
  { notes, archive, forcedEpoch }: Pick<Witness, "notes" | "archive" | "forcedEpoch">,
  clients: readonly SimulatedClient[],
  sessions: readonly SimulatedSession[],
  interventions: Interventions | undefined,
  genesis: Genesis,
  problems: string[],
): Judged {
  try {
    const { position, chain, hash } = started(machine);
    const frames = historyOf(machine, machines, archive, chain);
    if (frames === undefined) {
      problems.push("a part of the log is nowhere");
      return { position, ...NOTHING_FOUND };
    }
    const judgeOf = (history: readonly ArchivedFrame[]) => judged(history, hashesOf(history, notes), genesis);
    const judge = judgeOf(frames);
    if (forcedEpoch > 0) for (const other of machines) other.archive();
    const forgiveness = new Forgiveness(frames, archive, judgeOf);
    for (const client of clients) judge.check(client, forgiveness);
    for (const session of sessions) judge.sessions.check(session, forgiveness);
    if (interventions !== undefined) judge.restrictions.check(interventions, clients, forgiveness);
    problems.push(
      ...judge.problems,
      ...forgiveness.problems,
      ...judge.sessions.problems,
      ...judge.restrictions.problems,
      ...judge.limits.problems,
    );
    if (judge.hash !== hash) problems.push("snapshot and journal give another state than the whole log");
    const { explained, excused } = forgiveness;
    return { position, forgiven: explained.size, excused, limitsMet: judge.limits.met };
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    problems.push(`the log can't be opened at the end: ${error.message}`);
    return { position: 0, ...NOTHING_FOUND };
  }
}

function judged(
  history: readonly ArchivedFrame[],
  hashes: ReadonlyMap<number, string>,
  genesis: Genesis,
): Judge {
  const judge = new Judge(hashes, genesis);
  for (const { words, count, firstPosition } of history) judge.visit(words, 0, count, firstPosition);
  return judge;
}

/** What a start on that machine would begin with. */
function started({ disk: storage, files }: SimulatedMachine) {
  const engine = new ExchangeEngine();
  const events = new RecordBuffer(EVENT_WORDS, 256, () => {});
  const journalPlace = { storage, checksums, directory: files.journal };
  const store = new SnapshotStore({ storage, checksums, directory: files.snapshots }, EXCHANGE_APPLICATION);
  const from = newestUsable(journalPlace, store, engine).usable?.header;
  const options = { ...journalPlace, rules: EXCHANGE_RECORDS, ...(from && { from }) };
  const { journal } = openJournal(options, (words, at, count) => {
    for (let i = 0; i < count; i++) engine.apply(words, at + i * COMMAND_WORDS, events);
  });
  const { position, chain } = journal;
  journal.close();
  return { position, chain, hash: Buffer.from(stateHash(engine, checksums)).toString("hex") };
}

/** Every frame up to the one that ends with `chain`; undefined when no log and no archive has one of them. */
function historyOf(
  machine: SimulatedMachine,
  others: readonly SimulatedMachine[],
  archive: Archive,
  chain: Uint8Array,
): ArchivedFrame[] | undefined {
  machine.archive();
  const frames = archive.before(chain);
  if (frames !== undefined) return frames;
  // Its own disk may have lost what it once had.
  for (const other of others) other.archive();
  return archive.before(chain);
}

/** Of the states that nodes had those of this history, by position: those of another one are none of it. */
function hashesOf(frames: readonly ArchivedFrame[], notes: readonly StateNote[]): Map<number, string> {
  const chains = new Map(frames.map((frame) => [frame.firstPosition + frame.count - 1, frame.chain]));
  const hashes = new Map<number, string>();
  for (const { position, chain, hash } of notes) {
    const own = chains.get(position);
    if (own !== undefined && isSameChain(own, chain)) hashes.set(position, hash);
  }
  return hashes;
}
