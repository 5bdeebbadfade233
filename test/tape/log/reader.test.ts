// Reading a topic's log from anywhere, against a twin that goes through all of it from the beginning.

import { expect, test } from "vitest";
import { Prng, type Storage, type StorageAccess } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { type TapeMemory, tapeMemory } from "../../../src/protocol/index.ts";
import { FRAME_HEADER_BYTES, SECTOR_BYTES } from "../../../src/segment/index.ts";
import {
  inspectTopic,
  type ReadBatchesResult,
  type TopicCursor,
  TopicLog,
  TopicReader,
} from "../../../src/tape/index.ts";
import {
  append,
  endOf,
  readAll,
  recordsIn,
  type SeenRecord,
  SMALL,
  START_us,
  topicPlace,
} from "./support.ts";

interface WrittenBatch {
  readonly first: number;
  readonly records: SeenRecord[];
  readonly time_us: number;
}

/** A log of some segments, and what was written into it. */
function writtenLog(seed: number): { disk: SimulatedDisk; log: TopicLog; written: WrittenBatch[] } {
  const prng = new Prng(seed);
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  const written: WrittenBatch[] = [];
  let now_us = START_us;
  for (let batch = 1; batch <= 120; ) {
    const first = log.nextRecord;
    if (prng.chance(0.1)) log.openSession(100 + batch, 1, now_us);
    now_us += prng.between(0, 3);
    let record = first;
    const part = Array.from({ length: prng.between(1, 3) }, () => {
      const test = { batch: batch++, records: prng.between(1, 6), valueBytes: 16 * prng.between(1, 6) };
      const records = Array.from({ length: test.records }, (_, index) => {
        return { record: record++, publisher: 7, epoch: 1, batch: test.batch, index };
      });
      written.push({ first: records[0].record, records, time_us: now_us });
      return test;
    });
    append(log, part, now_us);
  }
  return { disk, log, written };
}

const SEEDS = [1, 2];
/** Reading to the end takes long: done from some places, a few batches from all. */
const EVERY = 23;

function howMuch(n: number): [into: TapeMemory, atMost: number, readsMax: number] {
  return [tapeMemory(new ArrayBuffer(8192)), 8192, n % EVERY === 0 ? Number.POSITIVE_INFINITY : 1];
}

/** As many of the expected records as were seen, and one at least. */
function part(expected: readonly WrittenBatch[], seen: readonly SeenRecord[] | number): SeenRecord[] {
  const most = typeof seen === "number" ? 0 : seen.length;
  return expected.flatMap(({ records }) => records).slice(0, Math.max(1, most));
}

test.each(SEEDS)("every record is found where a twin that reads everything finds it (seed %i)", (seed) => {
  const { disk, log, written } = writtenLog(seed);
  const reader = new TopicReader(topicPlace(disk));
  const end = endOf(log);
  expect(disk.list("t").length).toBeGreaterThan(3);
  for (let record = 1; record < log.nextRecord; record++) {
    const expected = written.filter(({ first, records }) => first + records.length > record);
    const seen = readAll(reader, { kind: "record", value: record }, end, ...howMuch(record));
    expect({ record, seen }).toEqual({ record, seen: part(expected, seen) });
  }
  reader.close();
  expect(disk.openFiles).toBe(1);
});

test.each(SEEDS)("every time is found where a twin that reads everything finds it (seed %i)", (seed) => {
  const { disk, log, written } = writtenLog(seed);
  const reader = new TopicReader(topicPlace(disk));
  const last = written[written.length - 1].time_us;
  for (let value = START_us - 1; value <= last + 1; value++) {
    const expected = written.filter(({ time_us }) => time_us >= value);
    const seen = readAll(reader, { kind: "time", value }, endOf(log), ...howMuch(value));
    expect({ value, seen }).toEqual({ value, seen: part(expected, seen) });
  }
});

test("whole batches come back to back, as many as are wanted, at least one, whatever the memory holds", () => {
  const { disk, log, written } = writtenLog(5);
  const reader = new TopicReader(topicPlace(disk), 1);
  const all = written.flatMap(({ records }) => records);
  const longest = 3 * 1024;
  for (const bytes of [longest, longest + 8, 5_000, 40_000]) {
    for (const atMost of [1, 1_000, bytes]) {
      const into = tapeMemory(new ArrayBuffer(bytes));
      const seen = readAll(reader, { kind: "record", value: 1 }, endOf(log), into, atMost);
      expect({ bytes, atMost, seen }).toEqual({ bytes, atMost, seen: all });
    }
  }
});

