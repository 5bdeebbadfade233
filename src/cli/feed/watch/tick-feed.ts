// A ticks/1 server as something to watch.

import type { SeriatimError } from "../../../base/index.ts";
import {
  CacheReader,
  CacheWriter,
  createCache,
  FeedLatency,
  type TickCounters,
  TickState,
} from "../../../feed/index.ts";
import { TickClient } from "../../../feed-runtime/index.ts";
import { TICK_SYMBOLS_MAX } from "../../../protocol/index.ts";
import { formatHostPort } from "../../arguments.ts";
import { countedText } from "./columns.ts";
import { reasonOf } from "./summary.ts";
import type { FeedFigures, FeedStanding, WatchedFeed } from "./watched-feed.ts";

const DECIMALS_MAX = 8;

/** What one of them is called, and several. */
const FAULTS = [
  ["checksumIncidents", "checksum incident", "checksum incidents"],
  ["typeIncidents", "unknown frame", "unknown frames"],
  ["regressions", "duplicate or step back", "duplicates or steps back"],
  ["unattributedGaps", "step in global numbers", "steps in global numbers"],
  ["invalidValues", "impossible price", "impossible prices"],
  ["unknownSymbols", "frame of an unknown symbol", "frames of unknown symbols"],
] as const satisfies readonly (readonly [keyof TickCounters, string, string])[];

/** Connects at once. */
export function watchTicks(host: string, port: number): WatchedFeed {
  const cache = createCache(TICK_SYMBOLS_MAX);
  const latency = new FeedLatency();
  let why: SeriatimError | undefined;
  const listener = {
    onState: (_: TickState, cause: SeriatimError | undefined) => {
      why = cause;
    },
  };
  const client = new TickClient({ host, port, cache: new CacheWriter(cache), latency, listener });
  let before: Readonly<TickCounters> = { ...client.counters };
  const since = (counter: keyof TickCounters) => client.counters[counter] - before[counter];
  return {
    title: `${formatHostPort(host, port)} ticks/1`,
    cache: new CacheReader(cache),
    priceText: (price, decimals) => price.toFixed(decimals),
    decimalsOf,
    standing: () => standingOf(client, why),
    hasHeard: () => client.counters.frames > 0,
    hint: HINT,
    figures: (): FeedFigures => ({
      messages: since("frames"),
      gaps: since("gapIncidents"),
      lost: since("framesLost"),
      faults: FAULTS.filter(([counter]) => since(counter) > 0).map(([counter, one, many]) =>
        countedText(since(counter), one, many),
      ),
      connects: client.connections.connected,
    }),
    latency: () => latency.byTimestamp.summary(),
    reset: () => {
      before = { ...client.counters };
      latency.reset();
    },
    ended: client.stopped,
    stop: () => client.stop(),
  };
}

/** The wire says nothing of decimals: those that a price needs. */
export function decimalsOf(price: number): number {
  const digits = String(price).split(".")[1]?.length ?? 0;
  return Math.min(digits, DECIMALS_MAX);
}

const STATES: Record<TickState, string> = {
  [TickState.Connecting]: "connecting",
  [TickState.Open]: "connected, nothing came yet",
  [TickState.Live]: "connected",
  [TickState.Waiting]: "reconnecting",
  [TickState.Stopped]: "ended",
};

const HINT = "it may speak an exchange's channels (--protocol channel)";

function standingOf(client: TickClient, why: SeriatimError | undefined): FeedStanding {
  const { state, isQuiet, counters, connections } = client;
  const isLive = state === TickState.Live && !isQuiet;
  const isStrange = connections.connected > 0 && counters.frames === 0 && (isQuiet || why !== undefined);
  const words = isQuiet ? "connected, quiet" : STATES[state];
  return { state: words, isLive, why: isStrange ? HINT : why && reasonOf(why.message, client.peer) };
}
