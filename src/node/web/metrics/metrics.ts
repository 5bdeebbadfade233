// GET /metrics: every figure is one row that reads it from the status of node and web. Sampled on request; nothing is
// counted here.

import { getHeapStatistics } from "node:v8";
import { isMainThread } from "node:worker_threads";
import { Counter, Gauge, Registry } from "@prometheus-io/client";
import { assert } from "../../../base/index.ts";
import type { NodeReport, NodeRoleName } from "../../../protocol/index.ts";
import { type LatencyTotals, STAGE_BOUNDS_S } from "../../../runtime/index.ts";
import type { Health } from "../../status.ts";
import { CountedHistogram, type CountedValues } from "./counted-histogram.ts";
import { FEED_METRICS } from "./feed-metrics.ts";
import { counter, gauge, type Metric, type Sample } from "./metric.ts";
import { TAPE_METRICS } from "./tape-metrics.ts";

const HEALTH: readonly Health[] = ["ok", "degraded", "halted"];
const ROLES: readonly NodeRoleName[] = ["primary", "replica", "waiting"];

const METRICS: readonly Metric[] = [
  gauge("seriatim_position", "Position of the last command in the log.", (s) => s.position),
  gauge("seriatim_durable_position", "Position of the last command that is safe.", (s) => s.durablePosition),
  counter(
    "seriatim_events_total",
    "Events the engine has numbered, over the whole log.",
    (s) => s.eventSequence,
  ),
  counter("seriatim_trades_total", "Trades, over the whole log.", (s) => s.trades),
  counter(
    "seriatim_rejects_total",
    "Commands the engine has refused since the start, replayed ones included.",
    (s) => s.rejects,
  ),
  gauge("seriatim_orders_resting", "Orders resting now.", (s) => s.ordersResting),
  gauge(
    "seriatim_accounts_switched_off",
    "Accounts whose kill switch is on.",
    (s) => s.administration.switchedOff,
  ),
  gauge(
    "seriatim_symbols_switched_off",
    "Instruments whose kill switch is on.",
    (s) => s.administration.symbolsOff,
  ),
  gauge("seriatim_everything_switched_off", "1 while the kill switch of everything is on.", (s) =>
    Number(s.administration.allOffBy !== ""),
  ),
  gauge("seriatim_halted", "1 while an administrator has halted trading.", (s) =>
    Number(s.administration.halted),
  ),
  gauge(
    "seriatim_ack_policy_unknown",
    "1 while a replica that is promoted may not know the ack policy in force, and lack what is answered.",
    (s) => (s.administration.ackPolicyWarning === "" ? 0 : 1),
  ),
  gauge("seriatim_epoch", "Epoch of the last tenure in the log.", (s) => s.administration.epoch),
  {
    ...gauge("seriatim_role", "1 for the role the node has, 0 for the others.", (s) =>
      Object.fromEntries(ROLES.map((role) => [role, s.role === role ? 1 : 0])),
    ),
    label: "role",
  },
  nodeGauge(
    "seriatim_node_connected",
    "1 for a node of the cluster that is connected, itself included.",
    (n) => (n.connected ? 1 : 0),
  ),
  nodeGauge("seriatim_node_position", "Last position that a node of the cluster has.", (n) => n.inMemory),
  nodeGauge(
    "seriatim_node_persisted_position",
    "Last position that a node of the cluster has on its disk.",
    (n) => n.persisted,
  ),
  nodeGauge("seriatim_node_lag_positions", "Positions that a node lacks of the primary's.", (n) => n.lag),
  nodeGauge(
    "seriatim_node_lag_seconds",
    "For how long a node has lacked the first of them.",
    (n) => n.lag_us / 1e6,
  ),
  gauge("seriatim_connections", "Order-entry connections now.", (s) => s.connections),
  counter("seriatim_connections_opened_total", "Order-entry connections opened.", (s) => s.connectionsOpened),
  gauge(
    "seriatim_connections_max",
    "The most order-entry connections there may be.",
    (s) => s.connectionsMax,
  ),
  counter(
    "seriatim_connections_full_total",
    "Times there were as many: the order port is closed until one ends.",
    (s) => s.timesFull,
  ),
  gauge("seriatim_sessions", "Order-entry connections that have logged on, now.", (s) => s.sessions),
  counter("seriatim_logons_total", "Logons that were taken.", (s) => s.logons),
  {
    ...counter("seriatim_logons_refused_total", "Logons that were refused.", (s) => s.logonsRefused),
    label: "reason",
  },
  {
    ...counter(
      "seriatim_connections_closed_total",
      "Order-entry connections ended.",
      (s) => s.connectionsClosed,
    ),
    label: "reason",
  },
  counter("seriatim_accepts_lost_total", "Peers whose accept or TLS handshake failed.", (s) => s.acceptsLost),
  counter("seriatim_frames_received_total", "Order-entry frames received.", (s) => s.framesReceived),
  counter("seriatim_refused_total", "Requests the gateway refused before the log.", (s) => s.refused),
  {
    ...counter("seriatim_throttled_total", "Requests, logons and tokens refused for their rate.", (s) => ({
      ...s.throttled,
      token: s.webSockets.throttledLogons,
    })),
    label: "kind",
  },
  counter("seriatim_received_bytes_total", "Order-entry bytes received.", (s) => s.bytesReceived),
  counter("seriatim_sent_bytes_total", "Order-entry bytes sent.", (s) => s.bytesSent),
  {
    ...gauge(
      "seriatim_release_latency_seconds",
      "From a batch's first bytes to its answers given to their sockets, over the last second.",
      ({ load: { latency } }): Readonly<Record<string, number>> =>
        latency === null ? {} : { "0.5": latency.p50_us / 1e6, "0.99": latency.p99_us / 1e6 },
    ),
    label: "quantile",
  },
  {
    ...counter(
      "seriatim_gate_waits_total",
      "Batches of answers that had to wait, by who held them back.",
      (s) => s.gateWaits,
    ),
    label: "held_by",
  },
  gauge(
    "seriatim_feed_position",
    "Position of the last command that market data and open orders know of.",
    (s) => s.feedPosition,
  ),
  counter(
    "seriatim_feed_resyncs_total",
    "Times the web's copy of the exchange fell too far behind, and read on in the journal or began anew from a snapshot.",
    (s) => s.feedResyncs,
  ),
  gauge(
    "seriatim_snapshot_position",
    "Position of the newest snapshot; 0 when there is none.",
    (s) => s.snapshot.position,
  ),
  counter(
    "seriatim_snapshot_failures_total",
    "Snapshots that could not be taken.",
    (s) => s.snapshot.failures,
  ),
  gauge("seriatim_websockets", "WebSocket connections now.", (s) => s.webSockets.connections),
  counter("seriatim_websockets_opened_total", "WebSocket connections opened.", (s) => s.webSockets.opened),
  {
    ...counter(
      "seriatim_websockets_closed_total",
      "WebSocket connections ended.",
      (s) => s.webSockets.closes,
    ),
    label: "reason",
  },
  {
    ...counter("seriatim_websockets_refused_total", "WebSocket handshakes refused.", (s) => ({
      Origin: s.webSockets.refusedOrigin,
      Full: s.webSockets.refusedFull,
    })),
    label: "reason",
  },
  {
    ...counter(
      "seriatim_http_refused_total",
      "HTTP connections refused: their address, or the server, had as many as may be.",
      (s) => ({ ...s.webSockets.refusedHttp }),
    ),
    label: "reason",
  },
  counter(
    "seriatim_websocket_messages_received_total",
    "Messages of WebSocket clients.",
    (s) => s.webSockets.messagesReceived,
  ),
  counter(
    "seriatim_websocket_messages_sent_total",
    "Messages to WebSocket clients.",
    (s) => s.webSockets.messagesSent,
  ),
  gauge(
    "seriatim_websocket_subscriptions",
    "Channels of symbols that WebSocket clients subscribe to now.",
    (s) => s.streams.subscriptions,
  ),
  counter(
    "seriatim_websocket_messages_conflated_total",
    "Messages that WebSocket clients were not sent, because a newer one said more: to slow ones, and quotes within a burst of trades.",
    (s) => s.streams.conflated,
  ),
  ...FEED_METRICS,
  ...TAPE_METRICS,
  {
    ...gauge("seriatim_status", "1 for the status the node is in, 0 for the others.", (s) =>
      Object.fromEntries(HEALTH.map((health) => [health, s.status === health ? 1 : 0])),
    ),
    label: "status",
  },
  gauge(
    "seriatim_tls_certificate_expires_seconds",
    "When the certificate of tls-cert ends, in seconds since 1970; without a value where there is none.",
    (s) => s.certificateExpires_us && s.certificateExpires_us / 1e6,
  ),
  counter("process_cpu_seconds_total", "Processor time of all threads.", () => processorSeconds()),
  gauge("process_resident_memory_bytes", "Resident memory.", () => process.memoryUsage.rss()),
  { ...gauge("nodejs_heap_used_bytes", "JavaScript heap in use, by thread.", heapsOf), label: "thread" },
  gauge("process_uptime_seconds", "Seconds since the process started.", () => process.uptime()),
];

