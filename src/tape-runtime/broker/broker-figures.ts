// What a broker says of itself: the figures of its parts, as they are at one moment.

import type { Clock } from "../../base/index.ts";
import type {
  AdministratorService,
  CatalogTopic,
  PublisherService,
  StagingPool,
  SubscriberService,
  TapeFigures,
  TopicDirectory,
  TopicFigures,
} from "../../tape/index.ts";
import type { CommitStage } from "../threads/commit-stage.ts";
import type { CommitWorkers } from "./commit-workers.ts";
import type { OpenTopics } from "./open-topics.ts";
import type { Reception } from "./reception.ts";

/** Topics that figures tell of: more nobody looks at at once. */
const TOPICS_TOLD = 100;
/** And groups: of the longest names they are two thirds of a Reply. */
const GROUPS_TOLD = 2_048;

export interface FiguresParts {
  readonly clock: Clock;
  readonly port: number;
  readonly pool: StagingPool;
  readonly reception: Reception;
  readonly publishers: PublisherService;
  readonly subscribers: SubscriberService;
  readonly administrators: AdministratorService;
  readonly stages: readonly CommitStage[];
  readonly workers: CommitWorkers;
  readonly topics: TopicDirectory;
  readonly open: OpenTopics;
}

/** Topics are told of, and counted, as far as `isShown` says so. */
export function brokerFigures(parts: FiguresParts, isShown: (topic: string) => boolean): TapeFigures {
  const { clock, port, pool, reception, administrators, workers, topics } = parts;
  const publishing = parts.publishers.figures();
  const serving = parts.subscribers.figures;
  const counts = parts.stages.map((stage) => stage.figures());
  const all = topics
    .list()
    .filter(({ name }) => isShown(name))
    .sort((a, b) => a.id - b.id);
  return {
    time_us: clock.wallMicros(),
    port,
    connections: {
      publishers: publishing.publishers,
      subscribers: serving.subscribers,
      administrators: administrators.count,
      paused: publishing.paused,
      opened: reception.arrived,
      refused: reception.refused + publishing.faulted + serving.ended,
    },
    staging: { buffers: pool.buffers, inUse: pool.inUse, timesExhausted: pool.timesExhausted },
    delivery: {
      buffers: serving.buffers,
      inUse: serving.inUse,
      timesExhausted: serving.timesExhausted,
      reads: serving.reads,
    },
    commandsQueued: workers.queued,
    batches: {
      drained: publishing.batchesDrained,
      committed: sum(counts.map(({ batches }) => batches)),
      acknowledged: publishing.batchesAcknowledged,
    },
    bytes: {
      drained: publishing.bytesDrained,
      committed: sum(counts.map(({ bytes }) => bytes)),
      delivered: serving.bytes,
    },
    topics: usedTopics(parts, all),
    topicsTotal: all.length,
  };
}

/** How far one is that nobody has used since the start is not known: to say 1 would make every group up to date. */
function usedTopics({ open, subscribers }: FiguresParts, all: readonly CatalogTopic[]): TopicFigures[] {
  const told: TopicFigures[] = [];
  let groupsLeft = GROUPS_TOLD;
  for (const { id, name, order } of all) {
    const known = open.known(id);
    if (known === undefined) continue;
    const groups = subscribers.groupsOf(id);
    groupsLeft -= groups.length;
    if (told.length === TOPICS_TOLD || groupsLeft < 0) break;
    const { nextRecord, oldestRecord, bytes } = known;
    told.push({ name, order, nextRecord, oldestRecord, bytes, groups });
  }
  return told;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
