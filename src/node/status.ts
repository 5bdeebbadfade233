// What a node says about itself at one moment: plain numbers, sampled when health or metrics are asked for, so that
// nothing on the order path waits for a reader.

import type { StreamFigures } from "../feed/index.ts";
import type { FeedFigures, NodeReport, NodeRoleName } from "../protocol/index.ts";
import type { Latency, LatencyTotals, Load, SnapshotStatus } from "../runtime/index.ts";
import type { TapeFigures } from "../tape/index.ts";
import type { WebCounters } from "./web/web-limits.ts";

/** ok: serves and keeps its promises. degraded: serves, but not all it promises. halted: takes no new commands. */
export type Health = "ok" | "degraded" | "halted";

export interface NodeStatus {
  readonly status: Health;
  /** Why it is not ok, in one line. */
  readonly reason?: string;
  /** Nothing more becomes safe: only the end is left. */
  readonly hasFailed: boolean;
  /** Whether a new order sent to this node now would be taken to be judged. */
  readonly takesOrders: boolean;
  readonly role: NodeRoleName;
  /** This node's name in its cluster, and all its nodes that it knows of, by name; "" and none of a node that is alone. */
  readonly node: string;
  readonly nodes: readonly NodeReport[];
  /** The last command of the log. */
  readonly position: number;
  /** The last command that is safe under the durability in force. */
  readonly durablePosition: number;
  /** Commands up to here may be seen: of a replica as its primary says. */
  readonly visiblePosition: number;
  /** The engine's last event sequence. */
  readonly eventSequence: number;
  readonly trades: number;
  /** Commands that the engine refused: they are in the log. */
  readonly rejects: number;
  /** Orders that rest now. */
  readonly ordersResting: number;
  readonly administration: AdministrationStatus;
  /** Order-entry connections now. */
  readonly connections: number;
  readonly connectionsOpened: number;
  /** Connections that have logged on, now, and how many have. */
  readonly sessions: number;
  readonly logons: number;
  /** Logons that were refused, by the reason's name. */
  readonly logonsRefused: Readonly<Record<string, number>>;
  /** Connections that ended, by the gateway's name of the reason. */
  readonly connectionsClosed: Readonly<Record<string, number>>;
  /** Peers that were gone before they were connections: an accept or a TLS handshake that failed. */
  readonly acceptsLost: number;
  /** The most there may be, and how often there were: then nothing is listened on. */
  readonly connectionsMax: number;
  readonly timesFull: number;
  readonly framesReceived: number;
  /** Requests on orders that the gateway refused on its own: they are not in the log. */
  readonly refused: number;
  /** Requests and logons over the rate, by which of the two. */
  readonly throttled: Readonly<Record<string, number>>;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Of the last second. */
  readonly load: Load;
  /** What each stage of a request took, of the last second. */
  readonly latency: Latency;
  /** The same since the start, for histograms. */
  readonly stageTotals: LatencyTotals;
  /** Batches of answers that had to wait, by who held them back. */
  readonly gateWaits: Readonly<Record<string, number>>;
  /** The sequencer's time for a command of now. */
  readonly time_us: number;
  readonly snapshot: SnapshotStatus;
  /** Times the web's copy of the exchange was too far behind and began anew. */
  readonly feedResyncs: number;
  /** Of the node's thread. */
  readonly heap_bytes: number;
  /** Undefined where there is none. */
  readonly tape?: TapeStatus | undefined;
  /** When the certificate of its listeners ends; undefined where they have none. */
  readonly certificateExpires_us?: number | undefined;
}

/** What a node says of the tape that runs in it. */
export interface TapeStatus {
  /** What ended it, in one line: the exchange goes on without it. */
  readonly failure?: string | undefined;
  /** At most a second old; those of the end when it has failed; undefined: it has not said any yet. */
  readonly figures?: TapeFigures | undefined;
  /** Of the log, up to which the exchange has handed to its topics what is said there; undefined where nothing is published. */
  readonly published?: number | undefined;
}

/** What administrators and nodes have decided, by the log. */
export interface AdministrationStatus {
  /** Of the last tenure, with the name of its node; 0 before the first. */
  readonly epoch: number;
  readonly node: string;
  /** Who promoted that node; "" when it led by itself. */
  readonly promotedBy: string;
  /** The nodes of that tenure's cluster by name, in order; empty: the log does not say. */
  readonly cluster: readonly string[];
  /** That this node's keys file has other nodes than those, in one line; "" when it has the same. */
  readonly clusterWarning: string;
  /** Null: nobody has chosen one. */
  readonly ackPolicy: string | null;
  /** Why no replica should be promoted before it has followed this node again, in one line; "" when it may. */
  readonly ackPolicyWarning: string;
  readonly halted: boolean;
  /** Who gave the last halt or resume. */
  readonly haltedBy: string;
  /** Accounts whose kill switch is on. */
  readonly switchedOff: number;
  /** Instruments whose kill switch is on. */
  readonly symbolsOff: number;
  /** Who has switched everything off; "" when nobody has. */
  readonly allOffBy: string;
  readonly forcedStarts: number;
}

/** What the web knows about itself. */
export interface WebStatus {
  /** The last command that its copy of the exchange has applied. */
  readonly feedPosition: number;
  readonly webSockets: WebCounters;
  /** Of market data as JSON. */
  readonly streams: StreamFigures;
  /** Of the binary feeds; undefined where there are none. */
  readonly feeds?: FeedFigures | undefined;
}
