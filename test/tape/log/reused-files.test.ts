// The file of a segment that is kept no more becomes the next segment: what it held before is never taken for what was written,
// whatever a kill leaves of it, and who had it open is told that it is gone.

import { expect, test } from "vitest";
import type { Storage } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { tapeMemory } from "../../../src/protocol/index.ts";
import { OWN_EPOCH_MIN } from "../../../src/segment/index.ts";
import { inspectTopic, type TopicCursor, TopicLog, TopicReader } from "../../../src/tape/index.ts";
import { append, endOf, readAll, recordsIn, SMALL, START_us, topicPlace } from "./support.ts";

const EPOCH = OWN_EPOCH_MIN + 7;
const KEEP = { bytes: 3 * SMALL.segmentBytes, age_us: 0 };
const FENCE_BYTES = 48;

/** Says which calls changed something, and of what. */
class HeardDisk extends SimulatedDisk {
  readonly heard: string[] = [];
  /** Behind so many the process is killed. */
  writesLeft = Number.POSITIVE_INFINITY;

  override change(verb: string, path: string): ReturnType<SimulatedDisk["change"]> {
    if (verb === "write" && this.writesLeft-- === 0) throw new Error("killed");
    this.heard.push(`${verb} ${path.replace(/^t\//, "")}`);
    return super.change(verb, path);
  }
}

