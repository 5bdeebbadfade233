// What a trading session may be told, and what it takes for what it is not told.

import { type Clock, checkOptions } from "../../base/index.ts";
import { type Address, checkAddresses } from "../addresses.ts";
import { checkSignal, type EndingOptions } from "../ending-signal.ts";
import { checkInteger, invalidArgument } from "../errors.ts";
import { WINDOW_MAX } from "../open/order-pipe.ts";
import { MACHINE_CLOCK } from "../open/resuming-options.ts";
import { REQUESTS_MAX } from "../open/resumption.ts";
import { checkU32 } from "../order-values.ts";
import type { TlsOptions } from "../tls-options.ts";
import { signerOf } from "./session-key.ts";
import type { SessionTerms } from "./session-pipe.ts";

const CONNECT_TIMEOUT_DEFAULT_MS = 5_000;
const CONNECT_TIMEOUT_MAX_MS = 600_000;
const WINDOW_DEFAULT = 1_024;
/** A second of silence is told from a quiet market, and costs both sides next to nothing. */
const HEARTBEAT_DEFAULT_MS = 1_000;
/** A dead man that is shorter would take the orders of a session that is well. */
const HEARTBEATS_PER_DEAD_MAN = 4;
/** Over a night and a weekend; and what a timer can. */
const PATIENCE_DEFAULT_MS = 3 * 86_400_000;
const PATIENCE_MAX_MS = 0x7fffffff;
/** Half of the safe integers: the numbers that a session takes by itself go on above what it was given. */
export const REQUEST_GIVEN_MAX = 2 ** 52;

export interface TradingOptions extends SessionTerms, EndingOptions {
  /** Tried in this order, from the first on; 1 to 16. `host` is 127.0.0.1 by default. */
  readonly addresses: readonly { readonly host?: string; readonly port: number }[];
  /** TLS to all of them; plain TCP by default. */
  readonly tls?: TlsOptions;
  /** The number of the first report wanted: one more than the last that the program took; 0, from now on, by default. */
  readonly next?: number;
  /** The most requests unanswered at once: 1,024 by default, 65,536 at most; with `once` 256. */
  readonly window?: number;
  /** How long one connection may take to stand, and then to be logged on: 5,000 by default. */
  readonly connectTimeout_ms?: number;
  /** How long it tries to come back before it ends: three days by default. */
  readonly patience_ms?: number;
  /** The machine's by default. Request numbers rise with its wall time. */
  readonly clock?: Clock;
  /** From 0 up to but not including 1, for the spread of waits: Math.random by default. */
  readonly chance?: () => number;
}

const KNOWN_OPTIONS: Record<keyof TradingOptions, true> = {
  ...{ addresses: true, tls: true, key: true, account: true, instance: true, next: true, window: true },
  ...{ cancelOnDisconnect: true, deadMan_ms: true, readOnly: true, once: true, heartbeat_ms: true },
  ...{ connectTimeout_ms: true, patience_ms: true, signal: true, clock: true, chance: true },
};

export type CheckedTradingOptions = Required<Omit<TradingOptions, "addresses" | "tls" | "signal">> & {
  readonly addresses: readonly Address[];
  readonly tls: TlsOptions | undefined;
};

/** The options with what they leave open; throws SeriatimError: `INVALID_ARGUMENT`, or what is wrong with the key's file. */
export function checkTradingOptions(options: TradingOptions): CheckedTradingOptions {
  // One that is misspelled, and left out by that, may be what the orders were to be protected by.
  checkOptions("connectTrading", options, KNOWN_OPTIONS);
  const { once = false, deadMan_ms = 0, heartbeat_ms = heartbeatFor(deadMan_ms) } = options;
  const { window = once ? REQUESTS_MAX : WINDOW_DEFAULT, patience_ms = PATIENCE_DEFAULT_MS } = options;
  const { next = 0, instance = 0, connectTimeout_ms = CONNECT_TIMEOUT_DEFAULT_MS } = options;
  const { readOnly = false, cancelOnDisconnect = false, tls } = options;
  const addresses = checkAddresses(options.addresses);
  checkInteger("window", window, 1, once ? REQUESTS_MAX : WINDOW_MAX);
  checkInteger("connectTimeout_ms", connectTimeout_ms, 1, CONNECT_TIMEOUT_MAX_MS);
  checkInteger("patience_ms", patience_ms, 1, PATIENCE_MAX_MS);
  checkInteger("next", next, 0, Number.MAX_SAFE_INTEGER);
  checkU32("deadMan_ms", deadMan_ms);
  checkSignal(options.signal);
  checkInteger("heartbeat_ms", heartbeat_ms, 1, PATIENCE_MAX_MS);
  if (readOnly && (cancelOnDisconnect || deadMan_ms > 0))
    throw invalidArgument("a session that only reads has neither cancelOnDisconnect nor a dead man");
  if (deadMan_ms > 0 && heartbeat_ms * 2 > deadMan_ms)
    throw invalidArgument(`deadMan_ms ${deadMan_ms} is less than two of heartbeat_ms ${heartbeat_ms}`);
  return {
    ...{ addresses, tls, window, connectTimeout_ms, patience_ms, next, instance, deadMan_ms, heartbeat_ms },
    ...{ once, readOnly, cancelOnDisconnect },
    account: checkU32("account", options.account),
    // Read once: a key's file need not stay where it is.
    key: signerOf(options.key),
    clock: options.clock ?? MACHINE_CLOCK,
    chance: options.chance ?? Math.random,
  };
}

function heartbeatFor(deadMan_ms: number): number {
  if (deadMan_ms === 0) return HEARTBEAT_DEFAULT_MS;
  return Math.max(1, Math.min(HEARTBEAT_DEFAULT_MS, Math.floor(deadMan_ms / HEARTBEATS_PER_DEAD_MAN)));
}
