// What clients of a tape may be told, and what holds when they aren't.

import { type Clock, U32_MAX } from "../../base/index.ts";
import { SystemClock } from "../../platform/index.ts";
import { isTapeName, TAPE_PORT } from "../../protocol/index.ts";
import { invalidArgument } from "./errors.ts";

/** Signs logons as the key of this name. */
export interface TapeSigner {
  readonly name: string;
  /** The Ed25519 signature of `statement`, 64 bytes. */
  prove(statement: Uint8Array): Uint8Array;
}

/** Where a broker is, and who connects. */
export interface TapePeerOptions {
  /** 127.0.0.1 by default. */
  readonly host?: string | undefined;
  /** 9400 by default. */
  readonly port?: number | undefined;
  /** TLS, with certificates that the broker's may be signed by (PEM; the system's by default); plain TCP when left out. */
  readonly tls?: { readonly ca?: string } | undefined;
  /** For brokers that want a logon. */
  readonly key?: TapeSigner | undefined;
  /** How long a connection may take until the broker has accepted it: 5,000 by default, 600,000 at most. */
  readonly connectTimeout_ms?: number | undefined;
  /** The broker is given up when nothing was heard for so long; it says something every second: 10,000 by default. */
  readonly liveness_ms?: number | undefined;
  readonly clock?: Clock | undefined;
  /** From 0 up to but not including 1: spreads the waits between attempts. `Math.random` by default. */
  readonly chance?: (() => number) | undefined;
}

/** A client that connects again by itself. */
export interface TapeReconnectOptions {
  /** It gives up when it had no connection for so long: 120,000 by default; 0: at once. */
  readonly reconnectFor_ms?: number | undefined;
}

export type TapePeer = ReturnType<typeof checkedPeer>;

export const PEER_OPTIONS: Record<keyof TapePeerOptions, true> = {
  ...{ host: true, port: true, tls: true, key: true, connectTimeout_ms: true, liveness_ms: true },
  ...{ clock: true, chance: true },
};

/** Nobody waits longer, and a timer can. */
const WAIT_MAX_MS = 600_000;

/** The options with all defaults; throws `INVALID_ARGUMENT`. */
export function checkedPeer(options: TapePeerOptions) {
  const peer = {
    host: options.host ?? "127.0.0.1",
    port: options.port ?? TAPE_PORT,
    tls: options.tls,
    key: options.key,
    connectTimeout_us:
      checkedInteger("connectTimeout_ms", options.connectTimeout_ms ?? 5_000, 1, WAIT_MAX_MS) * 1_000,
    liveness_us: checkedInteger("liveness_ms", options.liveness_ms ?? 10_000, 1, WAIT_MAX_MS) * 1_000,
    clock: options.clock ?? new SystemClock(),
    chance: options.chance ?? Math.random,
  } as const;
  if (typeof peer.host !== "string" || peer.host === "") throw invalidArgument("host is no text");
  checkedInteger("port", peer.port, 1, 65_535);
  if (peer.key !== undefined && !/^[\x21-\x7e]{1,255}$/.test(peer.key.name))
    throw invalidArgument(`key "${String(peer.key.name)}" is not 1 to 255 printable characters of ASCII`);
  return peer;
}

export function checkedReconnect({ reconnectFor_ms = 120_000 }: TapeReconnectOptions): number {
  return checkedInteger("reconnectFor_ms", reconnectFor_ms, 0, U32_MAX) * 1_000;
}

export function checkedName(what: string, name: string): string {
  if (typeof name === "string" && isTapeName(name)) return name;
  throw invalidArgument(`${what} "${String(name)}" has not 1 to 255 characters of A-Z a-z 0-9 . _ -`);
}

export function checkedInteger(what: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidArgument(`${what} ${String(value)} is not an integer from ${least} to ${most}`);
}