/** Parts of one size, so that an old frame lies exactly where the next new one would. */
class Topic {
  readonly disk = new HeardDisk();
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

/** Where the last frame of a file ends that has a fence. */
function endIn(file: Uint8Array): number {
  return Buffer.from(file).lastIndexOf("ENDS");
}

interface Killed {
  readonly topic: Topic;
  readonly file: string;
  readonly nextRecord: number;
  /** What the file held before, and holds now. */
  readonly before: Uint8Array;
  readonly now: Uint8Array;
  /** Behind the frame before the first of `count`, then behind each, and the fence that stood there. */
  readonly ends: readonly number[];
  readonly fences: readonly Uint8Array[];
}

/** A log of `count` new frames in a file that was another's, each synced or none, as a kill leaves it. */
function killed(count: number, isSynced: boolean): Killed {
  const topic = new Topic();
  const { before, file } = untilReused(topic);
  const ends: number[] = [];
  const fences: Uint8Array[] = [];
  for (let i = 0; i <= count; i++) {
    const now = topic.disk.contents(file);
    ends.push(endIn(now));
    fences.push(now.slice(ends[i], ends[i] + FENCE_BYTES));
    if (i < count) topic.put();
    if (isSynced) topic.log.sync();
  }
  const { nextRecord } = topic.log;
  topic.kill();
  return { topic, file, nextRecord, before, now: topic.disk.contents(file).slice(), ends, fences };
}

test.each([
  ["with the fence before them the end is clean", true, false],
  ["without a fence they are told as a torn end", false, false],
  ["a fence behind them says that there was more", true, true],
])(
  "whatever of the new frames the disk has lost, old ones in their places are not taken for them: %s",
  (_, hasFence, hasLater) => {
    const { topic, file, nextRecord, before, now, ends, fences } = killed(5, false);
    for (let lost = 1; lost <= 5; lost++) {
      const end = ends[5 - lost];
      const bytes = before.slice();
      bytes.set(now.subarray(0, end));
      if (hasFence) bytes.set(fences[5 - lost], end);
      if (hasLater) bytes.set(fences[5], ends[5]);
      topic.disk.overwrite(file, bytes);
      const log = topic.open();
      expect({ lost, next: log.nextRecord }).toEqual({ lost, next: nextRecord - 2 * lost });
      expect(log.cut === undefined).toBe(hasFence && !hasLater);
      topic.kill();
    }
  },
);

// It was said to be torn by as many bytes as the remains were long.
test("a kill between a frame's fence and the frame loses nothing, and the log says what is known of it", () => {
  const topic = new Topic();
  const { file } = untilReused(topic);
  topic.put(4);
  const { nextRecord } = topic.log;
  const end = endIn(topic.disk.contents(file));
  topic.disk.writesLeft = 1;
  expect(() => topic.put()).toThrow("killed");
  topic.disk.writesLeft = Number.POSITIVE_INFINITY;
  topic.kill();
  expect(inspectTopic(topic.place)).toMatchObject({ verdict: "torn", nextRecord });
  const log = topic.open();
  expect(log.nextRecord).toBe(nextRecord);
  expect(log.cut).toMatch(`torn: ${file} at offset ${end}, position `);
  expect(log.cut).toMatch(
    /: a frame was begun here, and its beginning is not there \(a kill before it was written loses nothing; [^,]*\)$/,
  );
});

test("a fence is the bytes that the specification says", () => {
  const { fences } = killed(1, false);
  expect(fences.map((fence) => Buffer.from(fence).toString("hex"))).toEqual([
    "454e4453bf1c4adbc2d935edfc343977c6a6cf3729350dff03d7dafec2f86abdfff50079bf54bc259900000000000000",
    "454e4453361e23e9f02dd2fe7137228cf9c88cdf7086a226a13b2a5ae7d5ce4b8a7c111f1c97033c9a00000000000000",
  ]);
});

test("the last frame, synced and damaged at its beginning, is cut with a word, also where remains follow it", () => {
  const { topic, file, nextRecord, now, ends } = killed(5, true);
  expect(inspectTopic(topic.place).words).toMatch(/behind it lies what its last file held before$/);
  now.fill(0, ends[4], ends[4] + 100);
  topic.disk.overwrite(file, now);
  expect(inspectTopic(topic.place)).toMatchObject({ verdict: "torn", nextRecord: nextRecord - 2 });
  const log = topic.open();
  expect(log.nextRecord).toBe(nextRecord - 2);
  expect(log.cut).toMatch(`torn: ${file} at offset ${ends[4]}, `);
});

test.each([
  ["zeros where it began", false],
  ["the fence where it began, as of a write that the disk has dropped", true],
])("a frame that a later whole one calls durable is damage, not an end: %s", (_, hasFence) => {
  const { topic, file, now, ends, fences } = killed(5, true);
  now.fill(0, ends[3], ends[3] + 100);
  if (hasFence) now.set(fences[3], ends[3]);
  topic.disk.overwrite(file, now);
  expect(inspectTopic(topic.place)).toMatchObject({ verdict: "corrupt" });
  expect(() => topic.open()).toThrow(/the position was durable/);
});

test.each<[what: string, isReused: boolean]>([
  ["has become another segment", true],
  ["was removed", false],
])("who has read a segment to its end, which %s, goes on with the one behind it", (_, isReused) => {
  const topic = new Topic();
  untilReused(topic);
  topic.put(20);
  const reader = new TopicReader(topic.place);
  const into = tapeMemory(new ArrayBuffer(8192));
  const readOn = (cursor: TopicCursor) => {
    const read = reader.read(cursor, topic.log.nextPosition, into, 8192);
    if ("oldestRecord" in read)
      throw new Error(`told that it is gone, as ${read.oldestRecord} is the oldest`);
    return read;
  };
  const last = reader.locate({ kind: "record", value: topic.log.nextRecord - 1 }, endOf(topic.log));
  if ("oldestRecord" in last) throw new Error("it is there");
  const { cursor } = readOn(last);
  const ended = topic.files().at(-1);
  // It has no room in what is left of the segment.
  append(topic.log, [{ batch: 1_000, valueBytes: 1800 }], START_us + 1_000);
  expect(topic.files().at(-1)).not.toBe(ended);
  while (topic.files()[0] !== ended) topic.put();
  if (isReused) while (topic.files()[0] === ended) topic.put();
  // Where that segment ended a frame of the other one begins.
  if (isReused) topic.put(25);
  else reader.close();
  const keep = { bytes: topic.log.bytes - SMALL.segmentBytes, age_us: 0 };
  if (!isReused) while (topic.files()[0] === ended) topic.log.retain(keep, START_us);
  expect(topic.log.oldestRecord).toBe(cursor.record);
  expect(recordsIn(into, readOn(cursor).bytes)[0].record).toBe(cursor.record);
});

test("a reader that has the file open reads on in it while it is there, and is then told which record is the oldest", () => {
  const topic = new Topic();
  untilReused(topic);
  topic.put(20);
  const reader = new TopicReader(topic.place);
  const [oldest] = topic.files();
  const begun = reader.locate({ kind: "record", value: topic.log.oldestRecord }, endOf(topic.log));
  if ("oldestRecord" in begun) throw new Error("it is there");
  const into = tapeMemory(new ArrayBuffer(8192));
  const readOn = (cursor: TopicCursor) => reader.read(cursor, topic.log.nextPosition, into, 1);
  let last = begun;
  for (let i = 0; topic.files()[0] === oldest; i++) {
    const read = readOn(last);
    if ("oldestRecord" in read) throw new Error("it is there");
    expect(recordsIn(into, read.bytes)).toHaveLength(2);
    if (i < 5) last = read.cursor;
    topic.put();
  }
  // What is not written over yet may still be read, and is what it was.
  let isWhole = true;
  for (let i = 0; i < 10; i++) {
    expect(readOn(begun)).toEqual({ oldestRecord: topic.log.oldestRecord });
    const read = readOn(last);
    isWhole &&= !("oldestRecord" in read);
    if ("oldestRecord" in read) expect(read).toEqual({ oldestRecord: topic.log.oldestRecord });
    else expect(recordsIn(into, read.bytes)[0].record).toBe(last.record);
    topic.put();
  }
  expect(isWhole).toBe(false);
});

test.each([
  ["its opening and the look at its head", 1],
  ["the look at its head and the search in it", 2],
])("a file that becomes another segment between %s is gone, whatever is looked for", (_, opening) => {
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
    const reader = new TopicReader({ ...topic.place, storage: reusedWhenOpened(topic, name, opening) });
    const found = reader.locate({ kind, value: values[kind] }, end);
    expect(topic.log.nextRecord).toBeGreaterThan(nextRecord);
    const goesOn = "oldestRecord" in found ? found.oldestRecord : found.record;
    expect({ kind, goesOn }).toEqual({ kind, goesOn: topic.log.oldestRecord });
    reader.close();
  }
});

