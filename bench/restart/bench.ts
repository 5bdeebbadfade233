// Restart: a journal of a mixed flow is opened, checked and applied, on one thread and on two, beside the engine alone on
// the same commands in memory and a bare read of the same file.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RecordBuffer, stateHash } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { openJournal } from "../../src/journal/index.ts";
import { EXCHANGE_RECORDS, EXCHANGE_RULES } from "../../src/node/index.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { COMMAND_BYTES, COMMAND_WORDS, EVENT_WORDS } from "../../src/protocol/index.ts";
import { InlineJournal, type JournalStage, JournalThread } from "../../src/runtime/index.ts";
import { type Flow, MIXED, recordFlow } from "../engine/flows.ts";
import { type Aim, type BenchCase, type BenchResult, measure } from "../harness.ts";
import { type Scratch, withScratch } from "../scratch.ts";

const COMMANDS = 2_000_000;
/** Commands per frame: what a group commit holds under full load, and under a fair one. */
const LARGE_FRAME = 8_192;
const SMALL_FRAME = 64;
const ENGINE_ALONE = "engine alone, from memory";
/** One segment holds the flow, so that the bare read is of one file. */
const SEGMENT_BYTES = 256 * 1024 * 1024;

export function benchRestart(rounds: number): Promise<BenchResult> {
  return withScratch((scratch) => run(scratch, rounds));
}

async function run({ directory, fileSystem }: Scratch, rounds: number): Promise<BenchResult> {
  const flow = recordFlow(MIXED, COMMANDS, 1);
  const large = join(directory, "large");
  const small = join(directory, "small");
  writeJournal(large, flow, LARGE_FRAME);
  writeJournal(small, flow, SMALL_FRAME);
  const expected = hashOf(applyAll(flow));
  const records = flow.prologue + flow.commands;
  const file = join(large, "journal-0000000001.seg");
  const threaded = (at: string) => () => restart(new JournalThread(optionsOf(at), "block"), expected);
  const inline = (at: string) => () => restart(new InlineJournal(optionsOf(at)), expected);
  const rate = (name: string, run: BenchCase["run"], aim?: Aim): BenchCase => ({
    ...{ name, unit: "commands/s", better: "higher", run },
    ...(aim === undefined ? {} : { aim }),
  });
  const aim = { atLeast: 3_000_000 };
  const rows = await measure(
    [
      rate("two threads, full frames", threaded(large), aim),
      rate(`two threads, frames of ${SMALL_FRAME}`, threaded(small), aim),
      rate("one thread, full frames", inline(large)),
      rate(`one thread, frames of ${SMALL_FRAME}`, inline(small)),
      rate(ENGINE_ALONE, () => ratePerSecond(records, () => applyAll(flow))),
      rate("bare read of the file", () => ratePerSecond(records, () => readFileSync(file))),
    ],
    [{ name: "two threads, full frames / engine alone", of: "two threads, full frames", to: ENGINE_ALONE }],
    rounds,
  );
  const count = records.toLocaleString("en");
  const about = `A journal of ${count} commands opened, checked and applied on ${fileSystem}; the state hash is compared every time`;
  return { bench: "restart", about, rounds, rows };
}

function optionsOf(directory: string) {
  return {
    directory,
    rules: EXCHANGE_RULES,
    mode: "fsync",
    segmentBytes: SEGMENT_BYTES,
    genesis: undefined,
  } as const;
}

/** Commands per second, from opening to the last command applied. */
async function restart(stage: JournalStage, expected: string): Promise<number> {
  const engine = new ExchangeEngine();
  const events = discard();
  const start = performance.now();
  const { position } = await stage.recover((words, at, count) => {
    for (let i = 0; i < count; i++) engine.apply(words, at + i * COMMAND_WORDS, events);
  });
  const seconds = (performance.now() - start) / 1e3;
  await stage.stop();
  if (hashOf(engine) !== expected) throw new Error("a restart gave another state");
  return position / seconds;
}

function writeJournal(directory: string, flow: Flow, frameRecords: number): void {
  const genesisRecords = 1 + flow.shape.symbols;
  const genesis = flow.words.slice(0, genesisRecords * COMMAND_WORDS);
  const place = {
    storage: new NodeStorage(),
    checksums: new NativeChecksums(),
    directory,
    rules: EXCHANGE_RECORDS,
  };
  const options = { ...place, mode: "flush", segmentBytes: SEGMENT_BYTES, genesis } as const;
  const { journal } = openJournal(options, () => {});
  const bytes = new Uint8Array(flow.words.buffer);
  const records = flow.prologue + flow.commands;
  for (let done = genesisRecords; done < records; done += frameRecords) {
    journal.append(bytes, done * COMMAND_BYTES, Math.min(frameRecords, records - done));
  }
  journal.close();
}

function applyAll(flow: Flow): ExchangeEngine {
  const engine = new ExchangeEngine();
  const events = discard();
  for (let at = 0; at < flow.words.length; at += COMMAND_WORDS) engine.apply(flow.words, at, events);
  return engine;
}

function discard(): RecordBuffer {
  return new RecordBuffer(EVENT_WORDS, 1024, () => {});
}

function hashOf(engine: ExchangeEngine): string {
  return Buffer.from(stateHash(engine, new NativeChecksums())).toString("hex");
}

function ratePerSecond(count: number, work: () => void): number {
  const start = performance.now();
  work();
  return count / ((performance.now() - start) / 1e3);
}
