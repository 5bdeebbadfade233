// What it costs to keep an order: the same load against nodes that keep nothing, the journal's buffer, the disk, and the
// disk and a replica; how much they take (a closed loop), how long an answer takes at half of that (an open one), and what
// a command costs the primary's processor: at the most that each takes, and when all have the same to do. All on one machine,
// replicas and load included: the figures are of one another.
//
// A load that is refused or breaks off (a machine so busy that a replica is given up for lost) is tried again; the rounds end
// when the time is up.

import { mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { SeriatimError } from "../../src/base/index.ts";
import { STAGES } from "../../src/runtime/index.ts";
import { Child } from "../child.ts";
import type { ExchangeFigures } from "../exchange-process.ts";
import type { LoadOrder, LoadResult } from "../gateway/load.ts";
import { type BenchResult, type Row, ratioRow, type SideTable, summarize } from "../harness.ts";
import { figure } from "../report.ts";
import { type Scratch, withScratch } from "../scratch.ts";
import { cpuPerCommand_ns, type Loads, pacedOrder, refuseRefused, untilItHolds } from "./loads.ts";
import type { PacedResult } from "./paced-load.ts";
import { type Compared, type SameLoad, SameLoadRounds } from "./same-load.ts";
import { SERVERS, Server, type ServerName } from "./servers.ts";

/** What of it is run; a test runs less. */
interface DurabilityWork {
  readonly servers: readonly ServerName[];
  /** Connections x requests in flight. */
  readonly shapes: readonly (readonly [connections: number, window: number])[];
  readonly closed_ms: number;
  /** Over two seconds, so that one whole second of the nodes' own figures lies in it. */
  readonly paced_ms: number;
  /** Of all that are compared. */
  readonly sameLoad: SameLoad;
  /** No round begins later. */
  readonly budget_ms: number;
  /** All journals of seven rounds on a quick machine, or of a short run. */
  readonly roomBytes: number;
}

const ALL: DurabilityWork = {
  servers: SERVERS,
  shapes: [
    [4, 34],
    [4, 512],
  ],
  closed_ms: 600,
  paced_ms: 2_100,
  sameLoad: { bursts: [1, 16, 128], run_ms: 1_000 },
  budget_ms: 250_000,
  roomBytes: 24 * 2 ** 30,
};
/** Whose processor time is compared, and how much of it a replica may add. */
const COMPARED: Compared = {
  alone: "fsync",
  replicated: ["disk+ram", "two-disks"],
  aim: { atMost: 1.25 },
};
/** One case of one round. */
interface Measured {
  readonly perSecond: number;
  /** Processor time of the primary's process per command, at full load. */
  readonly cpuFull_ns: number;
  readonly half: PacedResult;
  readonly latency: ExchangeFigures["latency"];
}

type Series = Map<string, Measured[]>;

export function benchDurability(rounds: number, work = ALL): Promise<BenchResult> {
  return withScratch((scratch) => withServers(scratch, rounds, work));
}

async function withServers(scratch: Scratch, rounds: number, work: DurabilityWork): Promise<BenchResult> {
  refuseWithoutRoom(scratch.directory, work.roomBytes);
  const loads: Loads = {
    closed: new Child(import.meta.url, "../gateway/load"),
    paced: new Child(import.meta.url, "paced-load"),
    bursts: new Child(import.meta.url, "burst-load"),
    again: [],
  };
  const servers: Server[] = [];
  try {
    for (const [i, name] of work.servers.entries()) {
      const directory = join(scratch.directory, String(i));
      mkdirSync(directory);
      servers.push(await Server.start(name, directory));
    }
    const { alone, replicated } = COMPARED;
    const compared = servers.filter(({ name }) => name === alone || replicated.includes(name));
    const sameLoad = new SameLoadRounds(compared, loads, work.sameLoad);
    const series = await measureAll(servers, loads, sameLoad, rounds, work);
    return resultOf(series, sameLoad, work, scratch.fileSystem, loads.again);
  } finally {
    await Promise.all([loads.closed, loads.paced, loads.bursts, ...servers].map((each) => each.end()));
  }
}

/** Those of them that have a replica. */
function replicatedOf(servers: readonly ServerName[]): ServerName[] {
  return servers.filter((server) => COMPARED.replicated.includes(server));
}

function refuseWithoutRoom(directory: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize >= bytes) return;
  const message = `${directory}: the journals of this bench need ${Math.round(bytes / 2 ** 30)} GiB of room`;
  throw new SeriatimError("BENCH_NO_ROOM", message);
}

/** The first round is not counted. */
async function measureAll(
  servers: readonly Server[],
  loads: Loads,
  sameLoad: SameLoadRounds,
  rounds: number,
  work: DurabilityWork,
): Promise<Series> {
  const series: Series = new Map();
  const start = performance.now();
  for (let round = -1; round < rounds; round++) {
    if (round > 0 && performance.now() - start > work.budget_ms) break;
    const paced_ms = round < 0 ? work.closed_ms : work.paced_ms;
    for (const shape of work.shapes) {
      const measured = await measureShape(servers, loads, shape, { ...work, paced_ms });
      for (const [{ name }, of] of measured) {
        const key = caseName(shape, name);
        if (round >= 0) series.set(key, [...(series.get(key) ?? []), of]);
      }
    }
    await sameLoad.round(round >= 0);
  }
  return series;
}

