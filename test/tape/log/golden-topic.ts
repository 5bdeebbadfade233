// The topic log whose files are kept under test/golden: two segments of format version 1, begun by a part that did not
// fit, two publishers, two epochs of one, an orderly end. In topic-1 as it was written before there were continuation marks, in
// topic-1-continued as it is written now. Whatever is changed, these files stay, and are read like this.

import { fileURLToPath } from "node:url";
import { TopicLog, type TopicPlace } from "../../../src/tape/index.ts";
import { append, START_us } from "./support.ts";

export const GOLDEN_TOPIC = fileURLToPath(new URL("../../golden/topic-1", import.meta.url));
export const GOLDEN_TOPIC_CONTINUED = fileURLToPath(
  new URL("../../golden/topic-1-continued", import.meta.url),
);

export const GOLDEN_LIMITS = { segmentBytes: 8192, partBytesMax: 3500, sessionsMax: 4 };

export function writeGoldenTopic(place: TopicPlace): void {
  const log = TopicLog.open(place, GOLDEN_LIMITS);
  log.openSession(7, 1, START_us);
  log.openSession(2 ** 40 + 5, 3, START_us + 1);
  append(log, [{ batch: 1, records: 3 }, { batch: 2 }], START_us + 2);
  log.sync();
  append(log, [{ batch: 1, publisher: 2 ** 40 + 5, epoch: 3, valueBytes: 800 }], START_us + 3);
  log.openSession(7, 2, START_us + 4);
  append(log, [{ batch: 1, epoch: 2, records: 1, valueBytes: 1500 }], START_us + 5);
  append(log, [{ batch: 2, epoch: 2 }], START_us + 6);
  log.close();
}
