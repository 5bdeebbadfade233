// Restart: a journal of a mixed flow is opened, checked and applied, on one thread and on two, beside the engine alone on
// the same commands in memory and a bare read of the same file.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RecordBuffer, stateHash } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import { openJournal } from "../../src/journal/index.ts";
import { InlineJournal, type JournalStage, JournalThread } from "../../src/node/index.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { COMMAND_WORDS, EVENT_WORDS } from "../../src/protocol/index.ts";
import { type Flow, MIXED, recordFlow } from "../engine/flows.ts";
import { type BenchResult, measure } from "../harness.ts";

const COMMANDS = 2_000_000;
/** One segment holds the flow, so that the bare read is of one file. */
const SEGMENT_BYTES = 256 * 1024 * 1024;

export async function benchRestart(rounds: number): Promise<BenchResult> {
  const directory = mkdtempSync(join(process.env.SERIATIM_BENCH_DIR ?? tmpdir(), "seriatim-bench-"));
  try {
    return await run(join(directory, "journal"), rounds);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function run(directory: string, rounds: number): Promise<BenchResult> {
  const flow = recordFlow(MIXED, COMMANDS, 1);
  writeJournal(directory, flow);
  const expected = hashOf(applyAll(flow));
  const options = { directory, mode: "fsync", segmentBytes: SEGMENT_BYTES, genesis: undefined } as const;
  const restart = async (stage: JournalStage): Promise<number> => {
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
  };
  const file = join(directory, "journal-0000000001.seg");
  const records = flow.prologue + flow.commands;
  const name = {
    two: "restart, two threads",
    one: "restart, one thread",
    engine: "engine alone, from memory",
    read: "bare read of the file",
  };
  const unit = { unit: "commands/s", better: "higher" } as const;
  const rows = await measure(
    [
      { ...unit, name: name.two, run: () => restart(new JournalThread(options, "block")) },
      { ...unit, name: name.one, run: () => restart(new InlineJournal(options)) },
      { ...unit, name: name.engine, run: () => ratePerSecond(records, () => applyAll(flow)) },
      { ...unit, name: name.read, run: () => ratePerSecond(records, () => readFileSync(file)) },
    ],
    [{ name: "restart, two threads / engine alone", of: name.two, to: name.engine }],
    rounds,
  );
  const about = `A journal of ${records.toLocaleString("en")} commands opened, checked and applied; the state hash is compared every time`;
  return {
    bench: "restart",
    about,
    rounds,
    rows: rows.map((row) => (row.name === name.two ? { ...row, aim: ">= 3,000,000" } : row)),
  };
}

function writeJournal(directory: string, flow: Flow): void {
  const genesisRecords = 1 + flow.shape.symbols;
  const genesis = flow.words.slice(0, genesisRecords * COMMAND_WORDS);
  const place = { storage: new NodeStorage(), checksums: new NativeChecksums(), directory };
  const options = { ...place, mode: "flush", segmentBytes: SEGMENT_BYTES, genesis } as const;
  const { journal } = openJournal(options, () => {});
  const bytes = new Uint8Array(flow.words.buffer);
  journal.append(bytes, genesis.byteLength, flow.prologue + flow.commands - genesisRecords);
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
