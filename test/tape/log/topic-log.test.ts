// A topic's log on a simulated disk: what is appended, what is known after opening it again, and what retention leaves.

import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { TopicLog, TopicReader } from "../../../src/tape/index.ts";
import { append, endOf, readAll, SMALL, START_us, type TestBatch, topicPlace } from "./support.ts";

/** What is known of a log. */
function stateOf(log: TopicLog): object {
  const { nextRecord, oldestRecord, position, bytes } = log;
  return { nextRecord, oldestRecord, position, bytes, sessions: [...log.sessions()] };
}

test("records are numbered through all batches of all publishers, and entries are counted", () => {
  const log = TopicLog.open(topicPlace(new SimulatedDisk()), SMALL);
  expect(stateOf(log)).toMatchObject({ nextRecord: 1, oldestRecord: 1, position: 1, sessions: [] });
  log.openSession(7, 1, START_us);
  log.openSession(8, 3, START_us + 1);
  append(log, [{ batch: 1 }, { batch: 2, records: 5 }], START_us + 2);
  append(log, [{ batch: 1, publisher: 8, epoch: 3 }], START_us + 3);
  expect(stateOf(log)).toMatchObject({
    nextRecord: 10,
    position: 5,
    sessions: [
      { publisher: 7, epoch: 1, lastBatch: 2, last_us: START_us + 2 },
      { publisher: 8, epoch: 3, lastBatch: 1, last_us: START_us + 3 },
    ],
  });
});

test("a log that is opened again knows what it knew, closed in order or not, wherever its segments begin", () => {
  const disk = new SimulatedDisk();
  let log = TopicLog.open(topicPlace(disk), SMALL);
  log.openSession(7, 1, START_us);
  for (let batch = 1; batch <= 150; batch++) {
    append(log, [{ batch, records: 1 + (batch % 3) }], START_us + batch);
    if (batch % 40 === 0) log.openSession(batch, 1, START_us + batch);
    const known = stateOf(log);
    if (batch % 3 === 0) log.close();
    else disk.restart();
    log = TopicLog.open(topicPlace(disk), SMALL);
    expect({ batch, ...stateOf(log) }).toEqual({ batch, ...known });
  }
  expect(disk.list("t").length).toBeGreaterThan(3);
});

/** What is written of a segment: up to its last byte that is not zero. */
function usedOf(disk: SimulatedDisk, name: string): Uint8Array {
  const bytes = disk.contents(`t/${name}`);
  let end = bytes.length;
  while (bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

test("ring or segment wrap: nothing overwritten", () => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  const written = new Map<string, Uint8Array>();
  const ends: number[] = [];
  for (let batch = 1; batch <= 400; batch++) {
    const { bytes, position } = log;
    // Values of 16 to 1,936 bytes: frames end at every distance from a segment's end, also exactly there.
    append(log, [{ batch, records: 1, valueBytes: 16 + 8 * ((batch * 37) % 241) }]);
    if (log.position > position + 1) ends.push(bytes);
    for (const name of disk.list("t").slice(-2)) {
      const before = written.get(name) ?? new Uint8Array(0);
      const now = disk.contents(`t/${name}`).subarray(0, before.length);
      expect({ batch, name, same: Buffer.compare(before, now) }).toEqual({ batch, name, same: 0 });
      written.set(name, usedOf(disk, name));
    }
  }
  for (const [name, bytes] of written) expect(Buffer.compare(bytes, usedOf(disk, name))).toBe(0);
  expect(ends.length).toBeGreaterThan(10);
  expect(disk.list("t").length).toBe(ends.length + 1);
  const seen = readAll(new TopicReader(topicPlace(disk)), { kind: "record", value: 1 }, endOf(log));
  expect(Array.isArray(seen) && seen.map(({ batch }) => batch)).toEqual(
    Array.from({ length: 400 }, (_, i) => i + 1),
  );
});

test("a segment that is filled to its last byte is left for the next one, and both are read", () => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  let batch = 1;
  const frame = 80 + 128 + 16;
  const fits = () => SMALL.segmentBytes - (log.bytes % SMALL.segmentBytes);
  while (fits() > 3000) append(log, [{ batch: batch++, records: 1, valueBytes: 1000 }]);
  append(log, [{ batch: batch++, records: 1, valueBytes: fits() - frame }]);
  expect(log.bytes).toBe(SMALL.segmentBytes);
  expect(disk.list("t").length).toBe(1);
  append(log, [{ batch: batch++ }]);
  expect(disk.list("t").length).toBe(2);
  const known = stateOf(log);
  const seen = readAll(new TopicReader(topicPlace(disk)), { kind: "record", value: 1 }, endOf(log));
  expect(Array.isArray(seen) && seen.length).toBe(batch);
  log.close();
  expect(stateOf(TopicLog.open(topicPlace(disk), SMALL))).toEqual(known);
});

