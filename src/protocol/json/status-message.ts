// What channel `status` says about the node, once a second (specification: docs/api/websocket.md).

export interface StatusMessage {
  readonly status: "ok" | "degraded" | "halted";
  /** Why it is not ok. */
  readonly reason?: string | undefined;
  readonly position: number;
  readonly durablePosition: number;
  readonly commandsPerSecond: number;
  /** From the sequencing of a command to the release of its answers, over the last second; null when nothing happened. */
  readonly latency: { readonly p50_us: number; readonly p99_us: number } | null;
  /** Order-entry connections. */
  readonly connections: number;
  /** WebSocket connections. */
  readonly subscribers: number;
  readonly time_us: number;
}

export function statusText(message: StatusMessage): string {
  const { status, reason, position, durablePosition, commandsPerSecond, latency } = message;
  const { connections, subscribers, time_us } = message;
  return JSON.stringify({
    type: "status",
    status,
    reason,
    position: String(position),
    durablePosition: String(durablePosition),
    commandsPerSecond,
    latency,
    connections,
    subscribers,
    time: String(time_us),
  });
}
