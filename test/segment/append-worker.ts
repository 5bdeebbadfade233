// A log's writer on a thread of its own: appends frames to the log in `directory` and lifts the shared cell to its
// durable position after each, until that has reached `last`.

import { workerData } from "node:worker_threads";
import { NodeStorage } from "../../src/platform/index.ts";
import { openLog } from "../../src/segment/index.ts";
import { appendFrame, logPlace, SMALL } from "./support.ts";

const { directory, last, durable } = workerData as {
  readonly directory: string;
  readonly last: number;
  readonly durable: Int32Array;
};
const { writer } = openLog(logPlace(new NodeStorage(), directory), SMALL);
while (writer.position < last) {
  appendFrame(writer, 1 + (writer.position % 50));
  writer.sync();
  writer.prepareNext(false);
  Atomics.store(durable, 0, writer.durablePosition);
  Atomics.notify(durable, 0);
}
writer.close();
