// What channel `status` says about the node, once a second (specification: docs/api/websocket.md).

import type { FeedFigures } from "./feed-figures.ts";

/** A node of a cluster as another one, or it itself, sees it. */
export interface NodeReport {
  readonly name: string;
  readonly role: NodeRoleName;
  /** Of the tenure it was last seen in; 0: none yet. */
  readonly epoch: number;
  readonly connected: boolean;
  /** When it was connected, or lost: microseconds since 1970. */
  readonly since_us: number;
  /** The last position it has, and has on its disk, null where that is not known; of one that is gone, when it was last seen. */
  readonly inMemory: number;
  readonly persisted: number | null;
  /** Positions that it lacks of the primary's. */
  readonly lag: number;
  /** For how long by now it has lacked the first of them. */
  readonly lag_us: number;
}

export type NodeRoleName = "primary" | "replica" | "waiting";

export interface StatusMessage {
  readonly status: "ok" | "degraded" | "halted";
  /** Why it is not ok. */
  readonly reason?: string | undefined;
  readonly position: number;
  readonly durablePosition: number;
  /** For how long what this interface shows has lacked the next command that may be seen. */
  readonly shownLag_us: number;
  readonly commandsPerSecond: number;
  /** From the sequencing of a command to the release of its answers, over the last second; null when nothing happened. */
  readonly latency: { readonly p50_us: number; readonly p99_us: number } | null;
  /** Order-entry connections. */
  readonly connections: number;
  /** WebSocket connections. */
  readonly subscribers: number;
  /** What they subscribe to of market data, and the messages that slow ones were not sent because a newer one said more. */
  readonly streams: { readonly subscriptions: number; readonly conflated: number };
  /** Of the binary feeds; missing where there are none. */
  readonly feeds?: FeedFigures | undefined;
  readonly time_us: number;
  readonly role: NodeRoleName;
  /** This node's name in its cluster, and all its nodes that it knows of; missing on a node that is alone. */
  readonly node?: string | undefined;
  readonly nodes?: readonly NodeReport[] | undefined;
}

export function statusText(message: StatusMessage): string {
  const { status, reason, position, durablePosition, shownLag_us, commandsPerSecond, latency } = message;
  const { connections, subscribers, streams, feeds, time_us, role, node, nodes } = message;
  return JSON.stringify({
    type: "status",
    status,
    reason,
    position: String(position),
    durablePosition: String(durablePosition),
    shownLag_us,
    commandsPerSecond,
    latency,
    connections,
    subscribers,
    streams,
    feeds: feeds && feedsOnWire(feeds),
    time: String(time_us),
    role,
    node,
    nodes: nodes?.map(nodeOnWire),
  });
}

/** Figures with their 64-bit numbers as text. */
function feedsOnWire({ epoch, channels, ...counts }: FeedFigures) {
  const named = channels.map(({ next, ...channel }) => ({ ...channel, next: String(next) }));
  return { epoch: String(epoch), channels: named, ...counts };
}

/** A report with its 64-bit numbers as text. */
function nodeOnWire({
  name,
  role,
  epoch,
  connected,
  since_us,
  inMemory,
  persisted,
  lag,
  lag_us,
}: NodeReport) {
  const onDisk = persisted === null ? null : String(persisted);
  const has = { inMemory: String(inMemory), persisted: onDisk, lag: String(lag), lag_us };
  return { name, role, epoch, connected, since: String(since_us), ...has };
}
