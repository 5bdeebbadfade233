// An exchange's log and engine without its sockets: orders go in, and its state is looked at.

import { RecordBuffer, stateHash } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { openJournal } from "../../src/journal/index.ts";
import { EXCHANGE_RECORDS, encodeGenesisEntry, type GenesisEntry } from "../../src/node/exchange-records.ts";
import { createLog, type Log } from "../../src/node/index.ts";
import { type History, recoverExchange } from "../../src/node/recovery.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { COMMAND_WORDS, EVENT_WORDS } from "../../src/protocol/index.ts";
import { openDataDirectory } from "../../src/runtime/index.ts";
import { ENTRY, writeOrderOf } from "../journal/support.ts";

export interface OpenedExchange extends History {
  /** What was logged on the way, as JSON lines. */
  readonly lines: readonly string[];
  readonly log: Log;
}

/** Opens the exchange in `path` as a node does, and runs it. */
export async function openExchange(
  path: string,
  threads: "spread" | "single",
  durability: "fsync" | "flush" = "fsync",
  entry: GenesisEntry = ENTRY,
): Promise<OpenedExchange> {
  const lines: string[] = [];
  const log = createLog({ level: "info", human: false, write: (line) => lines.push(line) });
  const directory = await openDataDirectory(path);
  const genesis = encodeGenesisEntry(entry);
  const options = { directory, threads, durability, segmentBytes: 2_097_152, genesis };
  const history = await recoverExchange(options, log);
  const output = { onApplied() {}, seal() {}, release() {}, resumeStalled() {} };
  history.runtime.run(output, { roomChanged() {}, ackShortage() {}, halted() {}, clockIsBehind() {} });
  return { ...history, lines, log };
}

/** Takes orders until the log's last position is `last`, and waits until all are safe. */
export async function tradeUpTo(
  { runtime: { path } }: History,
  last: number,
  write: typeof writeOrderOf = writeOrderOf,
): Promise<void> {
  while (path.position < last) {
    const at = path.claim();
    if (at < 0) await path.settled();
    else {
      write(path.words, at, path.position + 1);
      path.commit();
    }
  }
  await path.settled();
}

export function hashOf(engine: ExchangeEngine): string {
  return Buffer.from(stateHash(engine, new NativeChecksums())).toString("hex");
}

/** The state hash after the records of the journal in `directory` up to position `last`, applied to a new engine. */
export function replayedHash(directory: string, last = Number.POSITIVE_INFINITY): string {
  const engine = new ExchangeEngine();
  const discarded = new RecordBuffer(EVENT_WORDS, 64, () => {});
  const parts = { storage: new NodeStorage(), checksums: new NativeChecksums(), rules: EXCHANGE_RECORDS };
  openJournal({ ...parts, directory, segmentBytes: 2_097_152 }, (words, at, count, first) => {
    for (let i = 0; i < count && first + i <= last; i++)
      engine.apply(words, at + i * COMMAND_WORDS, discarded);
  }).journal.close();
  return hashOf(engine);
}