test("a publisher beyond the bound takes the place of the one that was idle longest", () => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  for (let publisher = 1; publisher <= SMALL.sessionsMax; publisher++)
    log.openSession(publisher, 1, START_us + publisher);
  append(log, [{ batch: 1, publisher: 1 }], START_us + 50);
  log.openSession(9, 4, START_us + 60);
  const known = [...log.sessions()].map(({ publisher }) => publisher);
  expect(known.sort()).toEqual([1, 3, 4, 9]);
  log.close();
  expect(stateOf(TopicLog.open(topicPlace(disk), SMALL))).toMatchObject({ sessions: [...log.sessions()] });
});

test("a newer epoch begins with no batch, and an older one's batches count for nothing", () => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  log.openSession(7, 1, START_us);
  append(log, [{ batch: 1 }, { batch: 2 }]);
  log.openSession(7, 5, START_us);
  expect(log.session(7)).toEqual({ publisher: 7, epoch: 5, lastBatch: 0, last_us: START_us });
  append(log, [{ batch: 1, epoch: 5 }]);
  expect(log.session(7)).toMatchObject({ epoch: 5, lastBatch: 1 });
  expect(() => log.openSession(7, 5, START_us)).toThrow("each session of a publisher has a higher epoch");
});

test.each<[what: string, batches: readonly TestBatch[]]>([
  ["first", [{ batch: 2, version: 2 }]],
  ["behind one of this version", [{ batch: 2 }, { batch: 3, version: 2 }]],
])("a log with an entry of a later version is refused, wherever in its frame it stands: %s", (_, batches) => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  append(log, [{ batch: 1 }]);
  append(log, batches);
  log.close();
  const wrong =
    /^t\/tape-0000000001\.seg at offset \d+, position 3: an entry of version 2, this program knows version 1$/;
  expect(() => TopicLog.open(topicPlace(disk), SMALL)).toThrow(wrong);
});

test("the clock may go back: what is committed later never has an earlier time", () => {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  for (const [i, now_us] of [START_us + 100, START_us, START_us + 50].entries())
    append(log, [{ batch: i + 1 }], now_us);
  expect([...log.sessions()]).toMatchObject([{ last_us: START_us + 100 }]);
});

test.each([
  ["no bound keeps everything", { bytes: 0, age_us: 0 }, 1],
  ["a bound of size that is not reached keeps everything", { bytes: 10_000_000, age_us: 0 }, 1],
  ["an age that nothing has keeps everything", { bytes: 0, age_us: 1_000_000 }, 1],
])("retention: %s", (_, retention, oldest) => {
  const { log } = aged();
  expect([log.retain(retention, START_us + 1_000), log.oldestRecord]).toEqual([0, oldest]);
});

/** Batch n, of two records, was committed at START_us + n: some segments of them. */
function aged(batches = 100): { disk: SimulatedDisk; log: TopicLog } {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  for (let batch = 1; batch <= batches; batch++) append(log, [{ batch }], START_us + batch);
  return { disk, log };
}

test("retention by size removes the oldest segments until what is left without the one that is written is within it", () => {
  for (const bytes of [60_000, 30_000, 15_000, 1]) {
    const { disk, log } = aged();
    const before = disk.list("t");
    const removed = log.retain({ bytes, age_us: 0 }, START_us);
    expect(disk.list("t")).toEqual(before.slice(removed));
    expect(log.bytes <= bytes + SMALL.segmentBytes || disk.list("t").length === 1).toBe(true);
    if (removed > 0) expect(log.bytes + SMALL.segmentBytes).toBeGreaterThan(bytes);
  }
});

test("one call of retention removes a bounded number of segments, and the next goes on", () => {
  const { disk, log } = aged(1_000);
  const segments = disk.list("t").length;
  expect(segments).toBeGreaterThan(33);
  expect(log.retain({ bytes: 1, age_us: 0 }, START_us)).toBe(32);
  expect(log.retain({ bytes: 1, age_us: 0 }, START_us)).toBe(segments - 33);
  expect(disk.list("t").length).toBe(1);
});

test("retention by age removes a segment when its last batch is too old, and keeps every batch that is not", () => {
  for (let age_us = 1; age_us <= 100; age_us += 3) {
    const { log } = aged();
    const now_us = START_us + 100;
    log.retain({ bytes: 0, age_us }, now_us);
    const oldestKept = (log.oldestRecord + 1) / 2;
    // Batch n is as old as 100 - n.
    expect({ age_us, kept: oldestKept <= 100 - age_us + 1 }).toEqual({ age_us, kept: true });
  }
});

