// The web as a stage of a node: page, health, metrics, WebSockets and market data. Where it runs is chosen here; what it
// does is the same (web-server.ts). It follows the log's commands by itself (command-feed.ts), asks the node for its
// status, and nothing on the order path waits for it.

import type { SeriatimError } from "../../base/index.ts";
import type { MarketFeedOptions } from "../../feed-runtime/index.ts";
import type { TlsIdentity } from "../../platform/index.ts";
import type { KeyEntry } from "../../protocol/index.ts";
import type { Log } from "../log.ts";
import { marketFeedOptions } from "../market-data-settings.ts";
import type { Configuration } from "../settings.ts";
import type { NodeStatus } from "../status.ts";
import type { NodeTls } from "../tls.ts";
import type { Handover } from "./copy/command-feed.ts";
import type { JournalPlaces } from "./copy/missed-commands.ts";
import { InlineWeb } from "./web-inline.ts";
import { WebThread } from "./web-thread.ts";

/** What the web is told at start, by the configuration. */
export type WebOptions = Pick<
  Configuration,
  | ("host" | "httpPort" | "accounts" | "logLevel" | "marketData")
  | ("connectionsPerAddress" | "logonsPerSecond" | "logonsPerAddress")
> & {
  /** Of its listener; plain HTTP without it. */
  readonly tls?: TlsIdentity | undefined;
  /** The binary feeds; undefined: there are none. */
  readonly feeds?: MarketFeedOptions | undefined;
  /** Where a web that fell behind reads what it missed; undefined: it begins anew from a state. */
  readonly journal?: JournalPlaces | undefined;
};

/** What is listened on; 0 where nothing is. */
export interface WebPorts {
  readonly http: number;
  readonly md: number;
  readonly feed: number;
}

/** Who may say which account, and how the web itself logs on. */
export interface WebAccess {
  /** Whether an account may be said without proof. */
  readonly isOpen: boolean;
  /** Of the node's keys file, without private keys. */
  readonly keys: readonly KeyEntry[];
  /** The private part of the node's own; undefined on one that takes no orders. */
  readonly nodeKey: string | undefined;
}

export const NO_PORTS: WebPorts = { http: 0, md: 0, feed: 0 };

/** What the web needs of the node that runs. */
export interface WebPeer {
  /** Where orders go. */
  readonly orderPort: number;
  /** At which address, by plain TCP; undefined: the one that is listened on. */
  readonly orderHost?: string | undefined;
  /** Why it takes none, in one line; undefined: it does. */
  readonly noOrders?: string | undefined;
  readonly access: WebAccess;
  /** What the node says about itself, at any time. */
  readonly status: () => NodeStatus;
}

export interface WebStage {
  /** Begins, or begins anew, at what `handover` says; never called where the market is not shown. */
  follow(handover: Handover): void;
  /** Once; WebSockets and subscribers are refused until the first follow(). Resolves with the ports, throws SeriatimError when one can't be listened on. */
  listen(peer: WebPeer): Promise<WebPorts>;
  /** Resolves with what ended it, if anything ever does: then nobody sees the exchange, which goes on. */
  readonly failed: Promise<SeriatimError>;
  /** At any time, also after a failure; ends every connection and never rejects. Again: the same answer. */
  stop(): Promise<void>;
}

/** `journal`: WebOptions. */
export function webOf(
  configuration: Configuration,
  { identity }: NodeTls,
  log: Log,
  journal?: JournalPlaces,
): WebStage {
  const feeds = marketFeedOptions(configuration, identity);
  const { host, httpPort, accounts, logLevel, marketData, threads } = configuration;
  const { connectionsPerAddress, logonsPerSecond, logonsPerAddress } = configuration;
  const limits = { connectionsPerAddress, logonsPerSecond, logonsPerAddress };
  const what = { host, httpPort, accounts, logLevel, marketData };
  const options = { ...what, tls: identity, feeds, journal, ...limits };
  return threads === "spread" ? new WebThread(options, log) : new InlineWeb(options, log);
}
