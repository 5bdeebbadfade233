// Where a node's status comes from: sampled from its stages when somebody asks.

import { getHeapStatistics } from "node:v8";
import type { ExchangeEngine } from "../engine/index.ts";
import type { Gateway } from "../gateway/index.ts";
import type { Sequencer } from "../sequencer/index.ts";
import type { CommandPath } from "./command-path.ts";
import { type Condition, healthOf } from "./condition.ts";
import type { NodeStatus } from "./status.ts";

export interface StatusSources {
  readonly sequencer: Sequencer;
  readonly path: CommandPath;
  readonly engine: ExchangeEngine;
  readonly gateway: Gateway;
  readonly condition: Condition;
  readonly feedResyncs: number;
  readonly wall_us: number;
}

export function collectStatus({
  sequencer,
  path,
  engine,
  gateway,
  condition,
  feedResyncs,
  wall_us,
}: StatusSources): NodeStatus {
  const { counters } = gateway;
  return {
    ...healthOf(condition),
    role: "primary",
    position: sequencer.position,
    durablePosition: path.releasedPosition,
    eventSequence: engine.sequence,
    trades: engine.trades,
    rejects: engine.rejects,
    ordersResting: engine.restingOrders,
    connections: counters.connections,
    connectionsOpened: counters.opened,
    connectionsClosed: { ...counters.closes },
    framesReceived: counters.frames,
    refused: counters.refused,
    bytesReceived: counters.received_bytes,
    bytesSent: counters.sent_bytes,
    load: path.meter.load,
    time_us: Math.max(sequencer.time_us, wall_us),
    feedResyncs,
    heap_bytes: getHeapStatistics().used_heap_size,
  };
}
