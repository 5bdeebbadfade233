// The storage thread with real files: the catalog over restarts, reads into delivery buffers, what is found at the start.

import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import type { SeriatimError } from "../../../src/base/index.ts";
import { NativeChecksums, NodeStorage, SystemClock } from "../../../src/platform/index.ts";
import { TapeReason, tapeMemory } from "../../../src/protocol/index.ts";
import { SECTOR_BYTES } from "../../../src/segment/index.ts";
import {
  CatalogLog,
  type ReadBatches,
  type ReadFailure,
  TopicLog,
  topicDirectory,
} from "../../../src/tape/index.ts";
import { STORAGE_CLOSE_MS, StorageStage } from "../../../src/tape-runtime/threads/storage-stage.ts";
import { hasThreadStates, opensFifo } from "../../support/threads.ts";
import { until } from "../../support/until.ts";
import { KEPT, madeIn } from "../../tape/catalog/support.ts";
import { append, recordsIn } from "../../tape/log/support.ts";

const place = { storage: new NodeStorage(), checksums: new NativeChecksums() };
const START_us = 1_700_000_000_000_000;
const SMALL = { segmentBytes: SECTOR_BYTES + 8192, partBytesMax: 4000, sessionsMax: 4 };

const directories: string[] = [];
const stages: StorageStage[] = [];

afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.close();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "storage-"));
  directories.push(directory);
  return directory;
}

async function open(
  directory: string,
  onDamage: (error: SeriatimError) => void = () => {},
): Promise<StorageStage> {
  const clock = new SystemClock();
  const stage = await StorageStage.open({ directory, deliveryBuffers: 2, clock, onDamage });
  stages.push(stage);
  return stage;
}

/** Answers in the order they come. */
function answersOf(stage: StorageStage): () => Promise<number | ReadBatches | ReadFailure> {
  const waiting: ((outcome: number | ReadBatches | ReadFailure) => void)[] = [];
  const came: (number | ReadBatches | ReadFailure)[] = [];
  const take = (outcome: number | ReadBatches | ReadFailure) => {
    const next = waiting.shift();
    if (next === undefined) came.push(outcome);
    else next(outcome);
  };
  void stage.deliverTo({ read: (_, outcome) => take(outcome), located: (_, outcome) => take(outcome) });
  return () => {
    const outcome = came.shift();
    return outcome === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(outcome);
  };
}

/** A topic whose log has `batches` of two records each, a microsecond apart. */
async function filled(stage: StorageStage, directory: string, batches: number) {
  const topic = await madeIn(stage.topics, "md.trades");
  const log = TopicLog.open({ ...place, directory: topicDirectory(directory, topic.id) }, SMALL);
  log.openSession(7, 1, START_us);
  for (let batch = 1; batch <= batches; batch++) append(log, [{ batch }], START_us + batch);
  return { topic, log, progress: progressOf(log) };
}

function progressOf({ nextPosition, nextRecord, oldestRecord, bytes }: TopicLog) {
  return { nextPosition, nextRecord, oldestRecord, bytes };
}

test("topics, settings and committed offsets are there again after a restart, and numbers are not given twice", async () => {
  const directory = newDirectory();
  const first = await open(directory);
  await madeIn(first.topics, "a", { order: 2, retainBytes: 5, retain_us: 6 });
  const { id } = await madeIn(first.topics, "b");
  first.offsets.commit(id, "risk", 12);
  await madeIn(first.topics, "c");
  await first.topics.delete("c");
  expect(await first.close()).toBeUndefined();
  const second = await open(directory);
  expect(second.topics.list().map(({ name, order }) => [name, order])).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
  expect(second.offsets.committed(id, "risk")).toBe(12);
  expect(await madeIn(second.topics, "c")).toMatchObject({ id: 4 });
});

// A topic that was made, or a group's place, could be gone with it, in silence.
test("a catalog whose end was cut is said, with file and offset, and what is whole before it is there", async () => {
  const directory = newDirectory();
  const catalog = new CatalogLog({ ...place, directory });
  for (const id of [1, 2]) {
    const topic = { ...KEPT, id, name: `t${id}`, created_us: START_us };
    catalog.write([{ kind: "topic", topic }], START_us);
  }
  const path = join(directory, "catalog", "catalog-0000000001.seg");
  const bytes = readFileSync(path);
  const last = bytes.findLastIndex((byte) => byte !== 0);
  bytes[last] ^= 1;
  writeFileSync(path, bytes);
  const said: SeriatimError[] = [];
  const stage = await open(directory, (error) => said.push(error));
  expect(stage.topics.list().map(({ name }) => name)).toEqual(["t1"]);
  expect(said).toMatchObject([{ code: "CATALOG_CUT" }]);
  expect(said[0].message).toMatch(
    /^the list of topics: its end was cut: torn: .*\/catalog-0000000001\.seg at offset \d+, /,
  );
});