/** A figure of each node of the cluster for which it is known; of none on a node that is alone. */
function nodeGauge(name: string, help: string, read: (node: NodeReport) => number | null): Metric {
  const readAll = ({ nodes }: Sample) => {
    const figures = nodes.map((node) => [node.name, read(node)] as const);
    return Object.fromEntries(figures.filter((figure): figure is [string, number] => figure[1] !== null));
  };
  return { ...gauge(name, help, readAll), label: "node" };
}

/** With `threads single` the node's thread is the web's too. */
function heapsOf(status: Sample): Readonly<Record<string, number>> {
  const node = { node: status.heap_bytes };
  return isMainThread ? node : { ...node, web: getHeapStatistics().used_heap_size };
}

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export interface Scrape {
  readonly contentType: string;
  readonly body: string;
}

/** A function that gives the metrics page of a sample. */
export function createMetrics(): (sample: Sample) => Promise<Scrape> {
  const registry = new Registry();
  let now: Sample | undefined;
  const sampled = (): Sample => {
    assert(now !== undefined, "metrics are collected from a sample");
    return now;
  };
  for (const metric of METRICS) addMetric(registry, metric, sampled);
  new CountedHistogram({
    name: "seriatim_stage_latency_seconds",
    help: "What the stages of a request take; up to the last whole second.",
    label: "stage",
    registry,
    bounds: STAGE_BOUNDS_S,
    read: () => inSeconds(sampled().stageTotals),
  });
  return async (sample) => {
    now = sample;
    return { contentType: registry.contentType, body: await registry.metrics() };
  };
}

