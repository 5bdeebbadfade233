// What WebSocket connections may use, and the counts by which they say what they did.

import type { AddressLimits } from "../../base/index.ts";
import type { AttemptLimits } from "../../gateway/index.ts";
import type { HttpRefusal } from "./http/web-addresses.ts";
import type { WebOptions } from "./web-stage.ts";

export interface WebLimits {
  /** Connections of one address to the HTTP server, WebSockets or not. */
  readonly addresses: AddressLimits;
  /** Tokens that are said, before one is looked for. */
  readonly attempts: AttemptLimits;
  readonly connectionsMax: number;
  /** The longest message of a client. */
  readonly message_bytes: number;
  /** Messages of one client, pings and pongs included; it may send as many at once. */
  readonly messagesPerSecond: number;
  /** What may wait for one connection, beyond what the system's own buffers hold; more ends it. */
  readonly output_bytes: number;
  /** Above this much waiting a peer counts as slow, until a quarter of it waits: it gets what is newest then. */
  readonly outputSlow_bytes: number;
  /** From the connection to its `hello`. */
  readonly hello_ms: number;
  /** From the beginning of a message to its end; looked at with every status. */
  readonly message_ms: number;
  /** Between two pings; a peer answers the one before the other is sent, or it is gone. */
  readonly ping_ms: number;
  /** Between two status messages. */
  readonly status_ms: number;
  /** How long a closing handshake may take. */
  readonly close_ms: number;
}

/** WebSockets to the path of binary feeds, beside all others: they ask for no token, and may not keep pages and traders out. */
export const FEED_SOCKETS_MAX = 128;

export const WEB_LIMITS: WebLimits = {
  // A fifth of the connections there are; this machine's own address is every local page's, scraper's and proxy's.
  addresses: { connections: 64, ownConnections: 320 },
  // As of order entry: each one leads to a logon there.
  attempts: { perAddress: 10, perOwnAddress: 200, total: 200 },
  connectionsMax: 256,
  message_bytes: 65_536,
  messagesPerSecond: 500,
  output_bytes: 4_194_304,
  // Some hundred updates: enough for one wake of the peer, little enough to be new.
  outputSlow_bytes: 65_536,
  hello_ms: 5_000,
  // As of a frame of order entry: 64 KiB at 13 kB/s.
  message_ms: 5_000,
  ping_ms: 15_000,
  status_ms: 1_000,
  close_ms: 2_000,
};

type LimitOptions = Pick<WebOptions, "connectionsPerAddress" | "logonsPerSecond" | "logonsPerAddress">;

/** By the settings of order entry's limits. */
export function webLimits(options: LimitOptions): WebLimits {
  const { connectionsPerAddress: connections, logonsPerSecond: total, logonsPerAddress } = options;
  const { addresses, attempts } = WEB_LIMITS;
  return {
    ...WEB_LIMITS,
    addresses: connections === 0 ? addresses : { connections, ownConnections: connections },
    attempts: {
      total,
      perAddress: logonsPerAddress === 0 ? attempts.perAddress : logonsPerAddress,
      perOwnAddress: logonsPerAddress === 0 ? total : logonsPerAddress,
    },
  };
}

/** Why a connection was ended, as counted. */
export const WebClose = {
  /** The peer closed it. */
  PeerEnded: "PeerEnded",
  LoggedOut: "LoggedOut",
  /** A newer connection has its session. */
  Replaced: "Replaced",
  /** The network or the peer broke it off. */
  Broken: "Broken",
  /** No frame of WebSocket's, or too many pieces or pings. */
  Malformed: "Malformed",
  NoText: "NoText",
  TooLong: "TooLong",
  BinaryFrame: "BinaryFrame",
  NoHello: "NoHello",
  /** Its hello was not let in: its token, its account, or no order entry for it. */
  LogonRefused: "LogonRefused",
  TooSlow: "TooSlow",
  TooManyMessages: "TooManyMessages",
  /** It had said no hello, and there were as many connections as may be. */
  GaveWay: "GaveWay",
  /** It began a message and did not finish it. */
  MessageTimeout: "MessageTimeout",
  /** It did not answer a ping. */
  Silent: "Silent",
  /** Nothing was heard for as long as its dead man waits. */
  DeadMan: "DeadMan",
  /** The node stops, or its order entry is gone. */
  GoingAway: "GoingAway",
} as const;
export type WebClose = keyof typeof WebClose;

/** Counts since the start; `connections` is now. Numbers only go up. */
export class WebCounters {
  connections = 0;
  opened = 0;
  /** Handshakes refused because of their origin. */
  refusedOrigin = 0;
  /** Handshakes refused because there were as many connections as may be. */
  refusedFull = 0;
  /** Connections to the HTTP server refused, because their address or the server had as many as may be. */
  readonly refusedHttp: Record<HttpRefusal, number> = { Address: 0, Full: 0 };
  /** Tokens not looked for, because too many were said. */
  throttledLogons = 0;
  /** Messages of clients. */
  messagesReceived = 0;
  messagesSent = 0;
  /** Ended connections, by reason. */
  readonly closes: Record<WebClose, number>;

  constructor() {
    const none = Object.keys(WebClose).map((name) => [name, 0]);
    this.closes = Object.fromEntries(none) as Record<WebClose, number>;
  }
}
