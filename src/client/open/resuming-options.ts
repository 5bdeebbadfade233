// What a resuming client may be told, and what it takes for what it is not told.

import { type Clock, checkOptions } from "../../base/index.ts";
import { type Address, checkAddresses } from "../addresses.ts";
import { checkSignal, type EndingOptions } from "../ending-signal.ts";
import { checkInteger } from "../errors.ts";
import { checkU32 } from "../order-values.ts";

const PATIENCE_DEFAULT_MS = 60_000;
const CONNECT_TIMEOUT_DEFAULT_MS = 2_000;
const SILENCE_DEFAULT_MS = 5_000;
/** Nobody waits longer, and a timer can. */
const WAIT_MAX_MS = 600_000;

export interface ResumingOrderEntryOptions extends EndingOptions {
  /** Tried in this order, from the first on; 1 to 16. `host` is 127.0.0.1 by default. */
  readonly addresses: readonly { readonly host?: string; readonly port: number }[];
  /** 0 by default. Only one such client at a time may act for an account. */
  readonly account?: number;
  /** How long one connection may take to stand and answer Hello: 2,000 by default. */
  readonly connectTimeout_ms?: number;
  /** How long a connection may answer nothing while requests wait: 5,000 by default. */
  readonly silence_ms?: number;
  /** How long it may go without getting on: 60,000 by default. */
  readonly patience_ms?: number;
  /** The machine's by default. Request numbers begin with its wall time, so it must not be set back between two programs. */
  readonly clock?: Clock;
}

/** What clients take for the time when they are given none. */
export const MACHINE_CLOCK: Clock = {
  wallMicros: () => Date.now() * 1_000,
  monotonicMicros: () => Math.floor(performance.now() * 1_000),
};

const KNOWN_OPTIONS: Record<keyof ResumingOrderEntryOptions, true> = {
  ...{
    addresses: true,
    account: true,
    connectTimeout_ms: true,
    silence_ms: true,
    patience_ms: true,
    signal: true,
    clock: true,
  },
};

export type CheckedOptions = Required<Omit<ResumingOrderEntryOptions, "addresses" | "signal">> & {
  readonly addresses: readonly Address[];
};

/** The options with what they leave open; throws SeriatimError `INVALID_ARGUMENT`. */
export function checkResumingOptions(options: ResumingOrderEntryOptions): CheckedOptions {
  checkOptions("connectResumingOrderEntry", options, KNOWN_OPTIONS);
  const { account = 0, clock = MACHINE_CLOCK, patience_ms = PATIENCE_DEFAULT_MS } = options;
  const { connectTimeout_ms = CONNECT_TIMEOUT_DEFAULT_MS, silence_ms = SILENCE_DEFAULT_MS } = options;
  const addresses = checkAddresses(options.addresses);
  checkU32("account", account);
  checkSignal(options.signal);
  checkInteger("connectTimeout_ms", connectTimeout_ms, 1, WAIT_MAX_MS);
  checkInteger("silence_ms", silence_ms, 1, WAIT_MAX_MS);
  checkInteger("patience_ms", patience_ms, 1, WAIT_MAX_MS);
  const timeout_ms = Math.min(connectTimeout_ms, patience_ms);
  return { addresses, account, connectTimeout_ms: timeout_ms, silence_ms, patience_ms, clock };
}
