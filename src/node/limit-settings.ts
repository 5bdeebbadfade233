// Settings of what connections of order entry may use, rows of the settings table; and the gateway's limits by them.

import { CONNECTION_SLOTS_MAX } from "../base/index.ts";
import { GATEWAY_LIMITS, type GatewayLimits } from "../gateway/index.ts";
import { KEY_LIMITS_MAX } from "../protocol/index.ts";
import type { Configuration, Setting, SettingKind } from "./settings.ts";

/** Times in milliseconds, rates a second. */
export interface LimitSettings {
  /** 0: by where the address is. */
  readonly connectionsPerAddress: number;
  readonly logonTimeout: number;
  readonly frameTimeout: number;
  /** 0: none. */
  readonly idleTimeout: number;
  readonly heartbeatInterval: number;
  readonly logonsPerSecond: number;
  /** 0: by where the address is. */
  readonly logonsPerAddress: number;
  readonly framesPerSecond: number;
  readonly cancelsPerSecond: number;
  readonly accountFramesPerSecond: number;
  readonly accountCancelsPerSecond: number;
  readonly queriesPerSecond: number;
  readonly massCancelsPerSecond: number;
  readonly openFramesPerSecond: number;
}

const { addresses, attempts, deadlines, rates } = GATEWAY_LIMITS;

/** A tick of the gateway's clock: nothing shorter is noticed. */
const TIMEOUT_MIN_MS = 100;
const TIMEOUT_MAX_MS = 3_600_000;
const TIMEOUT: SettingKind = { type: "integer", min: TIMEOUT_MIN_MS, max: TIMEOUT_MAX_MS };
const RATE: SettingKind = { type: "integer", min: 1, max: KEY_LIMITS_MAX.frames_per_second };

function row<Name extends keyof LimitSettings>(
  name: Name,
  kind: SettingKind,
  value: number,
  unit: string,
  help: string,
): Setting<Name> {
  return { name, kind, default: value, unit, help, genesis: false } as Setting<Name>;
}

function rate(name: keyof LimitSettings, value: number, help: string): Setting {
  return row(name, RATE, value, "a second", help);
}

export const LIMIT_SETTINGS: readonly Setting[] = [
  row(
    "connectionsPerAddress",
    { type: "integer", min: 0, max: CONNECTION_SLOTS_MAX },
    0,
    "connections",
    "Most order-entry connections of one address (of IPv6: one /64), and as many to the HTTP port; the next one is closed. " +
      `0 = ${addresses.connections}, and 64 to the HTTP port, with no such limit for this machine's own addresses, which all its ` +
      "programs and the web share; any other figure holds for these too.",
  ),
  row(
    "logonTimeout",
    TIMEOUT,
    deadlines.logon_us / 1_000,
    "milliseconds",
    "How long a logon may take: from the challenge, or from the connection where everybody must log on. Later " +
      "the connection is closed.",
  ),
  row(
    "frameTimeout",
    TIMEOUT,
    deadlines.frame_us / 1_000,
    "milliseconds",
    "How long a message may take from its first byte to its last; later the connection is closed.",
  ),
  row(
    "idleTimeout",
    { type: "integer", min: 0, max: TIMEOUT_MAX_MS },
    deadlines.idle_us / 1_000,
    "milliseconds",
    "A connection that has not logged on and sends nothing for this long is closed; 0 = never. A logged-on " +
      "session says itself how often it will be heard.",
  ),
  row(
    "heartbeatInterval",
    TIMEOUT,
    GATEWAY_LIMITS.heartbeat_us / 1_000,
    "milliseconds",
    "A logged-on session that asks for no other interval is sent something at least this often, and is closed " +
      "when it says nothing for two intervals.",
  ),
  rate(
    "logonsPerSecond",
    attempts.total,
    "Attempts to log on, of all addresses together; more are refused (Throttled) before their signature is " +
      "checked. As many tokens of WebSockets (UNAVAILABLE).",
  ),
  row(
    "logonsPerAddress",
    { type: "integer", min: 0, max: KEY_LIMITS_MAX.frames_per_second },
    0,
    "a second",
    `The same of one address. 0 = ${attempts.perAddress}; for this machine's own addresses, the web's among them, only the limit of all. Any other figure holds for these too.`,
  ),
  rate(
    "framesPerSecond",
    rates.frames,
    "Orders, modifies and questions about an order, of one logged-on session; more are refused (Throttled), " +
      "and the session goes on. A second's worth may come at once. A limit in the key's entry takes precedence.",
  ),
  rate(
    "cancelsPerSecond",
    rates.cancels,
    "Cancels of one logged-on session. They are counted apart from its orders, so that a throttled session " +
      "can still get out. A limit in the key's entry takes precedence.",
  ),
  rate("accountFramesPerSecond", rates.accountFrames, "As frames-per-second, of all sessions of an account."),
  rate(
    "accountCancelsPerSecond",
    rates.accountCancels,
    "As cancels-per-second, of all sessions of an account.",
  ),
  rate(
    "queriesPerSecond",
    rates.queries,
    "Lists of open orders or instruments, of all sessions of an account.",
  ),
  rate(
    "massCancelsPerSecond",
    rates.massCancels,
    "Mass cancels, of all sessions of an account. Each looks at all orders of the account, so they are few.",
  ),
  rate(
    "openFramesPerSecond",
    rates.open,
    "Orders and modifies of a connection that has not logged on, and of the account that it names; and as " +
      "many cancels. The default is more than a node can sequence: anybody may name that account, so a lower " +
      "rate would let one program keep another out.",
  ),
];

/** The limits of a node's gateway. */
export function gatewayLimits(c: Configuration, accountsMax: number): GatewayLimits {
  const { connectionsMax, connectionsPerAddress: connections, logonsPerAddress: perAddress } = c;
  return {
    ...GATEWAY_LIMITS,
    connectionsMax,
    accountsMax,
    addresses: connections === 0 ? addresses : { connections, ownConnections: connections },
    attempts: {
      total: c.logonsPerSecond,
      perAddress: perAddress === 0 ? attempts.perAddress : perAddress,
      perOwnAddress: perAddress === 0 ? c.logonsPerSecond : perAddress,
    },
    deadlines: {
      logon_us: c.logonTimeout * 1_000,
      frame_us: c.frameTimeout * 1_000,
      idle_us: c.idleTimeout * 1_000,
    },
    heartbeat_us: c.heartbeatInterval * 1_000,
    rates: {
      frames: c.framesPerSecond,
      cancels: c.cancelsPerSecond,
      accountFrames: c.accountFramesPerSecond,
      accountCancels: c.accountCancelsPerSecond,
      queries: c.queriesPerSecond,
      massCancels: c.massCancelsPerSecond,
      open: c.openFramesPerSecond,
    },
  };
}