test("what groups commit while a flush is under way is durable too when the stage has closed", async () => {
  const directory = newDirectory();
  const first = await open(directory);
  const { id } = await madeIn(first.topics, "a");
  first.offsets.commit(id, "risk", 5);
  void first.offsets.flush();
  first.offsets.commit(id, "risk", 8);
  expect(await first.close()).toBeUndefined();
  expect((await open(directory)).offsets.committed(id, "risk")).toBe(8);
});

test.skipIf(!hasThreadStates)(
  "a disk that hangs keeps nobody from closing, whatever waits for it",
  async () => {
    const directory = newDirectory();
    const stage = await open(directory);
    const { topic, log, progress } = await filled(stage, directory, 1);
    log.close();
    const [segment] = readdirSync(topicDirectory(directory, topic.id));
    // Opening it waits for who writes to it, as a file for its disk.
    const hanging = join(topicDirectory(directory, topic.id), segment);
    rmSync(hanging);
    execFileSync("mkfifo", [hanging]);
    stage.reads.read(0, topic.id, 1, progress);
    await until(opensFifo);
    stage.offsets.commit(topic.id, "risk", 5);
    void stage.offsets.flush();
    stages.length = 0;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const closed = stage.close();
      // The broker's own bound, and that of the node around it, count on it.
      await vi.advanceTimersByTimeAsync(STORAGE_CLOSE_MS);
      const outcome = await Promise.race([closed, nextTurn("still waits")]);
      expect(outcome).toMatchObject({ message: "the tape's storage thread ended: its disk hangs" });
    } finally {
      vi.useRealTimers();
      closeSync(openSync(hanging, constants.O_RDWR | constants.O_NONBLOCK));
    }
  },
);

test("batches are read into a delivery buffer from any record on, by record and by time, up to the end that was told", async () => {
  const directory = newDirectory();
  const stage = await open(directory);
  const { topic, log, progress } = await filled(stage, directory, 60);
  const answer = answersOf(stage);
  for (const record of [1, 2, 41, 119, 120]) {
    expect(stage.reads.read(1, topic.id, record, progress)).toBe(true);
    const read = (await answer()) as ReadBatches;
    expect(read).toMatchObject({ firstRecord: record - ((record - 1) % 2), nextRecord: 121 });
    const seen = recordsIn(tapeMemory(stage.deliveryBuffers[1]), read.bytes);
    expect([seen[0].record, seen.length]).toEqual([read.firstRecord, 121 - read.firstRecord]);
  }
  stage.reads.locate(9, topic.id, START_us + 30, progress);
  expect(await answer()).toBe(59);
  const before = progress;
  append(log, [{ batch: 61 }], START_us + 61);
  stage.reads.read(0, topic.id, 120, before);
  expect(await answer()).toMatchObject({ nextRecord: 121 });
  stage.reads.read(0, topic.id, 121, progressOf(log));
  expect(await answer()).toMatchObject({ firstRecord: 121, nextRecord: 123 });
  log.close();
});

test("a read behind what retention has left is told the oldest record, and one of no topic that it failed", async () => {
  const directory = newDirectory();
  const stage = await open(directory);
  const { topic, log } = await filled(stage, directory, 60);
  const answer = answersOf(stage);
  expect(log.retain({ bytes: 1, age_us: 0 }, START_us + 100)).toBeGreaterThan(0);
  stage.reads.read(0, topic.id, 1, progressOf(log));
  expect(await answer()).toEqual({ reason: TapeReason.RecordGone, detail: log.oldestRecord });
  stage.reads.read(0, 99, 1, progressOf(log));
  expect(await answer()).toEqual({ reason: TapeReason.LogFailed, detail: 0 });
  log.close();
});

