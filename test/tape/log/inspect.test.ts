// What inspecting says of a topic's files, and of a whole data directory's.

import { expect, test } from "vitest";
import { storageError } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { FIRST_EPOCH, OWN_EPOCH_MIN } from "../../../src/segment/index.ts";
import { inspectTape, inspectTopic, readCatalog, TopicLog } from "../../../src/tape/index.ts";
import { SEGMENT_BYTES_BEYOND_A_READ, writeAtReads } from "../../support/write-at-reads.ts";
import { catalogOn, KEPT, NOW_us } from "../catalog/support.ts";
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

/** When somebody opens file `name` to read it, `act` happens once: behind that, or just before. */
function meanwhile(disk: SimulatedDisk, name: string, when: "before" | "behind", act: () => void): void {
  const open = disk.open.bind(disk);
  let isDue = true;
  disk.open = (path, access) => {
    const isNow = isDue && access === "read" && path.endsWith(name);
    if (isNow) isDue = false;
    if (isNow && when === "before") act();
    const file = open(path, access);
    if (isNow && when === "behind") act();
    return file;
  };
}

// Exit status 1 on a whole tape: the file that was to be read next was not there, or was another one's by then, and so damaged.
test.each([
  ["is removed before it is read", FIRST_EPOCH, "before"],
  ["becomes the newest while it is read", OWN_EPOCH_MIN, "behind"],
] as const)("a file that retention has no need of, and that %s, is no damage", (_, epoch, when) => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL, epoch);
  log.openSession(7, 1, START_us);
  let batch = 0;
  const write = () => append(log, [{ batch: ++batch, records: 3 }], START_us + batch);
  while (disk.list("t").length < 4) write();
  // The first of all begins before the log has an epoch of its own, and is never used again.
  log.retain({ bytes: 3 * SMALL.segmentBytes, age_us: 0 }, START_us);
  while (disk.list("t")[0] === "tape-0000000001.seg")
    log.retain({ bytes: SMALL.segmentBytes, age_us: 0 }, START_us);
  log.retain({ bytes: 3 * SMALL.segmentBytes, age_us: 0 }, START_us);
  const [oldest] = disk.list("t");
  meanwhile(disk, oldest, when, () => {
    while (disk.list("t")[0] === oldest) {
      write();
      if (when === "before") log.retain({ bytes: 9_000, age_us: 0 }, START_us);
    }
  });
  const report = inspectTopic(topicPlace(disk));
  const { nextRecord, oldestRecord } = log;
  expect(disk.list("t")[0]).not.toBe(oldest);
  expect(report).toMatchObject({ verdict: "clean", nextRecord, oldestRecord });
});

test("a log whose files go faster than they are read is said to be that", () => {
  const { disk } = writtenTopic();
  disk.open = (path) => {
    throw storageError("ENOENT", "open", path);
  };
  expect(() => inspectTopic(topicPlace(disk))).toThrow(
    "the tape in t: its oldest files go faster than they are read: look again, or at a copy",
  );
});

test("a topic that is deleted while the tape is looked at is left out, and one that is made then is known by its name", () => {
  const disk = new SimulatedDisk();
  const catalog = catalogOn(disk);
  const topic = (id: number) => ({ ...KEPT, id, name: `t${id}`, created_us: NOW_us });
  const make = (id: number) => {
    catalog.write([{ kind: "topic", topic: topic(id) }], NOW_us);
    const log = TopicLog.open(topicPlace(disk, `d/topics/0000000${id}`), SMALL);
    append(log, [{ batch: 1 }]);
    log.close();
  };
  for (const id of [1, 2]) make(id);
  const list = disk.list.bind(disk);
  disk.list = (directory) => {
    if (directory.endsWith("00000001")) throw storageError("ENOENT", "list", directory);
    if (directory === "d/topics" && catalog.state.topic(3) === undefined) make(3);
    // Directories as names of one another the simulated disk does not have.
    return directory === "d/topics" ? ["00000001", "00000002", "00000003"] : list(directory);
  };
  const { topics } = inspectTape({ ...topicPlace(disk), directory: "d" });
  expect(topics.map(({ id, name }) => [id, name])).toEqual([
    [2, "t2"],
    [3, "t3"],
  ]);
});

// What had been read until then was taken for all of it.
test("a catalog whose files are removed while it is read is read again", () => {
  const disk = new SimulatedDisk();
  const catalog = catalogOn(disk);
  const topic = { ...KEPT, id: 1, name: "t", created_us: NOW_us };
  catalog.write([{ kind: "topic", topic }], NOW_us);
  let committed = 0;
  const commit = () =>
    catalog.write([{ kind: "group", topic: 1, group: "risk", committed: ++committed }], NOW_us);
  for (let i = 0; i < 10; i++) commit();
  const [oldest] = disk.list("d/catalog");
  meanwhile(disk, oldest, "before", () => {
    while (disk.list("d/catalog")[0] === oldest) commit();
  });
  const read = readCatalog({ ...topicPlace(disk), directory: "d" });
  expect(read.asChanges()).toEqual(catalog.state.asChanges());
  expect(disk.list("d/catalog")[0]).not.toBe(oldest);
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
