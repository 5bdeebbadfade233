// What channel `tape` says of the tape that runs in the node, once a second (specification: docs/api/websocket.md). Counts are since the start;
// who wants rates takes two messages.

/** A message has at most so many topics and groups of each: the page of a tape with all it may have would be a megabyte a second. */
const TOPICS_MAX = 100;
const GROUPS_MAX = 8;

export interface TapeReport {
  /** What ended it, in one line: the exchange goes on without it, and the figures are the last ones. */
  readonly failure?: string | undefined;
  /** When the figures were taken. */
  readonly time_us: number;
  readonly port: number;
  readonly connections: {
    readonly publishers: number;
    readonly subscribers: number;
    readonly administrators: number;
    /** Publishers that are read no further for now. */
    readonly paused: number;
    readonly opened: number;
    readonly refused: number;
  };
  readonly staging: { readonly buffers: number; readonly inUse: number; readonly timesExhausted: number };
  readonly delivery: { readonly buffers: number; readonly inUse: number };
  readonly commandsQueued: number;
  readonly batches: { readonly drained: number; readonly committed: number; readonly acknowledged: number };
  readonly bytes: { readonly drained: number; readonly committed: number; readonly delivered: number };
  readonly topics: readonly TapeTopicReport[];
  /** All that there are. */
  readonly topicsTotal: number;
}

export interface TapeTopicReport {
  readonly name: string;
  readonly order: number;
  readonly nextRecord: number;
  /** Both are the same where it holds none. */
  readonly oldestRecord: number;
  readonly bytes: number;
  readonly groups: readonly TapeGroupReport[];
}

export interface TapeGroupReport {
  readonly name: string;
  /** Everything before it is done: its lag is the topic's `nextRecord` less this. */
  readonly committed: number;
  readonly members: number;
}

export function tapeText(report: TapeReport): string {
  const { failure, time_us, port, connections, staging, delivery, commandsQueued, batches, bytes } = report;
  const { opened, refused, publishers, subscribers, administrators, paused } = connections;
  return JSON.stringify({
    type: "tape",
    failure,
    port,
    connections: { publishers, subscribers, administrators, paused, opened, refused },
    staging: { buffers: staging.buffers, inUse: staging.inUse, timesExhausted: staging.timesExhausted },
    delivery: { buffers: delivery.buffers, inUse: delivery.inUse },
    commandsQueued,
    batches: { drained: batches.drained, committed: batches.committed, acknowledged: batches.acknowledged },
    bytes: { drained: bytes.drained, committed: bytes.committed, delivered: bytes.delivered },
    topics: report.topics.slice(0, TOPICS_MAX).map(topicOnWire),
    topicsTotal: report.topicsTotal,
    time: String(time_us),
  });
}

/** With its 64-bit numbers as text. */
function topicOnWire({ name, order, nextRecord, oldestRecord, bytes, groups }: TapeTopicReport) {
  const shown = groups.slice(0, GROUPS_MAX).map(groupOnWire);
  return { name, order, next: String(nextRecord), oldest: String(oldestRecord), bytes, groups: shown };
}

function groupOnWire({ name, committed, members }: TapeGroupReport) {
  return { name, committed: String(committed), members };
}