/** The topic's disk, whose oldest file becomes the next segment at this opening of it, before a byte of it is read. */
function reusedWhenOpened(topic: Topic, name: string, opening: number): Storage {
  let opened = 0;
  const open: Storage["open"] = (path, access) => {
    const file = topic.disk.open(path, access);
    if (path !== `t/${name}` || ++opened !== opening) return file;
    while (topic.files()[0] === name) topic.put();
    return file;
  };
  return new Proxy<Storage>(topic.disk, {
    get: (disk, key) => {
      const value: unknown = key === "open" ? open : Reflect.get(disk, key);
      return typeof value === "function" ? value.bind(disk) : value;
    },
  });
}

test("before a file's first byte changes its old name is gone for good, and before it has its new one the end behind it is cut for good", () => {
  const topic = new Topic();
  untilReused(topic);
  topic.log.sync();
  const [first, ...others] = topic.files();
  const last = others.at(-1);
  while (topic.files()[0] === first) {
    topic.disk.heard.length = 0;
    topic.put();
    topic.log.sync();
  }
  const next = topic.files().at(-1);
  expect(topic.disk.heard.slice(0, 10)).toEqual([
    `rename ${first}`,
    "sync the directory t",
    `truncate ${last}`,
    `truncate ${last}`,
    `sync ${last}`,
    `write ${next}.tmp`,
    `write ${next}.tmp`,
    `sync ${next}.tmp`,
    `rename ${next}.tmp`,
    "sync the directory t",
  ]);
});

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
