// The kept files of a topic's log: written today byte for byte, and read as what was written into them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { NodeStorage } from "../../../src/platform/index.ts";
import { inspectTopic, TopicLog, TopicReader } from "../../../src/tape/index.ts";
import { GOLDEN_LIMITS, GOLDEN_TOPIC, GOLDEN_TOPIC_CONTINUED, writeGoldenTopic } from "./golden-topic.ts";
import { endOf, readAll, START_us, topicPlace } from "./support.ts";

test("what is written today is the kept topic with continuation marks, byte for byte", () => {
  const disk = new SimulatedDisk();
  writeGoldenTopic(topicPlace(disk));
  const kept = readdirSync(GOLDEN_TOPIC_CONTINUED);
  expect(disk.list("t")).toEqual(kept);
  for (const name of kept) {
    const file = readFileSync(join(GOLDEN_TOPIC_CONTINUED, name));
    expect([name, Buffer.compare(disk.contents(`t/${name}`), file)]).toEqual([name, 0]);
  }
});

const KEPT = [
  ["from before continuation marks", GOLDEN_TOPIC],
  ["with continuation marks", GOLDEN_TOPIC_CONTINUED],
] as const;

test.each(KEPT)("the kept topic of version 1 %s is read as what was written into it", (_, topic) => {
  expect(inspectTopic(topicPlace(new NodeStorage(), topic))).toMatchObject({
    verdict: "clean",
    segments: [
      { firstRecord: 1, batches: 3 },
      { firstRecord: 8, batches: 2 },
    ],
    records: 10,
    last_us: START_us + 6,
    sessions: [
      { publisher: 7, epoch: 2, lastBatch: 2, last_us: START_us + 6 },
      { publisher: 2 ** 40 + 5, epoch: 3, lastBatch: 1, last_us: START_us + 3 },
    ],
  });
  const reader = new TopicReader(topicPlace(new NodeStorage(), topic));
  const seen = readAll(reader, { kind: "record", value: 4 }, { nextPosition: 10, nextRecord: 11 });
  reader.close();
  expect(
    Array.isArray(seen) && seen.map(({ record, epoch, batch, index }) => [record, epoch, batch, index]),
  ).toEqual([
    [4, 1, 2, 0],
    [5, 1, 2, 1],
    [6, 3, 1, 0],
    [7, 3, 1, 1],
    [8, 2, 1, 0],
    [9, 2, 2, 0],
    [10, 2, 2, 1],
  ]);
});

test.each(KEPT)("the kept topic of version 1 %s is opened, and written on", (_, topic) => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("t");
  for (const name of readdirSync(topic)) {
    disk.create(`t/${name}`);
    disk.overwrite(`t/${name}`, readFileSync(join(topic, name)));
  }
  const log = TopicLog.open(topicPlace(disk), GOLDEN_LIMITS);
  expect(endOf(log)).toEqual({ nextPosition: 10, nextRecord: 11 });
  expect(log.session(7)).toMatchObject({ epoch: 2, lastBatch: 2 });
});
