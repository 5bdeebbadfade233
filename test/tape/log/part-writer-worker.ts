// A topic's log written on a thread of its own: parts of one to three batches, large ones among them, as fast as it goes, until
// `last` batches are written. Says in shared memory behind each part how far the log may be read.

import { workerData } from "node:worker_threads";
import { Prng } from "../../../src/base/index.ts";
import { NodeStorage } from "../../../src/platform/index.ts";
import { TopicLog } from "../../../src/tape/index.ts";
import { append, LARGE, START_us, somePart, topicPlace } from "./support.ts";

const { directory, last, progress } = workerData as {
  readonly directory: string;
  readonly last: number;
  readonly progress: Int32Array;
};
const log = TopicLog.open(topicPlace(new NodeStorage(), directory), LARGE);
const prng = new Prng(11);
for (let batch = 1; batch <= last; ) {
  const part = somePart(prng, batch);
  append(log, part, START_us + batch);
  batch += part.length;
  Atomics.store(progress, 0, log.nextPosition);
  Atomics.notify(progress, 0);
}
Atomics.store(progress, 1, log.nextRecord);
log.close();
