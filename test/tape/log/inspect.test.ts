// What inspecting says of a topic's files, and of a whole data directory's.

import { expect, test } from "vitest";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { inspectTopic, TopicLog } from "../../../src/tape/index.ts";
import { SEGMENT_BYTES_BEYOND_A_READ, writeAtReads } from "../../support/write-at-reads.ts";
import { append, SMALL, START_us, topicPlace } from "./support.ts";

function writtenTopic(): { disk: SimulatedDisk; log: TopicLog } {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  log.openSession(7, 1, START_us);
  for (let batch = 1; batch <= 60; batch++) append(log, [{ batch, records: 3 }], START_us + batch);
  return { disk, log };
}

test("inspecting counts what the log's writer knows", () => {
  const { disk, log } = writtenTopic();
  const { bytes, nextRecord } = log;
  log.close();
  const report = inspectTopic(topicPlace(disk));
  expect(report).toMatchObject({ verdict: "clean", batches: 60, records: 180, oldestRecord: 1, nextRecord });
  expect(report).toMatchObject({ bytes, last_us: START_us + 60 });
  expect(report.sessions).toEqual([{ publisher: 7, epoch: 1, lastBatch: 60, last_us: START_us + 60 }]);
  expect(report.segments.length).toBe(disk.list("t").length);
  expect(report.segments.reduce((sum, { batches }) => sum + batches, 0)).toBe(60);
});

test("a log of which the oldest segments went is inspected from its checkpoint on", () => {
  const { disk, log } = writtenTopic();
  log.retain({ bytes: 9_000, age_us: 0 }, START_us);
  const { oldestRecord, bytes, nextRecord } = log;
  expect(oldestRecord).toBeGreaterThan(1);
  expect(inspectTopic(topicPlace(disk))).toMatchObject({ oldestRecord, bytes, nextRecord, verdict: "clean" });
});

test("damage is in the report, with file and offset, and what lies before it is counted", () => {
  const { disk } = writtenTopic();
  const [name] = disk.list("t");
  disk.rot(`t/${name}`, 6_000, 1);
  const report = inspectTopic(topicPlace(disk));
  expect(report.verdict).toBe("corrupt");
  expect(report.words).toContain(`t/${name} at offset`);
  expect(report.batches).toBeGreaterThan(3);
});

// What had come between two reads of one file was taken for what a broken frame hides: exit status 1.
test("a log that its broker writes meanwhile is no damaged one", () => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), { ...SMALL, segmentBytes: SEGMENT_BYTES_BEYOND_A_READ });
  log.openSession(7, 1, START_us);
  let batch = 0;
  const write = (): void => {
    for (let i = 0; i < 3; i++) {
      append(log, [{ batch: ++batch, records: 3 }], START_us + batch);
      log.sync();
    }
  };
  write();
  writeAtReads(disk, write);
  expect(inspectTopic(topicPlace(disk)).verdict).toBe("clean");
  expect(batch).toBeGreaterThan(6);
});

test("a directory that holds no topic, or another log, is refused", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("t");
  expect(() => inspectTopic(topicPlace(disk))).toThrow("t holds no topic of a tape");
  disk.create("t/journal-0000000001.seg").close();
  expect(() => inspectTopic(topicPlace(disk))).toThrow(
    "t is not a tape directory: it holds journal-0000000001.seg",
  );
});
