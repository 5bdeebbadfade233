// Where a node's status comes from: sampled from its stages when somebody asks.

import { getHeapStatistics } from "node:v8";
import type { ExchangeEngine } from "../engine/index.ts";
import type { Gateway } from "../gateway/index.ts";
import { clusterChange } from "../replication/index.ts";
import type { Replica, Runtime, SnapshotStatus } from "../runtime/index.ts";
import { policyWarning } from "./ack-policy-work.ts";
import { type Condition, healthOf, takesOrders } from "./condition.ts";
import type { AdministrationStatus, NodeStatus, TapeStatus } from "./status.ts";
import type { NodeWeb } from "./web/node-web.ts";

export interface StatusSources {
  readonly runtime: Runtime;
  readonly engine: ExchangeEngine;
  readonly gateway: Gateway;
  /** Of the transport. */
  readonly acceptsLost: number;
  readonly timesFull: number;
  readonly condition: Condition;
  readonly feedResyncs: number;
  readonly snapshot: SnapshotStatus;
  readonly tape: TapeStatus | undefined;
  readonly certificateExpires_us: number | undefined;
}

export function collectStatus({
  runtime,
  engine,
  gateway,
  acceptsLost,
  timesFull,
  condition,
  feedResyncs,
  snapshot,
  tape,
  certificateExpires_us,
}: StatusSources): NodeStatus {
  const { counters } = gateway;
  const { path } = runtime;
  const role = runtime.primary?.role ?? "primary";
  return {
    ...healthOf(condition),
    hasFailed: condition.failure !== undefined,
    takesOrders: role === "primary" && takesOrders(condition),
    role,
    node: runtime.primary?.name ?? "",
    nodes: runtime.primary?.nodes ?? [],
    position: path.position,
    durablePosition: path.releasedPosition,
    visiblePosition: path.releasedPosition,
    ...exchangeOf(engine, runtime.primary?.cluster ?? [], runtime.primary && policyWarning(runtime.primary)),
    connections: counters.connections,
    connectionsOpened: counters.opened,
    sessions: counters.sessions,
    logons: counters.logons,
    logonsRefused: { ...counters.logonsRefused },
    connectionsClosed: { ...counters.closes },
    acceptsLost,
    ...{ connectionsMax: gateway.limits.connectionsMax, timesFull },
    framesReceived: counters.frames,
    refused: counters.refused,
    throttled: { ...counters.throttled },
    bytesReceived: counters.received_bytes,
    bytesSent: counters.sent_bytes,
    load: path.meter.load,
    latency: path.meter.times.latency,
    stageTotals: path.meter.times.totals(),
    gateWaits: path.meter.waits.counts,
    time_us: runtime.time_us,
    feedResyncs,
    snapshot,
    tape,
    certificateExpires_us,
    heap_bytes: getHeapStatistics().used_heap_size,
  };
}

/** Of a log that has not begun. */
const NOTHING_YET: ReturnType<typeof exchangeOf> = {
  ...{ eventSequence: 0, trades: 0, rejects: 0, ordersResting: 0 },
  administration: {
    ...{ epoch: 0, node: "", promotedBy: "", cluster: [], clusterWarning: "" },
    ...{ ackPolicy: null, ackPolicyWarning: "" },
    ...{ halted: false, haltedBy: "" },
    ...{ switchedOff: 0, symbolsOff: 0, allOffBy: "", forcedStarts: 0 },
  },
};

export interface ReplicaSources {
  readonly replica: Replica;
  readonly engine: ExchangeEngine;
  /** Of its cluster, by its keys file. */
  readonly named: readonly string[];
  /** Where its primary is looked for. */
  readonly primary: string;
  readonly web: Pick<NodeWeb, "failure" | "resyncs">;
  readonly commandsPerSecond: number;
  readonly time_us: number;
  readonly tape: TapeStatus | undefined;
  readonly certificateExpires_us: number | undefined;
}

/** Of a node that follows another: what it has, and zeros for what it does not do. */
export function collectReplicaStatus({
  replica,
  engine,
  named,
  primary,
  web,
  commandsPerSecond,
  time_us,
  tape,
  certificateExpires_us,
}: ReplicaSources): NodeStatus {
  const { position, snapshots, view } = replica;
  return {
    ...healthOfReplica(replica, primary, web.failure ?? tape?.failure),
    hasFailed: replica.failure !== undefined,
    takesOrders: false,
    role: "replica",
    node: view.name,
    nodes: view.nodes,
    position,
    durablePosition: view.progress.persisted,
    visiblePosition: replica.commands?.releasedPosition ?? 0,
    ...(position === 0 ? NOTHING_YET : exchangeOf(engine, named)),
    ...{ connections: 0, connectionsOpened: 0, sessions: 0, logons: 0, logonsRefused: {} },
    ...{ connectionsClosed: {}, acceptsLost: 0, connectionsMax: 0, timesFull: 0 },
    ...{ framesReceived: 0, refused: 0, throttled: {}, bytesReceived: 0, bytesSent: 0 },
    ...{ load: { commandsPerSecond, latency: null }, latency: {}, stageTotals: {}, gateWaits: {} },
    time_us,
    feedResyncs: web.resyncs,
    snapshot: snapshots?.status ?? { position: 0, failures: 0 },
    tape,
    certificateExpires_us,
    heap_bytes: getHeapStatistics().used_heap_size,
  };
}

/** `otherFailure`: of what the replica can do without. */
function healthOfReplica(
  { failure, view }: Pick<Replica, "failure" | "view">,
  primary: string,
  otherFailure: string | undefined,
): Pick<NodeStatus, "status" | "reason"> {
  if (failure !== undefined) return { status: "halted", reason: failure.message };
  // First: a thread that stands still can't tell whether it still follows.
  const other = view.isFollowing ? (noRoomFor(view) ?? otherFailure) : whyNotFollowing(view, primary);
  const reason = view.stall ?? other;
  return reason === undefined ? { status: "ok" } : { status: "degraded", reason };
}

/** A primary refuses orders then; a replica can refuse nothing. */
function noRoomFor({ shortage }: Pick<Replica["view"], "shortage">): string | undefined {
  return shortage && `no room for the log to grow, this replica ends when its file is full: ${shortage}`;
}

function whyNotFollowing({ receiving }: Pick<Replica["view"], "receiving">, primary: string): string {
  if (receiving !== undefined)
    return `it is sent its primary's snapshot of position ${receiving}, and follows when that has come`;
  return `it is not connected to its primary, looked for at ${primary.replaceAll(",", ", ")}`;
}

function exchangeOf(engine: ExchangeEngine, named: readonly string[], ackPolicyWarning = "") {
  return {
    eventSequence: engine.sequence,
    trades: engine.trades,
    rejects: engine.rejects,
    ordersResting: engine.restingOrders,
    administration: { ...administrationOf(engine, named), ackPolicyWarning },
  };
}

function administrationOf(
  { administration }: ExchangeEngine,
  named: readonly string[],
): Omit<AdministrationStatus, "ackPolicyWarning"> {
  const { epoch, node, promotedBy, cluster, ackPolicy = null, halted, haltedBy } = administration;
  const { switchedOff, symbolsOff, allOffBy, forcedStarts } = administration;
  return {
    epoch,
    node,
    promotedBy,
    cluster,
    clusterWarning: clusterChange(named, cluster)?.words ?? "",
    ackPolicy,
    halted,
    haltedBy,
    switchedOff: switchedOff.size,
    symbolsOff: symbolsOff.size,
    allOffBy,
    forcedStarts,
  };
}
