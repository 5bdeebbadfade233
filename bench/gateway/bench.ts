// The gateway over real sockets: requests per second and round trips at four shapes of load, with the journal off and
// with an fdatasync before every answer, beside a bare echo server. Three processes on one machine: the load, the
// server, and this one, which waits.

import { join } from "node:path";
import { Child } from "../child.ts";
import { settingsText } from "../exchange-process.ts";
import { type BenchCase, type BenchResult, measure, type RatioWanted, summarize } from "../harness.ts";
import { type Scratch, withScratch } from "../scratch.ts";
import type { LoadOrder, LoadResult } from "./load.ts";
import { withoutSockets } from "./without-sockets.ts";

/** Connections x requests in flight. */
const SHAPES = [
  [1, 1],
  [4, 34],
  [4, 512],
  [64, 16],
] as const;

const DURATION_MS = 1_000;

const SERVERS = ["echo", "journal off", "fsync"] as const;
type Server = (typeof SERVERS)[number];

export function benchGateway(rounds: number): Promise<BenchResult> {
  return withScratch((scratch) => withServers(scratch, rounds));
}

async function withServers({ directory, fileSystem }: Scratch, rounds: number): Promise<BenchResult> {
  const children: Record<Server, Child> = {
    echo: new Child(import.meta.url, "echo"),
    "journal off": new Child(import.meta.url, "exchange", [settingsText({ durability: "off" })]),
    fsync: new Child(import.meta.url, "exchange", [settingsText({ dataDir: join(directory, "data") })]),
  };
  const load = new Child(import.meta.url, "load");
  try {
    return await run(children, load, rounds, fileSystem);
  } finally {
    await Promise.all([load, ...Object.values(children)].map((child) => child.end()));
  }
}

async function run(
  children: Record<Server, Child>,
  load: Child,
  rounds: number,
  fileSystem: string,
): Promise<BenchResult> {
  const ports = new Map<Server, number>();
  for (const server of SERVERS) ports.set(server, (await children[server].answer<{ port: number }>()).port);
  const latencies = new Map<string, LoadResult[]>();
  const cases: BenchCase[] = [];
  for (const [connections, window] of SHAPES) {
    for (const server of SERVERS) {
      const name = `${connections} x ${window} ${server}`;
      const order: LoadOrder = {
        port: ports.get(server) ?? 0,
        connections,
        window,
        duration_ms: DURATION_MS,
      };
      const results: LoadResult[] = [];
      latencies.set(name, results);
      cases.push({
        name,
        unit: "requests/s",
        better: "higher",
        run: () => loadOnce(load, order, server, results),
      });
    }
  }
  const rows = await measure(cases, ratios(), rounds);
  for (const [name, results] of latencies) {
    const measured = results.slice(1);
    const percentile = (which: "p50_us" | "p99_us"): number[] => measured.map((result) => result[which]);
    rows.push(summarize(`${name}, p50`, "us", "lower", percentile("p50_us")));
    rows.push(summarize(`${name}, p99`, "us", "lower", percentile("p99_us")));
  }
  rows.push(...(await withoutSockets(rounds)));
  const about = `New orders and cancels over TCP on one machine, connections x requests in flight, ${DURATION_MS} ms each`;
  return { bench: "gateway", about: `${about}; journal on ${fileSystem}`, rounds, rows };
}

async function loadOnce(
  load: Child,
  order: LoadOrder,
  server: Server,
  results: LoadResult[],
): Promise<number> {
  const result = await load.ask<LoadResult>(order);
  if (server !== "echo" && result.refused > 0) throw new Error("the exchange refused a request of the load");
  results.push(result);
  return result.requests / result.seconds;
}

function ratios(): RatioWanted[] {
  return SHAPES.flatMap(([connections, window]) => {
    const shape = `${connections} x ${window}`;
    const off = { name: `${shape}: journal off / echo`, of: `${shape} journal off`, to: `${shape} echo` };
    const sync = { name: `${shape}: fsync / journal off`, of: `${shape} fsync`, to: `${shape} journal off` };
    return [
      window === 34 ? { ...off, aim: { atLeast: 0.7 } } : off,
      window === 512 ? { ...sync, aim: { atLeast: 0.35 } } : sync,
    ];
  });
}
