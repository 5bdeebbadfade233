// The journal on the real disk: command records appended in frames of different sizes, in mode fsync and flush, beside a
// bare pump that writes (and syncs) the same bytes to a preallocated file without checksums, chain or header. And segments
// prepared as an idle journal does it, slice by slice, beside a file of zeros written and synced in one go.

import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type JournalWriter, openJournal, SEGMENT_BYTES_DEFAULT } from "../../src/journal/index.ts";
import { EXCHANGE_RECORDS, encodeGenesisEntry } from "../../src/node/index.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import { COMMAND_BYTES } from "../../src/protocol/index.ts";
import { heapBytesPer } from "../allocations.ts";
import { type BenchCase, type BenchResult, measure, type RatioWanted, summarize } from "../harness.ts";
import { type Scratch, withScratch } from "../scratch.ts";

type Mode = "fsync" | "flush";
/** Commands per frame, frames per round: the sizes of a quiet and of a loaded group commit. */
const SIZES = [
  { commands: 1, fsync: 200, flush: 10_000 },
  { commands: 128, fsync: 200, flush: 4_000 },
  { commands: 2_048, fsync: 100, flush: 500 },
] as const;
const MODES: readonly Mode[] = ["fsync", "flush"];
const SEGMENT_BYTES = 256 * 1024 * 1024;
const PREPARED = "next segment prepared";
const IN_ONE_GO = "as many zeros written and synced in one go";

export function benchJournal(rounds: number): Promise<BenchResult> {
  return withScratch((scratch) => run(scratch, rounds));
}

async function run({ directory, fileSystem }: Scratch, rounds: number): Promise<BenchResult> {
  const journals = new Map<string, JournalWriter>(
    MODES.map((mode) => [mode, open(join(directory, mode), mode, SEGMENT_BYTES)]),
  );
  const pump = new Pump(join(directory, "pump"));
  const bytes = new Uint8Array(2_048 * COMMAND_BYTES).fill(1);
  const cases: BenchCase[] = [];
  const ratios: RatioWanted[] = [];
  for (const size of SIZES) {
    for (const mode of MODES) {
      const journal = journals.get(mode) as JournalWriter;
      const name = `${size.commands} per frame, ${mode}`;
      const frames = size[mode];
      cases.push(rate(name, size.commands, frames, () => journal.append(bytes, 0, size.commands)));
      const block = bytes.subarray(0, size.commands * COMMAND_BYTES);
      cases.push(
        rate(`${name}, bare pump`, size.commands, frames, () => pump.write(block, mode === "fsync")),
      );
      ratios.push({ name: `${name}: journal / bare pump`, of: name, to: `${name}, bare pump` });
    }
  }
  const prepared = open(join(directory, "prepared"), "flush", SEGMENT_BYTES_DEFAULT);
  journals.set("prepared", prepared);
  const zeros = join(directory, "zeros");
  cases.push(preparation(PREPARED, () => prepare(prepared)));
  cases.push(preparation(IN_ONE_GO, () => writeZeros(zeros, SEGMENT_BYTES_DEFAULT)));
  ratios.push({ name: "prepared in slices / in one go", of: PREPARED, to: IN_ONE_GO });
  const rows = await measure(cases, ratios, rounds);
  const flush = journals.get("flush") as JournalWriter;
  const heap = await heapBytesPer(2_048 * 50, (count) => {
    for (let done = 0; done < count; done += 2_048) flush.append(bytes, 0, Math.min(2_048, count - done));
  });
  for (const journal of journals.values()) journal.close();
  pump.close();
  return {
    bench: "journal",
    about: `Commands of 80 bytes appended to the journal, one write (and in fsync one fdatasync) per frame, on ${fileSystem}`,
    rounds,
    rows: [
      ...rows,
      {
        ...summarize("heap allocated per command, 2,048 per frame", "bytes", "lower", [heap]),
        aim: { atMost: 0.5 },
      },
    ],
  };
}

function open(directory: string, mode: Mode, segmentBytes: number): JournalWriter {
  const limits = { maxQuantity: 1, maxNotional: 1, ordersMax: 1, symbolsMax: 1, accountsMax: 1 };
  const genesis = encodeGenesisEntry({ genesis: { ...limits, indexSeed: [0, 0] }, instruments: [] });
  const place = {
    storage: new NodeStorage(),
    checksums: new NativeChecksums(),
    directory,
    rules: EXCHANGE_RECORDS,
  };
  return openJournal({ ...place, mode, segmentBytes, genesis }, () => {}).journal;
}

function rate(name: string, commands: number, frames: number, append: () => void): BenchCase {
  return {
    name,
    unit: "commands/s",
    better: "higher",
    run: () => {
      const start = performance.now();
      for (let i = 0; i < frames; i++) append();
      return (commands * frames) / ((performance.now() - start) / 1e3);
    },
  };
}

function preparation(name: string, work: () => void): BenchCase {
  return {
    name,
    unit: "MB/s",
    better: "higher",
    run: () => {
      const start = performance.now();
      work();
      return SEGMENT_BYTES_DEFAULT / 1e3 / (performance.now() - start);
    },
  };
}

/** Prepares the next segment and begins it, so that there is one to prepare again. */
function prepare(journal: JournalWriter): void {
  while (journal.prepareNext(true));
  journal.append(new Uint8Array(COMMAND_BYTES), 0, 1);
  if (!journal.rotate()) throw new Error("a segment that was prepared can't be begun");
}

/** Into a new file, also where one of this name is. */
function writeZeros(path: string, bytes: number): void {
  rmSync(path, { force: true });
  const file = openSync(path, "w");
  const zeros = new Uint8Array(1 << 20);
  for (let at = 0; at < bytes; at += zeros.length) writeSync(file, zeros, 0, zeros.length, at);
  fdatasyncSync(file);
  closeSync(file);
}

/** Writes to a file whose blocks were written before, from its start again when it is full. */
class Pump {
  readonly #file: number;
  #at = 0;

  constructor(path: string) {
    writeZeros(path, SEGMENT_BYTES);
    this.#file = openSync(path, "r+");
  }

  write(block: Uint8Array, sync: boolean): void {
    if (this.#at + block.length > SEGMENT_BYTES) this.#at = 0;
    writeSync(this.#file, block, 0, block.length, this.#at);
    this.#at += block.length;
    if (sync) fdatasyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}
