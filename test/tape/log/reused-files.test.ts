// The file of a segment that is kept no more becomes the next segment: what it held before is never taken for what was written,
// whatever a kill leaves of it, and who had it open is told that it is gone.

import { expect, test } from "vitest";
import type { Storage } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { OWN_EPOCH_MIN } from "../../../src/segment/index.ts";
import { inspectTopic, TopicLog, TopicReader } from "../../../src/tape/index.ts";
import { append, endOf, readAll, SMALL, START_us, topicPlace } from "./support.ts";

const EPOCH = OWN_EPOCH_MIN + 7;
const KEEP = { bytes: 3 * SMALL.segmentBytes, age_us: 0 };
const FENCE_BYTES = 80;

/** Parts of one size, so that an old frame lies exactly where the next new one would. */
class Topic {
  readonly disk = new SimulatedDisk();
  readonly place = topicPlace(this.disk);
  log = this.open();
  #batch = 0;

  open(): TopicLog {
    return TopicLog.open(this.place, SMALL, EPOCH);
  }

  put(count = 1): void {
    for (let i = 0; i < count; i++) append(this.log, [{ batch: ++this.#batch }], START_us + this.#batch);
  }

  files(): string[] {
    return this.disk.list("t");
  }

  /** As a killed process leaves it: everything written is there. */
  kill(): void {
    this.disk.restart();
  }
}

/** Writes until a file has become another segment; returns what it held before, and its name now. */
function untilReused(topic: Topic): { before: Uint8Array; file: string } {
  topic.log.openSession(7, 1, START_us);
  for (let i = 0; i < 500; i++) {
    // The first of all begins before the log has an epoch of its own: it is removed.
    if (topic.files()[0] === "tape-0000000001.seg") topic.log.retain(KEEP, START_us);
    const names = topic.files();
    const before = topic.disk.contents(`t/${names[0]}`).slice();
    topic.put();
    const now = topic.files();
    const isReused = names[0] !== "tape-0000000001.seg" && now.length === names.length;
    if (isReused && now[0] !== names[0]) return { before, file: `t/${now.at(-1)}` };
  }
  throw new Error("no file was used again");
}

test("the oldest file becomes the next segment, and no more are kept than before", () => {
  const topic = new Topic();
  const { before, file } = untilReused(topic);
  topic.put(3);
  const { length } = topic.files();
  // Behind the fence of the last frame lies what was there.
  const rest = topic.disk.contents(file).subarray(4096 + 3000);
  expect(rest.some((byte) => byte !== 0)).toBe(true);
  expect(rest).toEqual(before.subarray(4096 + 3000));
  topic.put(200);
  expect(topic.files()).toHaveLength(length);
  const seen = readAll(
    new TopicReader(topic.place),
    { kind: "record", value: topic.log.oldestRecord },
    endOf(topic.log),
  );
  expect(Array.isArray(seen) && seen.length).toBe(topic.log.nextRecord - topic.log.oldestRecord);
  topic.log.close();
  expect(inspectTopic(topic.place)).toMatchObject({ verdict: "clean" });
});

test("after a kill everything is there, nothing was cut, and what the file held before is gone", () => {
  const topic = new Topic();
  const { file } = untilReused(topic);
  topic.put(4);
  const { nextRecord } = topic.log;
  topic.kill();
  expect(inspectTopic(topic.place)).toMatchObject({ verdict: "clean", nextRecord });
  const log = topic.open();
  expect([log.nextRecord, log.cut]).toEqual([nextRecord, undefined]);
  expect(
    topic.disk
      .contents(file)
      .subarray(4096 + 5000)
      .every((byte) => byte === 0),
  ).toBe(true);
});

test("whatever of the new frames the disk has lost, old ones in their places are not taken for them", () => {
  const topic = new Topic();
  const { before, file } = untilReused(topic);
  const begun = topic.log.nextRecord;
  const ends = [topic.log.bytes];
  for (let i = 0; i < 5; i++) {
    topic.put();
    ends.push(topic.log.bytes);
  }
  const { nextRecord } = topic.log;
  topic.kill();
  const now = topic.disk.contents(file).slice();
  const frameBytes = ends[1] - ends[0];
  for (const hasFence of [true, false]) {
    for (let lost = 1; lost <= 5; lost++) {
      const end = now.length - lastZeros(now, before) - lost * frameBytes;
      const bytes = before.slice();
      bytes.set(now.subarray(0, end));
      if (hasFence) bytes.fill(0, end, end + FENCE_BYTES);
      topic.disk.overwrite(file, bytes);
      const log = topic.open();
      expect({ lost, hasFence, next: log.nextRecord }).toEqual({
        lost,
        hasFence,
        next: nextRecord - 2 * lost,
      });
      expect(log.cut === undefined).toBe(hasFence);
      topic.kill();
    }
  }
  expect(begun).toBe(nextRecord - 10);
});

/** Bytes behind the last frame: its fence, and what the file held before. */
function lastZeros(now: Uint8Array, before: Uint8Array): number {
  let at = now.length;
  while (at > 0 && now[at - 1] === before[at - 1]) at--;
  // The fence is zeros where the old frame's header was.
  while (at > 0 && now[at - 1] === 0) at--;
  return now.length - Math.ceil(at / 8) * 8;
}

test("a reader that has the file open is told which is the oldest record, not that it is damaged", () => {
  const topic = new Topic();
  untilReused(topic);
  topic.put(20);
  const reader = new TopicReader(topic.place);
  const oldest = { kind: "record", value: topic.log.oldestRecord } as const;
  const cursor = reader.locate(oldest, endOf(topic.log));
  if ("oldestRecord" in cursor) throw new Error("it is there");
  const readOn = () => readAll(reader, oldest, endOf(topic.log), undefined, 1, 1);
  expect(Array.isArray(readOn())).toBe(true);
  for (let i = 0; i < 60; i++) {
    topic.put();
    const seen = readOn();
    if (oldest.value < topic.log.oldestRecord) expect(seen).toBe(topic.log.oldestRecord);
    else expect(Array.isArray(seen)).toBe(true);
  }
  expect(topic.log.oldestRecord).toBeGreaterThan(oldest.value);
});

test("a file that becomes another segment between its opening and the look at its header is gone, whatever is looked for", () => {
  const topic = new Topic();
  untilReused(topic);
  topic.put(20);
  for (const kind of ["record", "position", "time"] as const) {
    const { oldestRecord: oldest, nextRecord } = topic.log;
    const end = endOf(topic.log);
    const [name] = topic.files();
    const known = new TopicReader(topic.place).locate({ kind: "record", value: oldest }, end);
    if ("oldestRecord" in known) throw new Error("it is there");
    const values = { record: oldest, position: known.position, time: START_us + oldest / 2 + 2 };
    const reader = new TopicReader({ ...topic.place, storage: reusedWhenOpened(topic, name) });
    const found = reader.locate({ kind, value: values[kind] }, end);
    expect(topic.log.nextRecord).toBeGreaterThan(nextRecord);
    expect({ kind, found }).toEqual({ kind, found: { oldestRecord: topic.log.oldestRecord } });
    reader.close();
  }
});

/** The topic's disk, whose oldest file becomes the next segment when it is opened to be searched: once its head was read. */
function reusedWhenOpened(topic: Topic, name: string): Storage {
  let opened = 0;
  const open: Storage["open"] = (path, access) => {
    const file = topic.disk.open(path, access);
    if (path !== `t/${name}` || ++opened !== 2) return file;
    while (topic.files()[0] === name) topic.put();
    return file;
  };
  return new Proxy<Storage>(topic.disk, {
    get: (disk, key) => {
      if (key === "open") return open;
      const value: unknown = Reflect.get(disk, key);
      return typeof value === "function" ? value.bind(disk) : value;
    },
  });
}

test("without an epoch of its own a log's files are never used again", () => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  log.openSession(7, 1, START_us);
  log.retain(KEEP, START_us);
  for (let batch = 1; batch <= 200; batch++) append(log, [{ batch }], START_us + batch);
  expect(disk.list("t").length).toBeGreaterThan(4);
});

test("a topic that is to keep everything from now on loses nothing more", () => {
  const topic = new Topic();
  untilReused(topic);
  topic.log.retain({ bytes: 0, age_us: 0 }, START_us);
  const { oldestRecord } = topic.log;
  topic.put(100);
  expect(topic.log.oldestRecord).toBe(oldestRecord);
});
