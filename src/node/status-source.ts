// Where a node's status comes from: sampled from its stages when somebody asks.

import { getHeapStatistics } from "node:v8";
import type { ExchangeEngine } from "../engine/index.ts";
import type { Gateway } from "../gateway/index.ts";
import type { Runtime, SnapshotStatus } from "../runtime/index.ts";
import { type Condition, healthOf } from "./condition.ts";
import type { AdministrationStatus, NodeStatus } from "./status.ts";

export interface StatusSources {
  readonly runtime: Runtime;
  readonly engine: ExchangeEngine;
  readonly gateway: Gateway;
  readonly condition: Condition;
  readonly feedResyncs: number;
  readonly snapshot: SnapshotStatus;
}

export function collectStatus({
  runtime,
  engine,
  gateway,
  condition,
  feedResyncs,
  snapshot,
}: StatusSources): NodeStatus {
  const { counters } = gateway;
  const { path } = runtime;
  return {
    ...healthOf(condition),
    hasFailed: condition.failure !== undefined,
    role: "primary",
    node: runtime.primary?.name ?? "",
    nodes: runtime.primary?.nodes ?? [],
    position: path.position,
    durablePosition: path.releasedPosition,
    eventSequence: engine.sequence,
    trades: engine.trades,
    rejects: engine.rejects,
    ordersResting: engine.restingOrders,
    administration: administrationOf(engine),
    connections: counters.connections,
    connectionsOpened: counters.opened,
    connectionsClosed: { ...counters.closes },
    framesReceived: counters.frames,
    refused: counters.refused,
    bytesReceived: counters.received_bytes,
    bytesSent: counters.sent_bytes,
    load: path.meter.load,
    latency: path.meter.times.latency,
    stageTotals: path.meter.times.totals(),
    gateWaits: path.meter.waits.counts,
    time_us: runtime.time_us,
    feedResyncs,
    snapshot,
    heap_bytes: getHeapStatistics().used_heap_size,
  };
}

function administrationOf({ administration }: ExchangeEngine): AdministrationStatus {
  const { epoch, node, ackPolicy = null, halted, haltedBy, switchedOff, forcedStarts } = administration;
  return { epoch, node, ackPolicy, halted, haltedBy, switchedOff: switchedOff.size, forcedStarts };
}