test("nothing behind the end that was told is handed out, and reading goes on from there when there is more", () => {
  const { disk, log } = writtenLog(6);
  const reader = new TopicReader(topicPlace(disk));
  const into = tapeMemory(new ArrayBuffer(8192));
  let cursor = reader.locate({ kind: "record", value: log.nextRecord }, endOf(log));
  for (let batch = 1_000; batch < 1_200; batch++) {
    if ("oldestRecord" in cursor) throw new Error("it is there");
    const old = log.nextPosition;
    append(log, [{ batch }], START_us * 2);
    expect(reader.read(cursor, old, into, 8192)).toMatchObject({ bytes: 0, batches: 0 });
    const read = reader.read(cursor, log.nextPosition, into, 8192);
    if ("oldestRecord" in read) throw new Error("it is there");
    expect(recordsIn(into, read.bytes).map((record) => record.batch)).toEqual([batch, batch]);
    cursor = read.cursor;
  }
});

test("what lies behind the end that was told may be anything, also where a frame would begin", () => {
  const { disk, log, written } = writtenLog(11);
  const end = endOf(log);
  const all = written.flatMap(({ records }) => records);
  const last = written[written.length - 1];
  const { file, usedBytes } = inspectTopic(topicPlace(disk)).segments.at(-1) ?? { file: "", usedBytes: 0 };
  append(log, [{ batch: 999 }], START_us * 2);
  expect(disk.contents(file)[usedBytes]).toBeGreaterThan(0);
  // Its magic and length stay: a frame of another position seems to begin there.
  for (let at = usedBytes + 48; at < usedBytes + 200; at++) disk.rot(file, at, 0x55);
  const reader = new TopicReader(topicPlace(disk));
  expect(readAll(reader, { kind: "record", value: 1 }, end)).toEqual(all);
  expect(readAll(reader, { kind: "record", value: last.first }, end)).toEqual(last.records);
  for (const value of [last.time_us + 1, START_us * 2]) {
    const { nextPosition: position, nextRecord: record } = end;
    expect(reader.locate({ kind: "time", value }, end)).toMatchObject({ position, record });
  }
});

test("what retention has removed is told, with the oldest record that is left", () => {
  const { disk, log, written } = writtenLog(7);
  const reader = new TopicReader(topicPlace(disk));
  const begin = reader.locate({ kind: "record", value: 1 }, endOf(log));
  if ("oldestRecord" in begin) throw new Error("it is there");
  reader.close();
  expect(log.retain({ bytes: 12_000, age_us: 0 }, START_us)).toBeGreaterThan(1);
  const { oldestRecord } = log;
  expect(oldestRecord).toBeGreaterThan(1);
  for (const value of [1, oldestRecord - 1])
    expect(reader.locate({ kind: "record", value }, endOf(log))).toEqual({ oldestRecord });
  expect(reader.read(begin, log.nextPosition, tapeMemory(new ArrayBuffer(8192)), 8192)).toEqual({
    oldestRecord,
  });
  const left = written.filter(({ first }) => first >= oldestRecord).flatMap(({ records }) => records);
  expect(readAll(reader, { kind: "record", value: oldestRecord }, endOf(log))).toEqual(left);
  expect(readAll(reader, { kind: "time", value: 1 }, endOf(log))).toEqual(left);
});

test("damage is told with file and offset, and never handed out", () => {
  const { disk, log } = writtenLog(8);
  const [name] = disk.list("t");
  const size = disk.contents(`t/${name}`).length;
  const clean = readAll(new TopicReader(topicPlace(disk)), { kind: "record", value: 1 }, endOf(log));
  if (typeof clean === "number") throw new Error("it is there");
  let told = 0;
  for (let offset = 4096; offset < size; offset += 37) {
    disk.rot(`t/${name}`, offset, 0x10);
    try {
      const seen = readAll(new TopicReader(topicPlace(disk)), { kind: "record", value: 1 }, endOf(log));
      expect({ offset, seen }).toEqual({ offset, seen: clean });
    } catch (error) {
      told++;
      expect(String(error)).toContain(`corrupt: t`);
    }
    disk.rot(`t/${name}`, offset, 0x10);
  }
  expect(told).toBeGreaterThan(100);
});

