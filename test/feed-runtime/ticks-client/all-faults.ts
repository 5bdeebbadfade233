// All faults of a ticks/1 server at once, for some time; then a server without any in its place.

import { setTimeout as pause } from "node:timers/promises";
import { TickCounters } from "../../../src/feed/index.ts";
import { FaultyFeed, falseOnes } from "./faulty-feed.ts";

/** Waits between connections are short, or the faults would mostly meet nobody: they grow with connections that don't stand 5 s. */
const LIVE_AGAIN_MS = 5_000;

/** Heartbeats for 2 s, 30 s of silence, and the connection after it. */
const REAL_STALLS_MS = 34_500;

export interface AllFaultsTerms {
  readonly seconds: number;
  /** Ticks a second. */
  readonly rate: number;
  /** After so many each connection ends. */
  readonly framesPerConnection: number;
  readonly seed: number;
}

export async function allFaults({ seconds, rate, framesPerConnection, seed }: AllFaultsTerms) {
  const faults = {
    gap: { probability: 0.01 },
    fragment: { maxChunk: 7 },
    corrupt: { probability: 0.01, where: "any" },
    disconnect: { after: framesPerConnection, cut: true, how: "reset" },
    stall: { after: Math.floor(framesPerConnection / 2), duration_us: 300_000 },
  } as const;
  const feed = await FaultyFeed.start(faults, { seed, rate, client: { quiet_ms: 100 } });
  try {
    await pause(seconds * 1_000);
    const { client } = feed;
    // On a busy machine no connection may have come to its end by then.
    while (client.connections.lost === 0) await pause(10);
    const falseTicks = falseOnes(feed.delivered, feed.made);
    const figures = {
      seconds,
      seed,
      delivered: feed.delivered.length,
      falseTicks,
      injected: { ...feed.server.injected },
      counters: { ...client.counters },
      connections: { ...client.connections },
    };
    await feed.replaceServer();
    const isLiveAgain = await isLive(feed);
    return { ...figures, isLiveAgain, countersAfter: difference(feed.before, client.counters) };
  } finally {
    await feed.stop();
  }
}

/** A stall of 5 s, and one of 35 s whose connection has nothing but heartbeats: what the client says of each. */
export async function realStalls(seed: number) {
  const short = await FaultyFeed.start(
    { stall: { after: 200, duration_us: 5_000_000 } },
    { seed, rate: 200 },
  );
  const long = await FaultyFeed.start(
    { stall: { after: 2, duration_us: 35_000_000 } },
    { seed, client: { subscription: [] } },
  );
  try {
    await pause(REAL_STALLS_MS);
    return { short: [...short.told], long: [...long.told], lost: short.client.counters.framesLost };
  } finally {
    await Promise.all([short.stop(), long.stop()]);
  }
}

/** Whether ticks of the new server come within the time that there is for it. */
async function isLive(feed: FaultyFeed): Promise<boolean> {
  const { client } = feed;
  const { trades } = client.counters;
  const end = performance.now() + LIVE_AGAIN_MS;
  while (performance.now() < end) {
    if (client.state === "live" && client.counters.trades > trades + 10) return true;
    await pause(10);
  }
  return false;
}

function difference(before: TickCounters, after: Readonly<TickCounters>): TickCounters {
  const result = new TickCounters();
  for (const key of Object.keys(result) as (keyof TickCounters)[]) result[key] = after[key] - before[key];
  return result;
}