function inSeconds(totals: LatencyTotals): Record<string, CountedValues> {
  const stages = Object.entries(totals);
  return Object.fromEntries(
    stages.map(([stage, { count, sum_us, below }]) => [stage, { count, sum: sum_us / 1e6, below }]),
  );
}

function addMetric(registry: Registry, metric: Metric, now: () => Sample): void {
  const labelNames = metric.label === undefined ? [] : [metric.label];
  const common = { name: metric.name, help: metric.help, labelNames, registers: [registry] };
  if (metric.type === "gauge") {
    new Gauge<string>({
      ...common,
      collect() {
        // A value of a label that the sample has no more would stay for ever.
        this.reset();
        eachSample(metric, now(), (labels, value) => this.set(labels, value));
      },
    });
    return;
  }
  new Counter<string>({
    ...common,
    collect() {
      this.reset();
      eachSample(metric, now(), (labels, value) => this.inc(labels, value));
    },
  });
}

function eachSample(
  metric: Metric,
  status: Sample,
  take: (labels: Record<string, string>, value: number) => void,
): void {
  const value = metric.read(status);
  if (value === undefined) return;
  if (typeof value === "number") take({}, value);
  else for (const [key, each] of Object.entries(value)) take({ [metric.label ?? "key"]: key }, each);
}
