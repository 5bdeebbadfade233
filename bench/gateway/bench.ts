// The gateway over real sockets: requests per second and round trips at four shapes of load, with the journal off and
// with an fdatasync before every answer, beside a bare echo server. Three processes on one machine: the load, the
// server, and this one, which waits.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Configuration } from "../../src/node/index.ts";
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

const OTHER = "journal off, other checkout";
/** Nodes that take orders and show nobody the market: no copy of the exchange is kept beside the one that matches. */
const ALONE = ", no market data";
type Kept = "journal off" | "fsync";
type Server = "echo" | Kept | `${Kept}${typeof ALONE}` | typeof OTHER;
/** Shapes that have an aim. */
const SHAPES_ALONE: readonly number[] = [34, 512];
type Servers = ReadonlyMap<Server, Child>;

/** `against`: another checkout of this project, whose exchange is measured beside this one's. */
export function benchGateway(rounds: number, against?: string): Promise<BenchResult> {
  return withScratch((scratch) => withServers(scratch, rounds, against));
}

async function withServers(
  { directory, fileSystem }: Scratch,
  rounds: number,
  against: string | undefined,
): Promise<BenchResult> {
  const off = settingsText({ durability: "off" });
  const exchange = (settings: Partial<Configuration>) =>
    new Child(import.meta.url, "exchange", [settingsText(settings)]);
  const sync = (name: string) => ({ dataDir: join(directory, name) });
  const alone = { marketData: "off" } as const;
  const children = new Map<Server, Child>([
    ["echo", new Child(import.meta.url, "echo")],
    ["journal off", exchange({ durability: "off" })],
    ["fsync", exchange(sync("data"))],
    [`journal off${ALONE}`, exchange({ durability: "off", ...alone })],
    [`fsync${ALONE}`, exchange({ ...sync("alone"), ...alone })],
  ]);
  if (against !== undefined) {
    const beside = pathToFileURL(join(against, "bench", "gateway", "bench.ts")).href;
    children.set(OTHER, new Child(beside, "exchange", [off]));
  }
  const load = new Child(import.meta.url, "load");
  try {
    return await run(children, load, rounds, fileSystem);
  } finally {
    await Promise.all([load, ...children.values()].map((child) => child.end()));
  }
}

async function run(children: Servers, load: Child, rounds: number, fileSystem: string): Promise<BenchResult> {
  const ports = new Map<Server, number>();
  for (const [server, child] of children) ports.set(server, (await child.answer<{ port: number }>()).port);
  const latencies = new Map<string, LoadResult[]>();
  const cases: BenchCase[] = [];
  for (const [connections, window] of SHAPES) {
    for (const server of children.keys()) {
      if (server.endsWith(ALONE) && !SHAPES_ALONE.includes(window)) continue;
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
    const off = (how: "" | typeof ALONE) => ({
      name: `${shape}: journal off / echo${how}`,
      of: `${shape} journal off${how}`,
      to: `${shape} echo`,
    });
    const sync = (how: "" | typeof ALONE) => ({
      name: `${shape}: fsync / journal off${how}`,
      of: `${shape} fsync${how}`,
      to: `${shape} journal off${how}`,
    });
    const other = {
      name: `${shape}: this checkout / the other one`,
      of: `${shape} journal off`,
      to: `${shape} ${OTHER}`,
    };
    return [
      other,
      off(""),
      sync(""),
      window === 34 ? { ...off(ALONE), aim: { atLeast: 0.8 } } : off(ALONE),
      window === 512 ? { ...sync(ALONE), aim: { atLeast: 0.5 } } : sync(ALONE),
    ];
  });
}
