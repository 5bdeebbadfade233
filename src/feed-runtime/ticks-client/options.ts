// What a ticks/1 client may be told, and what holds when it isn't.

import { type Clock, checkOptions, type SeriatimError } from "../../base/index.ts";
import type {
  CacheWriter,
  FeedLatency,
  TickListener,
  TickNumberingOption,
  TickState,
  TickSubscription,
} from "../../feed/index.ts";
import { SystemClock } from "../../platform/index.ts";
import { TICK_SYMBOLS_MAX, TICKS_PORT } from "../../protocol/index.ts";
import { checkInteger, checkText, invalid, PORT_MAX } from "../arguments.ts";

/** Calls come from the event loop, never from inside a call of the client but `stop`, which tells its state. */
export interface TickClientListener extends TickListener {
  /** The client's state has changed; `why`: what became of the connection, or why there will be no other. */
  onState?(state: TickState, why: SeriatimError | undefined): void;
  /** Nothing was accepted for `quiet_ms`; then again something was. */
  onQuiet?(isQuiet: boolean): void;
}

/** What a `TickClient` is told. */
export interface TickClientOptions {
  /** A name or an address; of a name all addresses are tried, IPv4 among them. */
  readonly host: string;
  /** 9876 by default. */
  readonly port?: number | undefined;
  readonly listener?: TickClientListener | undefined;
  /** "all" by default; a list has 510 symbols at most; an empty one is heartbeats alone. */
  readonly subscription?: TickSubscription | undefined;
  /** How the server numbers its frames: "auto" by default. */
  readonly numbering?: TickNumberingOption | undefined;
  /** Frames of symbols from here on are counted and not delivered: 500 by default, 65,536 at most. */
  readonly maxSymbols?: number | undefined;
  /** How long an attempt to connect may take: 5,000 by default. */
  readonly connectTimeout_ms?: number | undefined;
  /** The server is called quiet when nothing was accepted for so long: 3,000 by default. */
  readonly quiet_ms?: number | undefined;
  /** It is given up when nothing was accepted for so long: 30,000 by default. */
  readonly liveness_ms?: number | undefined;
  /** Attempts in a row without a connection that gets on, after which the client stops; without a bound by default. */
  readonly maxAttempts?: number | undefined;
  /** Is told every trade and quote that is delivered, for readers on other threads. */
  readonly cache?: CacheWriter | undefined;
  /** Is told of each when it came. */
  readonly latency?: FeedLatency | undefined;
  readonly clock?: Clock | undefined;
  /** From 0 up to but not including 1: spreads the waits between attempts. `Math.random` by default. */
  readonly chance?: (() => number) | undefined;
}

const KNOWN_OPTIONS: Record<keyof TickClientOptions, true> = {
  ...{ host: true, port: true, listener: true, subscription: true, numbering: true, maxSymbols: true },
  ...{ connectTimeout_ms: true, quiet_ms: true, liveness_ms: true, maxAttempts: true, cache: true },
  ...{ latency: true, clock: true, chance: true },
};

/** Nobody waits longer, and a timer can. */
const WAIT_MAX_MS = 600_000;

/** The options with all defaults; throws `INVALID_ARGUMENT`. */
export function checkedTickOptions(options: TickClientOptions) {
  checkOptions("TickClient", options, KNOWN_OPTIONS);
  const checked = {
    host: options.host,
    port: options.port ?? TICKS_PORT,
    listener: options.listener ?? {},
    subscription: options.subscription ?? "all",
    numbering: options.numbering ?? "auto",
    maxSymbols: options.maxSymbols ?? TICK_SYMBOLS_MAX,
    connectTimeout_ms: options.connectTimeout_ms ?? 5_000,
    quiet_ms: options.quiet_ms ?? 3_000,
    liveness_ms: options.liveness_ms ?? 30_000,
    maxAttempts: options.maxAttempts ?? Number.POSITIVE_INFINITY,
    cache: options.cache,
    latency: options.latency,
    clock: options.clock ?? new SystemClock(),
    chance: options.chance ?? Math.random,
  } as const;
  checkText("host", checked.host);
  if (!["connection", "global", "auto"].includes(checked.numbering))
    throw invalid(`numbering ${checked.numbering} is none of connection, global, auto`);
  checkInteger("port", checked.port, 1, PORT_MAX);
  checkInteger("maxSymbols", checked.maxSymbols, 1, 65_536);
  checkInteger("connectTimeout_ms", checked.connectTimeout_ms, 1, WAIT_MAX_MS);
  checkInteger("quiet_ms", checked.quiet_ms, 1, WAIT_MAX_MS);
  checkInteger("liveness_ms", checked.liveness_ms, 1, WAIT_MAX_MS);
  if (checked.maxAttempts !== Number.POSITIVE_INFINITY)
    checkInteger("maxAttempts", checked.maxAttempts, 1, 2 ** 31);
  return checked;
}
