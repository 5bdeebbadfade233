// The web as a stage of a node: page, health, metrics, WebSockets and market data. Where it runs is chosen here; what it
// does is the same (web-server.ts). It follows the log's commands by itself (command-feed.ts), asks the node for its
// status, and nothing on the order path waits for it.

import type { SeriatimError } from "../../base/index.ts";
import type { Log } from "../log.ts";
import type { Configuration } from "../settings.ts";
import type { NodeStatus } from "../status.ts";
import type { Handover } from "./command-feed.ts";
import { InlineWeb } from "./web-inline.ts";
import { WebThread } from "./web-thread.ts";

/** What the web is told at start. */
export interface WebOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly httpPort: number;
  /** Where orders go. */
  readonly orderPort: number;
  /** As the setting has them. */
  readonly accounts: readonly string[];
  readonly logLevel: Configuration["logLevel"];
}

export interface WebStage {
  /** Begins, or begins anew, at what `handover` says. */
  follow(handover: Handover): void;
  /** Resolves with the HTTP port once it listens, which is after the first follow(); throws SeriatimError when it can't. */
  readonly listening: Promise<number>;
  /** Resolves with what ended it later, if anything ever does: then nobody sees the exchange, which goes on. */
  readonly failed: Promise<SeriatimError>;
  /** At any time, also after a failure; ends every connection and never rejects. Again: the same answer. */
  stop(): Promise<void>;
}

/** `status`: what the node says about itself, at any time. */
export function webOf(
  threads: Configuration["threads"],
  options: WebOptions,
  status: () => NodeStatus,
  log: Log,
): WebStage {
  return threads === "spread" ? new WebThread(options, status, log) : new InlineWeb(options, status, log);
}