test("every record in front of damage is served, whichever is asked for, and damage met by who begins with the one that can't be read", () => {
  const { disk, log } = writtenLog(8);
  const end = endOf(log);
  const into = tapeMemory(new ArrayBuffer(8192));
  const [, name] = disk.list("t");
  const target = (value: number) => ({ kind: "record", value }) as const;
  const clean = readAll(new TopicReader(topicPlace(disk)), target(1), end);
  if (typeof clean === "number") throw new Error("it is there");
  const first = new TopicReader(topicPlace(disk)).readableBehind(1, end) ?? 0;
  const behind = new TopicReader(topicPlace(disk)).readableBehind(first, end) ?? 0;
  let told = 0;
  for (let offset = SECTOR_BYTES + 800; offset < SECTOR_BYTES + 8000; offset += 211) {
    disk.rot(`t/${name}`, offset, 0x10);
    const reader = new TopicReader(topicPlace(disk));
    const seen: SeenRecord[] = [];
    let record = first;
    try {
      // Found anew each time, as for who is connected again.
      while (record < behind) {
        const from = reader.locate(target(record), end) as TopicCursor;
        const read = reader.read(from, end.nextPosition, into, 8192) as ReadBatchesResult;
        seen.push(...recordsIn(into, read.bytes).filter((one) => one.record >= record));
        record = read.cursor.record;
      }
    } catch (error) {
      told++;
      expect((error as Error).message).toContain(`corrupt: t/${name} at offset `);
      expect(record).toBeGreaterThanOrEqual(inspectTopic(topicPlace(disk)).nextRecord);
      expect(reader.readableBehind(record, end)).toBe(behind);
    }
    expect({ offset, seen }).toEqual({ offset, seen: clean.slice(first - 1, record - 1) });
    disk.rot(`t/${name}`, offset, 0x10);
  }
  expect(told).toBeGreaterThan(20);
});

// Each is whole by itself: only its place says that it is another's.
test.each([
  ["a later one", 3, 2, "position", "a batch says that it is at another position than 3"],
  ["an earlier one", 2, 3, "record", "a batch begins with record 7, expected 5"],
] as const)("a batch in the place of another, %s, is damage", (_, from, to, kind, why) => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  const frames: { at: number; bytes: number }[] = [];
  for (let batch = 1; batch <= 4; batch++) {
    const at = log.bytes;
    append(log, [{ batch }], START_us);
    frames.push({ at: at + FRAME_HEADER_BYTES, bytes: log.bytes - at - FRAME_HEADER_BYTES });
  }
  log.sync();
  const file = disk.open(`t/${disk.list("t")[0]}`, "write");
  const bytes = new Uint8Array(frames[0].bytes);
  file.read(bytes, 0, bytes.length, frames[from - 1].at);
  file.write(bytes, 0, bytes.length, frames[to - 1].at);
  const reader = new TopicReader(topicPlace(disk));
  // The second batch is at position 3: a checkpoint and the first come before.
  const value = kind === "position" ? 3 : 1;
  expect(() => readAll(reader, { kind, value }, endOf(log))).toThrow(why);
});

test("segments that are removed while somebody looks for a record are told as gone, or read to their end", () => {
  for (let delay = 0; delay < 12; delay++) {
    const { disk, log } = writtenLog(9);
    let looks = 0;
    // Behind some look at the directory or into a file, retention takes what it can.
    const look = () => {
      if (looks++ === delay) log.retain({ bytes: 1, age_us: 0 }, START_us);
    };
    const storage: Storage = Object.assign(Object.create(disk) as SimulatedDisk, {
      list: (directory: string) => {
        const names = disk.list(directory);
        look();
        return names;
      },
      open: (path: string, access: StorageAccess) => {
        look();
        return disk.open(path, access);
      },
    });
    const reader = new TopicReader(topicPlace(storage));
    for (const value of [1, 40, 90]) {
      const seen = readAll(reader, { kind: "record", value }, endOf(log));
      const first = typeof seen === "number" ? seen : seen[0].record;
      const isRight = typeof seen === "number" ? seen === log.oldestRecord : first <= value;
      expect({ delay, value, isRight }).toEqual({ delay, value, isRight: true });
    }
    const byTime = readAll(reader, { kind: "time", value: 1 }, endOf(log));
    expect(Array.isArray(byTime) ? byTime.at(-1)?.record : log.nextRecord - 1).toBe(log.nextRecord - 1);
  }
});

test("a file that is missing in the middle is damage, not retention", () => {
  const { disk, log } = writtenLog(10);
  disk.remove(`t/${disk.list("t")[2]}`);
  const reader = new TopicReader(topicPlace(disk));
  expect(() => readAll(reader, { kind: "record", value: 1 }, endOf(log))).toThrow("segment 3 is missing");
});
