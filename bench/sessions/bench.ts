// What a session that has logged on costs beside a connection in open mode, on one exchange in one run: throughput, and the
// processor time of the exchange per request. One connection, since a session is one.

import { join } from "node:path";
import { generateKey } from "../../src/runtime/index.ts";
import { Child } from "../child.ts";
import { ExchangeProcess } from "../exchange-process.ts";
import type { LoadOrder, LoadResult } from "../gateway/load.ts";
import { type BenchCase, type BenchResult, measure, type RatioWanted } from "../harness.ts";
import { type Scratch, withScratch } from "../scratch.ts";

/** Requests in flight. */
const WINDOWS = [34, 512] as const;
const DURATION_MS = 1_000;
/** More than any load sends: what is measured is no throttle. */
const RATE = 10_000_000;
/** Of the session; the open connection's is 0. */
const ACCOUNT = 1;

const WAYS = ["open mode", "session", "session, numbers used once"] as const;
type Way = (typeof WAYS)[number];

export function benchSessions(rounds: number): Promise<BenchResult> {
  return withScratch((scratch) => withExchange(scratch, rounds));
}

async function withExchange({ directory }: Scratch, rounds: number): Promise<BenchResult> {
  const [keyFile, keys] = [join(directory, "trader.key"), join(directory, "keys.json")];
  generateKey("trader", "trader", keyFile, keys, { accounts: [ACCOUNT] });
  const rates = { framesPerSecond: RATE, cancelsPerSecond: RATE };
  const accountRates = { accountFramesPerSecond: RATE, accountCancelsPerSecond: RATE };
  const exchange = await ExchangeProcess.start({ durability: "off", keys, ...rates, ...accountRates });
  const load = new Child(import.meta.url, "../gateway/load");
  try {
    return await run(exchange, load, keyFile, rounds);
  } finally {
    await Promise.all([load.end(), exchange.end()]);
  }
}

async function run(
  exchange: ExchangeProcess,
  load: Child,
  keyFile: string,
  rounds: number,
): Promise<BenchResult> {
  const cases: BenchCase[] = [];
  const ratios: RatioWanted[] = [];
  for (const window of WINDOWS) {
    for (const way of WAYS) {
      const name = `1 x ${window} ${way}`;
      let cpu_ns = 0;
      const order: LoadOrder = { ...orderOf(way, keyFile), port: exchange.ports.port, window };
      cases.push({
        ...{ name: `${name}, CPU`, unit: "ns/request", better: "lower" },
        run: async () => {
          cpu_ns = await costOf(exchange, load, order);
          return cpu_ns;
        },
      });
      if (way === WAYS[0]) continue;
      const open = `1 x ${window} ${WAYS[0]}, CPU`;
      const aim = { atMost: 1.1 };
      ratios.push({
        name: `${name} / open mode, CPU per request`,
        of: `${name}, CPU`,
        to: open,
        better: "lower",
        aim,
      });
    }
  }
  const about = `New orders and cancels over one connection, so many in flight, ${DURATION_MS} ms each, journal off: processor time of all of the exchange's threads per request`;
  return { bench: "sessions", about, rounds, rows: await measure(cases, ratios, rounds) };
}

function orderOf(way: Way, keyFile: string): Omit<LoadOrder, "port" | "window"> {
  const order = { connections: 1, duration_ms: DURATION_MS };
  if (way === "open mode") return order;
  return { ...order, logon: { keyFile, account: ACCOUNT, isOnce: way !== "session" } };
}

/** Nanoseconds of processor time per request. */
async function costOf(exchange: ExchangeProcess, load: Child, order: LoadOrder): Promise<number> {
  const before = await exchange.figures();
  const { requests, refused } = await load.ask<LoadResult>(order);
  const after = await exchange.figures();
  if (refused > 0) throw new Error("the exchange refused a request of the load");
  return ((after.cpu_us - before.cpu_us) * 1e3) / requests;
}
