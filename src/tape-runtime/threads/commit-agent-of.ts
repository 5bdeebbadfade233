// A commit worker's agent from what crosses to its thread: the same for the thread and for the event loop.

import type { Clock, Storage } from "../../base/index.ts";
import { NativeChecksums } from "../../platform/index.ts";
import { tapeMemory } from "../../protocol/index.ts";
import { Ring, RingConsumer, RingProducer } from "../../ring/index.ts";
import {
  CommitAgent,
  type OrderingLimits,
  type TopicLimits,
  TopicLog,
  type TopicNotice,
  topicDirectory,
} from "../../tape/index.ts";

export interface CommitWorkerData {
  readonly directory: string;
  readonly buffers: readonly SharedArrayBuffer[];
  readonly topicLimits: TopicLimits;
  readonly orderingLimits: OrderingLimits;
  readonly commandRing: SharedArrayBuffer;
  readonly resultRing: SharedArrayBuffer;
  readonly figures: SharedArrayBuffer;
}

export interface CommitWorker {
  readonly agent: CommitAgent;
  /** Of the commands. */
  readonly consumer: RingConsumer;
  /** Of the results. */
  readonly producer: RingProducer;
}

/** `ownEpoch`: for each log that has none of its own yet, from OWN_EPOCH_MIN on. */
export function commitWorkerOf(
  data: CommitWorkerData,
  storage: Storage,
  clock: Clock,
  notice: TopicNotice,
  ownEpoch: () => number,
): CommitWorker {
  const { directory, topicLimits, orderingLimits, figures } = data;
  const checksums = new NativeChecksums();
  const commandRing = Ring.attach(data.commandRing);
  const resultRing = Ring.attach(data.resultRing);
  const consumer = new RingConsumer(commandRing);
  const producer = new RingProducer(resultRing);
  const openLog = (topic: number): TopicLog =>
    TopicLog.open(
      { storage, checksums, directory: topicDirectory(directory, topic) },
      topicLimits,
      ownEpoch(),
    );
  const agent = new CommitAgent({
    commands: { ring: commandRing, consumer },
    results: { ring: resultRing, producer },
    buffers: data.buffers.map(tapeMemory),
    ...{ openLog, checksums, clock, limits: orderingLimits, figures, notice },
  });
  return { agent, consumer, producer };
}