test("a topic that nobody writes to any more is emptied by age, its sessions and numbers kept", () => {
  const { disk, log } = aged();
  const sessions = [...log.sessions()];
  log.retain({ bytes: 0, age_us: 10 }, START_us + 1_000);
  expect([log.oldestRecord, log.nextRecord, disk.list("t").length]).toEqual([201, 201, 1]);
  log.close();
  const again = TopicLog.open(topicPlace(disk), SMALL);
  expect([...again.sessions()]).toEqual(sessions);
  expect([again.oldestRecord, again.nextRecord]).toEqual([201, 201]);
  // Nothing is left to begin segments for.
  expect(again.retain({ bytes: 0, age_us: 10 }, START_us + 2_000)).toBe(0);
  expect(disk.list("t").length).toBe(1);
});

test("retention by age on a full disk does what it can, and the log goes on", () => {
  const { disk, log } = aged(5);
  // The file that is to be the next segment.
  disk.failAt(disk.calls + 1, "ENOSPC");
  expect(log.retain({ bytes: 0, age_us: 10 }, START_us + 13)).toBe(0);
  expect(log.failure).toBe(undefined);
  append(log, [{ batch: 6 }]);
  expect([log.nextRecord, disk.list("t").length]).toEqual([13, 1]);
});

/** Retention that removes and begins all it can, stopped at its `calls`-th call; false when it was over before. */
function retainedUntil(disk: SimulatedDisk, log: TopicLog, calls: number): boolean {
  disk.failAt(disk.calls + calls, "halt");
  try {
    log.retain({ bytes: 1, age_us: 1 }, START_us + 10_000);
    return false;
  } catch {
    return true;
  }
}

test("retention never removes what is not covered by a safe checkpoint's sessions", () => {
  let isCut = true;
  let calls = 1;
  for (; isCut; calls++) {
    for (let seed = 1; seed <= 5; seed++) {
      const { disk, log } = aged(60);
      log.sync();
      isCut = retainedUntil(disk, log, calls);
      disk.crash(new Prng(seed));
      const session = TopicLog.open(topicPlace(disk), SMALL).session(7);
      expect({ calls, seed, last: session?.lastBatch }).toEqual({ calls, seed, last: 60 });
    }
  }
  expect(calls).toBeGreaterThan(10);
});

test.each([
  ["when a segment is begun", 60_000, undefined],
  ["in the middle of a part", Number.POSITIVE_INFINITY, 201],
  ["when a part is synced", Number.POSITIVE_INFINITY, 200],
])(
  "a full disk %s: nothing that was synced is lost, and the log goes on when there is room",
  (_, capacity_bytes, call) => {
    const disk = new SimulatedDisk({ capacity_bytes });
    if (call !== undefined) disk.failAt(call, "ENOSPC");
    const log = TopicLog.open(topicPlace(disk), SMALL);
    let safe = 1;
    const fill = () => {
      for (let batch = 1; ; batch++) {
        append(log, [{ batch, valueBytes: 500 }]);
        log.sync();
        safe = log.nextRecord;
      }
    };
    expect(fill).toThrow("no space left on the disk (ENOSPC)");
    expect(log.failure?.code).toBe("ENOSPC");
    expect(() => log.sync()).toThrow("ENOSPC");
    log.close();
    expect(disk.openFiles).toBe(0);
    // Also while the disk is full: what is there can be read and opened.
    const again = TopicLog.open(topicPlace(disk), SMALL);
    expect(again.nextRecord).toBeGreaterThanOrEqual(safe);
    if (capacity_bytes === 60_000) {
      expect(() => append(again, [{ batch: 999, valueBytes: 1900 }])).toThrow("ENOSPC");
      again.close();
    } else again.close();
    const room = TopicLog.open(topicPlace(disk), SMALL);
    if (capacity_bytes === 60_000) room.retain({ bytes: 20_000, age_us: 0 }, START_us);
    append(room, [{ batch: 1_000 }]);
    room.sync();
    const value = room.oldestRecord;
    const seen = readAll(new TopicReader(topicPlace(disk)), { kind: "record", value }, endOf(room));
    expect(Array.isArray(seen) && seen.at(-1)?.batch).toBe(1_000);
  },
);

test("a segment that has no room for a checkpoint and a part is refused before anything is made", () => {
  const disk = new SimulatedDisk();
  const limits = { ...SMALL, segmentBytes: 8192 };
  expect(() => TopicLog.open(topicPlace(disk), limits)).toThrow("segment size 8192 is too small for a topic");
  expect(disk.hasDirectory("t")).toBe(false);
});