/** Each at loads by what it takes itself. */
async function measureShape(
  servers: readonly Server[],
  loads: Loads,
  [connections, window]: Shape,
  { closed_ms, paced_ms }: DurabilityWork,
): Promise<Map<Server, Measured>> {
  const measured = new Map<Server, Measured>();
  for (const server of servers) {
    const order = { port: server.node.ports.port, connections, window, duration_ms: closed_ms };
    measured.set(server, await untilItHolds(server, loads, () => measureOne(server, loads, order, paced_ms)));
    server.settle();
  }
  return measured;
}

async function measureOne(
  server: Server,
  loads: Loads,
  order: LoadOrder,
  paced_ms: number,
): Promise<Measured> {
  const { node } = server;
  const before = await node.figures();
  const full = await loads.closed.ask<LoadResult>(order);
  const between = await node.figures();
  if (full.requests === 0) throw new Error(`nothing was answered in ${order.duration_ms} ms`);
  const perSecond = full.requests / full.seconds;
  const paced = pacedOrder(server, order.connections, perSecond / 2, paced_ms);
  const half = await loads.paced.ask<PacedResult>(paced);
  refuseRefused(full.refused + half.refused);
  const { latency } = await node.figures();
  return { perSecond, cpuFull_ns: cpuPerCommand_ns(before, between), half, latency };
}

// ---- what is told of it

function caseName([connections, window]: readonly [number, number], server: ServerName): string {
  return `${connections} x ${window} ${server}`;
}

function resultOf(
  series: Series,
  sameLoad: SameLoadRounds,
  work: DurabilityWork,
  fileSystem: string,
  again: readonly string[],
): BenchResult {
  const rounds = Math.max(...[...series.values()].map((measured) => measured.length));
  const { servers, shapes, closed_ms, paced_ms } = work;
  const about = `New orders and cancels over TCP, connections x requests in flight for ${closed_ms} ms, then ${paced_ms} ms on schedule at half of that rate, timed from when each was due, then what a command costs the primary on a core of its own, load and replica on the other cores, at so many commands in each frame; no market data, journals and replicas on one machine and ${fileSystem}`;
  const ofShapes = shapes.flatMap((shape) => [
    ...throughput(series, shape, servers),
    ...latencies(series, shape, servers),
    ...processor(series, shape, servers),
  ]);
  const rows = [...ofShapes, ...sameLoad.rows({ ...COMPARED, replicated: replicatedOf(servers) })];
  const notes = again.length === 0 ? [] : [`Tried again: ${again.join("; ")}`];
  if (sameLoad.leftOut !== undefined) notes.push(`Frames of the same size are left out: ${sameLoad.leftOut}`);
  const tables = [stageTable(series, shapes[shapes.length - 1], servers)];
  return { bench: "durability", about, rounds, rows, tables, notes };
}

type Shape = readonly [connections: number, window: number];
type Of = (measured: Measured) => number;

function seriesOf(series: Series, shape: Shape, server: ServerName, of: Of): number[] {
  return (series.get(caseName(shape, server)) ?? []).map(of);
}

function throughput(series: Series, shape: Shape, servers: readonly ServerName[]): Row[] {
  const of: Of = ({ perSecond }) => perSecond;
  const rates = servers.map((server) =>
    summarize(caseName(shape, server), "requests/s", "higher", seriesOf(series, shape, server, of)),
  );
  const [off, ...kept] = servers;
  const baseline = seriesOf(series, shape, off, of);
  const ratios = kept.map((server) =>
    ratioRow({ name: `${caseName(shape, server)} / ${off}` }, seriesOf(series, shape, server, of), baseline),
  );
  return [...rates, ...ratios];
}

function latencies(series: Series, shape: Shape, servers: readonly ServerName[]): Row[] {
  const kinds: readonly (readonly [string, Of])[] = [
    ["p50", ({ half }) => half.p50_us],
    ["p99", ({ half }) => half.p99_us],
    ["p99.9", ({ half }) => half.p999_us],
  ];
  return servers.flatMap((server) =>
    kinds.map(([kind, of]) =>
      summarize(
        `${caseName(shape, server)}, half load, ${kind}`,
        "us",
        "lower",
        seriesOf(series, shape, server, of),
      ),
    ),
  );
}

/** At full load each has another rate and other batches, which cost their system calls and wake-ups whatever their size. */
function processor(series: Series, shape: Shape, servers: readonly ServerName[]): Row[] {
  const { alone, aim } = COMPARED;
  const values = (server: ServerName): number[] =>
    seriesOf(series, shape, server, ({ cpuFull_ns }) => cpuFull_ns);
  const name = (what: string): string => `${what}, full load, processor time`;
  const costs = servers.map((server) =>
    summarize(name(caseName(shape, server)), "ns/command", "lower", values(server)),
  );
  const growth = replicatedOf(servers).map((server) => {
    const row = { name: name(`${caseName(shape, server)} / ${alone}`), better: "lower", aim } as const;
    return ratioRow(row, values(server), values(alone));
  });
  return [...costs, ...growth];
}

/** The nodes' own figures of one second of the last round. */
function stageTable(series: Series, shape: Shape, servers: readonly ServerName[]): SideTable {
  const latest = servers.map((server) => series.get(caseName(shape, server))?.at(-1)?.latency ?? {});
  const lines = STAGES.map((stage) => [
    stage,
    ...latest.map(({ [stage]: of }) =>
      of === undefined ? "-" : `${figure(of.p50_us)} / ${figure(of.p99_us)}`,
    ),
  ]);
  const [connections, window] = shape;
  const title = `What each stage of a request took at ${connections} x ${window}, half load, p50 / p99 in us, in one second of the last round`;
  return { title, columns: ["stage", ...servers], lines };
}
