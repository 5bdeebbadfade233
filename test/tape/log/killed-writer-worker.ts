// A process that writes the topic's log in the directory it is given until it is killed, going on with the batch behind the last
// one that it finds. Behind each sync it says on standard output how far the log is safe.

import { writeSync } from "node:fs";
import { Prng } from "../../../src/base/index.ts";
import { NodeStorage } from "../../../src/platform/index.ts";
import { TopicLog } from "../../../src/tape/index.ts";
import { append, LARGE, PUBLISHER, START_us, somePart, topicPlace } from "./support.ts";

const [, , directory, seed] = process.argv;
const log = TopicLog.open(topicPlace(new NodeStorage(), directory), LARGE);
const prng = new Prng(Number(seed));
for (let batch = (log.session(PUBLISHER)?.lastBatch ?? 0) + 1; ; ) {
  const part = somePart(prng, batch);
  append(log, part, START_us + batch);
  batch += part.length;
  if (prng.chance(0.8)) continue;
  log.sync();
  writeSync(1, `${log.nextRecord}\n`);
}