test("of damage the answer is the record behind it, and topic, file and offset are said; what is whole in front is read before", async () => {
  const directory = newDirectory();
  const said: string[] = [];
  const stage = await open(directory, ({ message }) => said.push(message));
  const { topic, log, progress } = await filled(stage, directory, 200);
  log.close();
  const path = join(topicDirectory(directory, topic.id), "tape-0000000002.seg");
  const bytes = readFileSync(path);
  bytes[SECTOR_BYTES + 4000] ^= 1;
  writeFileSync(path, bytes);
  const answer = answersOf(stage);
  for (let record = 1; ; ) {
    stage.reads.read(0, topic.id, record, progress);
    const read = (await answer()) as ReadBatches | ReadFailure;
    if ("nextRecord" in read) record = read.nextRecord;
    else {
      expect(read.reason).toBe(TapeReason.LogCorrupt);
      expect(read.detail).toBeGreaterThan(record);
      stage.reads.read(0, topic.id, read.detail, progress);
      expect(await answer()).toMatchObject({ firstRecord: read.detail });
      break;
    }
  }
  expect(said).toEqual([expect.stringMatching(/^topic md\.trades: corrupt: .*002\.seg at offset \d+: /)]);
});

test("a deleted topic's files go, those of a deletion that was cut off with the next start", async () => {
  const directory = newDirectory();
  const stage = await open(directory);
  const { topic, log, progress } = await filled(stage, directory, 20);
  const answer = answersOf(stage);
  stage.reads.read(0, topic.id, 1, progress);
  await answer();
  log.close();
  const kept = await madeIn(stage.topics, "kept");
  const cutOff = await madeIn(stage.topics, "cut.off");
  for (const { id } of [kept, cutOff]) mkdirSync(topicDirectory(directory, id));
  for (const { name } of [topic, cutOff]) await stage.topics.delete(name);
  await stage.removeTopic(topic.id);
  expect(readdirSync(join(directory, "topics"))).toEqual(["00000002", "00000003"]);
  await stage.close();
  await open(directory);
  expect(readdirSync(join(directory, "topics"))).toEqual(["00000002"]);
});

test("folders of topics that the catalog never had are somebody's: nothing is removed, and the start is refused", async () => {
  const directory = newDirectory();
  const stage = await open(directory);
  const { log } = await filled(stage, directory, 3);
  log.close();
  await stage.close();
  rmSync(join(directory, "catalog"), { recursive: true });
  await expect(open(directory)).rejects.toThrow(
    /topics\/00000001 is no topic of the catalog in .*: one of the two/,
  );
  expect(readdirSync(join(directory, "topics"))).toEqual(["00000001"]);
});

test("a catalog that is damaged is refused with its file and place", async () => {
  const directory = newDirectory();
  const stage = await open(directory);
  await madeIn(stage.topics, "a");
  await stage.close();
  writeFileSync(join(directory, "catalog", "catalog-0000000001.seg"), "nothing of the kind");
  await expect(open(directory)).rejects.toMatchObject({ code: "LOG_CORRUPT" });
});

test("a catalog that can't be written any more ends the stage, with what the disk said", async () => {
  const directory = newDirectory();
  const stage = await open(directory);
  const { id } = await madeIn(stage.topics, "a");
  rmSync(join(directory, "catalog"), { recursive: true });
  const group = (i: number) =>
    ({ kind: "group", topic: id, group: "g".repeat(250) + i, committed: 1 }) as const;
  // More than half a segment: another one is begun, where there is no directory.
  const failed = stage.write(Array.from({ length: 2_000 }, (_, i) => group(i)));
  await expect(failed).rejects.toMatchObject({ code: "ENOENT" });
  expect(await stage.over).toMatchObject({ code: "ENOENT" });
  expect(await stage.topics.getOrCreate("b", KEPT)).toBe(TapeReason.LogFailed);
  stages.length = 0;
  expect(await stage.close()).toMatchObject({ code: "ENOENT" });
});

test("what is asked of a stage that is closed is refused, and closing twice is closing once", async () => {
  const stage = await open(newDirectory());
  const delivered = stage.deliverTo({ read: () => {}, located: () => {} });
  await stage.close();
  await delivered;
  expect(await stage.topics.getOrCreate("a", KEPT)).toBe(TapeReason.ShuttingDown);
  await expect(stage.removeTopic(1)).rejects.toMatchObject({ code: "STORAGE_CLOSED" });
  expect(await stage.close()).toBeUndefined();
});
