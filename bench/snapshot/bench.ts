// The longest pause that clients see while a snapshot of a million resting orders is taken: requests on a schedule, and the
// longest time between two answers, without a snapshot and with one, in turn. With the journal buffered the answers wait for
// nothing but matching; with fsync they wait for the disk too, which the snapshot is written to. The load shares the cores with the
// node and comes late itself, so what is judged is told by the thread that matches: the longest time that it stood still.
//
// A bare echo in the node's place, in each round, under the same load, tells what of it is the machine's: its other users, its host,
// and the load, which all take cores away.

import { join } from "node:path";
import { Child } from "../child.ts";
import type { PacedOrder, PacedResult } from "../durability/paced-load.ts";
import { ExchangeProcess } from "../exchange-process.ts";
import { type BenchResult, type Row, summarize } from "../harness.ts";
import { type Scratch, withScratch } from "../scratch.ts";
import { PAUSE_MS, type Standstill } from "../standstill.ts";
import { EchoProcess } from "./echo-process.ts";

/** What of it is run; a test runs less. */
interface SnapshotWork {
  readonly ordersResting: number;
  /** Orders a second, while they are put to rest and while it is measured. */
  readonly fillRate: number;
  readonly rate: number;
  /** A run takes this, or longer for snapshots that do. */
  readonly run_ms: number;
  /** No round begins later. */
  readonly budget_ms: number;
}

const ALL: SnapshotWork = {
  ordersResting: 1_000_000,
  fillRate: 150_000,
  rate: 20_000,
  run_ms: 2_000,
  budget_ms: 40_000,
};

const CONNECTIONS = 4;
const MODES = ["buffered", "fsync"] as const;
type Mode = (typeof MODES)[number];

/** A run lasts until the snapshot is there, on a machine on which it takes no longer than this. */
const RUN_MS_MAX = 15_000;
/** The load has begun. */
const BEFORE_SNAPSHOT_MS = 200;

interface Measured extends PacedResult {
  /** Of the thread that answers. */
  readonly standstill: Standstill;
}

/** Who can be watched while it answers a load. */
type Watched = Pick<ExchangeProcess, "watch" | "standstill">;

type Figure = (measured: Measured) => number;

interface Parties {
  readonly load: Child;
  readonly echo: EchoProcess;
}

interface Runs {
  readonly echo: Measured[];
  readonly without: Measured[];
  readonly with: Measured[];
  readonly took_ms: number[];
}

export function benchSnapshot(rounds: number, work = ALL): Promise<BenchResult> {
  return withScratch(async (scratch) => {
    const load = new Child(import.meta.url, "../durability/paced-load");
    const echo = new EchoProcess();
    try {
      const rows: Row[] = [];
      let roundsDone = rounds;
      for (const mode of MODES) {
        const runs = await measureMode(scratch, { load, echo }, mode, rounds, work);
        rows.push(...rowsOf(mode, runs));
        roundsDone = Math.min(roundsDone, runs.with.length);
      }
      const orders = work.ordersResting.toLocaleString("en");
      const about = `${work.rate} requests/s on schedule while a snapshot of ${orders} resting orders is taken, on ${scratch.fileSystem}, beside the same without one, and an echo of the same runtime under the same load`;
      return { bench: "snapshot", about, rounds: roundsDone, rows };
    } finally {
      await Promise.all([load.end(), echo.end()]);
    }
  });
}

/** The first round is not counted. */
async function measureMode(
  { directory }: Scratch,
  { load, echo }: Parties,
  mode: Mode,
  rounds: number,
  work: SnapshotWork,
): Promise<Runs> {
  const node = await ExchangeProcess.start({ dataDir: join(directory, mode), durability: mode });
  try {
    const { port } = node.ports;
    const fill = { port, connections: CONNECTIONS, rate: work.fillRate, requests: work.ordersResting };
    await run(load, { ...fill, kind: "resting" });
    const runs: Runs = { echo: [], without: [], with: [], took_ms: [] };
    const first_ms = await snapshot(node);
    const seconds = Math.min(RUN_MS_MAX, Math.max(work.run_ms, first_ms * 1.5)) / 1e3;
    const requests = Math.round(work.rate * seconds);
    const order: PacedOrder = { ...fill, rate: work.rate, requests, kind: "pairs" };
    await run(load, order);
    const late = performance.now() + work.budget_ms;
    for (let round = 0; round < rounds && (round === 0 || performance.now() < late); round++) {
      const toEcho = { ...order, port: await echo.port };
      runs.echo.push(await watched(echo, () => load.ask<PacedResult>(toEcho)));
      runs.without.push(await watched(node, () => run(load, order)));
      runs.with.push(
        await watched(node, async () => {
          const loaded = run(load, order);
          await sleep(BEFORE_SNAPSHOT_MS);
          const [result, took_ms] = await Promise.all([loaded, snapshot(node)]);
          runs.took_ms.push(took_ms);
          return result;
        }),
      );
    }
    return runs;
  } finally {
    await node.end();
  }
}

async function watched(who: Watched, work: () => Promise<PacedResult>): Promise<Measured> {
  await who.watch();
  const result = await work();
  return { ...result, standstill: await who.standstill() };
}

async function run(load: Child, order: PacedOrder): Promise<PacedResult> {
  const result = await load.ask<PacedResult>(order);
  if (result.refused > 0) throw new Error(`the exchange refused ${result.refused} requests of the load`);
  return result;
}

async function snapshot(node: ExchangeProcess): Promise<number> {
  const start = performance.now();
  await node.snapshot();
  return performance.now() - start;
}

function rowsOf(mode: Mode, runs: Runs): Row[] {
  const row = (name: string, values: readonly number[], unit = "ms"): Row =>
    summarize(`${mode}, ${name}`, unit, "lower", values);
  const of = (results: readonly Measured[], figure: Figure): number[] => results.map(figure);
  const pause: Figure = ({ pause_us }) => pause_us / 1e3;
  const standstill: Figure = (measured) => measured.standstill.longest_ms;
  const busy: Figure = (measured) => measured.standstill.busy_ms;
  const pauses: Figure = (measured) => (measured.standstill.pauses / measured.standstill.watched_ms) * 1e4;
  const p99: Figure = ({ p99_us }) => p99_us / 1e3;
  const beyond = runs.with.map((measured, i) => standstill(measured) - standstill(runs.echo[i]));
  const aim = { atMost: PAUSE_MS };
  return [
    row("longest time between answers", of(runs.without, pause)),
    row("the same during a snapshot", of(runs.with, pause)),
    row("longest standstill of an echo in its place", of(runs.echo, standstill)),
    row("longest standstill of matching", of(runs.without, standstill)),
    { ...row("standstill during a snapshot", of(runs.with, standstill)), aim },
    { ...row("of that beyond the echo's", beyond), aim },
    row("longest work of matching in one go", of(runs.without, busy)),
    { ...row("longest work in one go during a snapshot", of(runs.with, busy)), aim },
    row(`standstills over ${PAUSE_MS} ms of the echo`, of(runs.echo, pauses), "in 10 s"),
    row(`standstills over ${PAUSE_MS} ms`, of(runs.without, pauses), "in 10 s"),
    row(`standstills over ${PAUSE_MS} ms during a snapshot`, of(runs.with, pauses), "in 10 s"),
    row("p99", of(runs.without, p99)),
    row("p99 during a snapshot", of(runs.with, p99)),
    row("time of a snapshot", runs.took_ms),
  ];
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
