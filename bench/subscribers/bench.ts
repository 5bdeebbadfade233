// What market-data subscribers cost those who trade: round trips through the gateway with simulated traders at work,
// with nobody watching and with 50 WebSocket subscribers of everything, 5 of which never read. Four processes on one machine.

import { join } from "node:path";
import { Child } from "../child.ts";
import { settingsText } from "../exchange-process.ts";
import type { LoadOrder, LoadResult } from "../gateway/load.ts";
import { type BenchCase, type BenchResult, measure, type RatioWanted, summarize } from "../harness.ts";
import { type Scratch, withScratch } from "../scratch.ts";
import type { ReadersOrder, ReadersResult, ReportWanted } from "./readers.ts";

const DURATION_MS = 4_000;
const READING = 45;
const STALLED = 5;
/** Orders per second of the simulated traders. */
const TRADERS_RATE = 2_000;

const NONE = "p99, no subscribers";
const ALL = `p99, ${READING + STALLED} subscribers, ${STALLED} of them never reading`;
const P99: RatioWanted = {
  name: "p99 with / without",
  of: ALL,
  to: NONE,
  better: "lower",
  aim: { atMost: 1.2 },
};

interface Processes {
  readonly exchange: Child;
  readonly load: Child;
  readonly readers: Child;
}

export function benchSubscribers(rounds: number): Promise<BenchResult> {
  return withScratch((scratch) => withProcesses(scratch, rounds));
}

async function withProcesses({ directory, fileSystem }: Scratch, rounds: number): Promise<BenchResult> {
  const processes: Processes = {
    exchange: new Child(import.meta.url, "../gateway/exchange", [
      settingsText({ dataDir: join(directory, "data"), simulate: TRADERS_RATE }),
    ]),
    load: new Child(import.meta.url, "../gateway/load"),
    readers: new Child(import.meta.url, "readers"),
  };
  try {
    return await run(processes, rounds, fileSystem);
  } finally {
    const { exchange, load, readers } = processes;
    await Promise.all([load, readers, exchange].map((child) => child.end()));
  }
}

async function run(
  { exchange, load, readers }: Processes,
  rounds: number,
  fileSystem: string,
): Promise<BenchResult> {
  const { port, httpPort } = await exchange.answer<{ port: number; httpPort: number }>();
  const order: LoadOrder = { port, connections: 4, window: 1, duration_ms: DURATION_MS };
  const received: number[] = [];
  const medians = new Map<string, number[]>();
  const caseOf = (name: string, wanted: Omit<ReadersOrder, "port">): BenchCase => ({
    name,
    unit: "us",
    better: "lower",
    run: async () => {
      await readers.ask<ReadersResult>({ port: httpPort, ...wanted });
      const { p50_us, p99_us, refused } = await load.ask<LoadResult>(order);
      if (refused > 0) throw new Error("the exchange refused a request of the load");
      const { bytes } = await readers.ask<ReadersResult>({ report: true } satisfies ReportWanted);
      medians.set(name, [...(medians.get(name) ?? []), p50_us]);
      if (wanted.reading > 0) received.push(bytes / DURATION_MS / 1e3);
      return p99_us;
    },
  });
  const cases = [
    caseOf(NONE, { reading: 0, stalled: 0 }),
    caseOf(ALL, { reading: READING, stalled: STALLED }),
  ];
  const rows = await measure(cases, [P99], rounds);
  for (const [name, values] of medians)
    rows.push(summarize(name.replace("p99", "p50"), "us", "lower", values.slice(1)));
  rows.push(summarize("bytes to all readers", "MB/s", "higher", received.slice(1)));
  const about = `Round trips of 4 connections x 1 in flight with fsync on ${fileSystem}, ${TRADERS_RATE} simulated orders/s beside them, ${DURATION_MS} ms each`;
  return { bench: "subscribers", about, rounds, rows };
}
