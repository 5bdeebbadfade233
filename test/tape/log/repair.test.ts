// What a repair makes of a damaged topic: one that opens, with every record before the damage, and copies of all that went.

import { expect, test } from "vitest";
import { Prng, type Storage } from "../../../src/base/index.ts";
import { SimulatedDisk } from "../../../src/lab/index.ts";
import { TapeCheckpoint, TapeHead, tapeMemoryOf, writeCheckpoint } from "../../../src/protocol/index.ts";
import { FRAME_HEADER_BYTES, openLog, SECTOR_BYTES } from "../../../src/segment/index.ts";
import { damagedHistory, planRepair, repairTopic, TopicLog, TopicReader } from "../../../src/tape/index.ts";
import { writeInVersion } from "../../support/other-version.ts";
import { append, endOf, readAll, SMALL, START_us, topicPlace } from "./support.ts";

const BATCHES = 60;
const RECORDS = 2 * BATCHES;
/** As `SMALL` is for the files below a topic. */
const LOG_LIMITS = {
  segmentBytes: SMALL.segmentBytes,
  frameBytesMax: 4096,
  preallocation: "sparse",
} as const;
const NAMES = [1, 2, 3].map((number) => `tape-000000000${number}.seg`);
const [FIRST, MIDDLE, LAST] = NAMES;

/** A topic in three files, closed in order: all of it is known to be safe. */
function topic(): SimulatedDisk {
  const disk = new SimulatedDisk();
  const log = TopicLog.open(topicPlace(disk), SMALL);
  for (let batch = 1; batch <= BATCHES; batch++) append(log, [{ batch, valueBytes: 32 }], START_us);
  log.close();
  expect(disk.list("t")).toEqual(NAMES);
  return disk;
}

function bytesOf(disk: Storage, path: string): Uint8Array {
  const file = disk.open(path, "read");
  const bytes = new Uint8Array(file.size());
  file.read(bytes, 0, bytes.length, 0);
  file.close();
  return bytes;
}

function damage(disk: Storage, name: string, offset: number): void {
  const file = disk.open(`t/${name}`, "write");
  const byte = new Uint8Array(1);
  file.read(byte, 0, 1, offset);
  byte[0] ^= 1;
  file.write(byte, 0, 1, offset);
  file.syncData();
  file.close();
}

/** Records of the topic as a reader has them, from the oldest on. */
function records(disk: Storage): number[] {
  const log = TopicLog.open(topicPlace(disk), SMALL);
  const reader = new TopicReader(topicPlace(disk));
  const seen = readAll(reader, { kind: "record", value: log.oldestRecord }, endOf(log));
  reader.close();
  log.close();
  if (typeof seen === "number") throw new Error(`record ${seen} is gone`);
  return seen.map(({ record }) => record);
}

function upTo(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

test.each([
  ["behind the last file's checkpoint", LAST, 4096 + 1200, [LAST]],
  ["in the last file's checkpoint", LAST, SECTOR_BYTES + 100, [LAST]],
  ["in the last file's header", LAST, 20, [LAST]],
  ["in the oldest file's checkpoint", FIRST, SECTOR_BYTES + 100, [FIRST]],
  ["in the oldest file's header", FIRST, 20, [FIRST]],
])(
  "damage %s: refused before, opened after, and a copy of the file is set aside",
  (_, name, offset, aside) => {
    const disk = topic();
    damage(disk, name, offset);
    const before = bytesOf(disk, `t/${name}`);
    const place = topicPlace(disk);
    expect(() => TopicLog.open(place, SMALL)).toThrow(/^corrupt: /);
    const plan = planRepair(place, SMALL);
    expect(plan.damage).toMatch(/^corrupt: t\/tape-000000000[13]\.seg at offset /);
    expect(disk.list("t")).toEqual(NAMES);
    expect(repairTopic(place, plan, "aside", SMALL)).toEqual(aside);
    expect(bytesOf(disk, `aside/${name}`)).toEqual(before);
    expect(records(disk)).toEqual(upTo(plan.oldestRecord, plan.nextRecord - 1));
    expect(plan.nextRecord === RECORDS + 1).toBe(name === FIRST);
    expect(damagedHistory(place)).toBe(undefined);
    const log = TopicLog.open(place, SMALL);
    append(log, [{ batch: BATCHES + 1 }], START_us);
    log.close();
    expect(records(disk)).toEqual(upTo(plan.oldestRecord, plan.nextRecord + 1));
  },
);

test("damage before the last file keeps nobody from opening: it stays, and is said with the record that can be read again", () => {
  const disk = topic();
  damage(disk, MIDDLE, 6000);
  const place = topicPlace(disk);
  const plan = planRepair(place, SMALL);
  expect(plan).toMatchObject({ damage: undefined, torn: undefined, going: [], cut: undefined });
  const history = damagedHistory(place);
  expect(history?.damage).toContain(`t/${MIDDLE} at offset `);
  const log = TopicLog.open(place, SMALL);
  const reader = new TopicReader(place);
  const from = history?.readableFrom ?? 0;
  expect(from).toBeGreaterThan(1);
  const seen = readAll(reader, { kind: "record", value: from }, endOf(log));
  expect(typeof seen === "number" ? seen : seen.map(({ record }) => record)).toEqual(upTo(from, RECORDS));
  log.close();
});

test("a log of which nothing could be kept is refused, and stays as it is", () => {
  const disk = topic();
  for (const name of NAMES) damage(disk, name, 20);
  const before = NAMES.map((name) => bytesOf(disk, `t/${name}`));
  expect(() => planRepair(topicPlace(disk), SMALL)).toThrow(
    /^not repaired: .*nothing of the log could be kept$/,
  );
  expect(NAMES.map((name) => bytesOf(disk, `t/${name}`))).toEqual(before);
  expect(() => planRepair(topicPlace(new SimulatedDisk()), SMALL)).toThrow();
});

/** Another file, whose whole first entry is a checkpoint of version 2, or an entry of a type that there is not. */
function nextFileWith(disk: SimulatedDisk, field: number, value: number): void {
  const place = { ...topicPlace(disk), log: "tape" };
  const { writer } = openLog(place, LOG_LIMITS, () => {}, { writesAhead: true });
  if (field === TapeHead.version) writer.beginSegment();
  const memory = tapeMemoryOf(writer.frame.bytes);
  writeCheckpoint(memory, FRAME_HEADER_BYTES, { nextRecord: RECORDS + 1, logBytes: 0, sessions: [] });
  memory.bytes[FRAME_HEADER_BYTES + field] = value;
  writer.append(TapeCheckpoint.bytes, 1, START_us);
  writer.sync();
  writer.close();
}

const ENTRY = "an entry of version 2, this program knows version 1";
const FORMAT = "it is written in format version 2, this program knows version 1";

test.each<[what: string, write: (disk: SimulatedDisk) => void, refused: RegExp]>([
  [
    "batch in the last file",
    (disk) => {
      const log = TopicLog.open(topicPlace(disk), SMALL);
      append(log, [{ batch: BATCHES + 1, version: 2 }], START_us);
      log.close();
    },
    new RegExp(`^t/${LAST} at offset \\d+, position \\d+: ${ENTRY}`),
  ],
  [
    "entry of an unknown type",
    (disk) => nextFileWith(disk, TapeHead.type, 98),
    new RegExp(
      `^t/${LAST} at offset \\d+, position \\d+: an entry of type 98, which this program does not know`,
    ),
  ],
  [
    "checkpoint of a new file",
    (disk) => nextFileWith(disk, TapeHead.version, 2),
    new RegExp(`^t/tape-0000000004.seg at offset ${SECTOR_BYTES}, position \\d+: ${ENTRY}`),
  ],
  [
    "last file",
    (disk) => writeInVersion(disk, `t/${LAST}`, 2),
    new RegExp(`^(corrupt: )?t/${LAST} at offset 0.*: ${FORMAT}`),
  ],
  [
    "oldest file",
    (disk) => writeInVersion(disk, `t/${FIRST}`, 2),
    new RegExp(`^t/${FIRST} at offset 0: ${FORMAT}`),
  ],
])(
  "what another version wrote is refused by name and place, and no repair takes it away: %s",
  (_, write, refused) => {
    const disk = topic();
    write(disk);
    const before = disk.list("t").map((name) => bytesOf(disk, `t/${name}`));
    const place = topicPlace(disk);
    expect(() => TopicLog.open(place, SMALL)).toThrow(refused);
    const plan = () => planRepair(place, SMALL);
    expect(plan).toThrow(
      /^not repaired: t\/tape-\d+.seg at offset \d+.*; it is not damaged, and a program that/,
    );
    expect(plan).toThrow(new RegExp(`(${ENTRY}|${FORMAT}|type 98)`));
    expect(disk.list("t").map((name) => bytesOf(disk, `t/${name}`))).toEqual(before);
  },
);

test("another version's file is not taken away with damage before it either", () => {
  const disk = topic();
  writeInVersion(disk, `t/${LAST}`, 2);
  damage(disk, MIDDLE, SECTOR_BYTES + 2000);
  expect(() => planRepair(topicPlace(disk), SMALL)).toThrow(`not repaired: t/${LAST} at offset 0: ${FORMAT}`);
});

test("wherever the last two files are damaged, every record before the damage is kept, and none behind it", () => {
  const seed = 77;
  const prng = new Prng(seed);
  for (let round = 0; round < 60; round++) {
    const disk = topic();
    const places = Array.from({ length: prng.between(1, 3) }, () => {
      return { name: prng.pick([MIDDLE, LAST]), offset: prng.between(0, SECTOR_BYTES + 6000) };
    });
    for (const { name, offset } of places) damage(disk, name, offset);
    const where = `seed ${seed}, round ${round}: ${JSON.stringify(places)}`;
    const place = topicPlace(disk);
    const plan = planRepair(place, SMALL);
    repairTopic(place, plan, "aside", SMALL);
    const log = TopicLog.open(place, SMALL);
    expect(log.nextRecord, where).toBe(plan.nextRecord);
    log.close();
    if (damagedHistory(place) === undefined)
      expect(records(disk), where).toEqual(upTo(1, plan.nextRecord - 1));
  }
});

/** Fails at its `failAt`th change, and from then on. */
function failing(disk: Storage, failAt: number): Storage {
  let changes = 0;
  const change = <T>(act: () => T): T => {
    if (++changes >= failAt) throw new Error("killed");
    return act();
  };
  return {
    open: (path, access) => disk.open(path, access),
    create: (path) => change(() => disk.create(path)),
    list: (directory) => disk.list(directory),
    rename: (from, to) => change(() => disk.rename(from, to)),
    remove: (path) => change(() => disk.remove(path)),
    makeDirectory: (path) => change(() => disk.makeDirectory(path)),
    syncDirectory: (directory) => change(() => disk.syncDirectory(directory)),
  };
}

test("a repair that is interrupted anywhere can be begun again, and ends the same", () => {
  for (let failAt = 1; ; failAt++) {
    const disk = topic();
    // Two files go: the last, and the one before is cut.
    damage(disk, LAST, 20);
    damage(disk, MIDDLE, SECTOR_BYTES + 2000);
    const { nextRecord } = planRepair(topicPlace(disk), SMALL);
    const copies = [MIDDLE, LAST].map((name) => bytesOf(disk, `t/${name}`));
    let isDone = true;
    try {
      const place = topicPlace(failing(disk, failAt));
      repairTopic(place, planRepair(place, SMALL), "aside", SMALL);
    } catch {
      isDone = false;
    }
    const place = topicPlace(disk);
    repairTopic(place, planRepair(place, SMALL), "again", SMALL);
    expect(records(disk), `interrupted at change ${failAt}`).toEqual(upTo(1, nextRecord - 1));
    const aside = [MIDDLE, LAST].map((name, i) =>
      ["aside", "again"].some((directory) => isCopy(disk, `${directory}/${name}`, copies[i])),
    );
    expect(aside, `interrupted at change ${failAt}`).toEqual([true, true]);
    if (isDone) return expect(failAt).toBeGreaterThan(5);
  }
});

/** Two files go, the one before is cut; what they were, and how far the log goes behind a repair. */
function threeDamaged(): { disk: SimulatedDisk; before: Uint8Array[]; nextRecord: number } {
  const disk = topic();
  damage(disk, LAST, 20);
  damage(disk, MIDDLE, 20);
  damage(disk, FIRST, SECTOR_BYTES + 2000);
  const { nextRecord } = planRepair(topicPlace(disk), SMALL);
  return { disk, before: NAMES.map((name) => disk.contents(`t/${name}`)), nextRecord };
}

test.each([1, 2, 3])(
  "a crash at any call of a repair leaves each file as it was or its copy safe, the newest gone first and the cut made last (seed %i)",
  (seed) => {
    for (let call = 1, isDone = false; !isDone; call++) {
      const { disk, before, nextRecord } = threeDamaged();
      const place = topicPlace(disk);
      const plan = planRepair(place, SMALL);
      disk.failAt(disk.calls + call, "halt");
      try {
        repairTopic(place, plan, "aside", SMALL);
        isDone = true;
      } catch (error) {
        expect(String(error)).toContain("HALT");
      }
      disk.crash(new Prng(seed * 1000 + call));
      const isAsItWas = NAMES.map((name, i) => isCopy(disk, `t/${name}`, before[i]));
      for (const [i, name] of NAMES.entries())
        expect({ call, name, safe: isAsItWas[i] || isCopy(disk, `aside/${name}`, before[i]) }).toEqual({
          ...{ call, name, safe: true },
        });
      // What goes first is no more where something behind it in this order has gone.
      expect({ call, isAsItWas }).toEqual({ call, isAsItWas: [...isAsItWas].sort().reverse() });
      if (!isDone) repairTopic(place, planRepair(place, SMALL), "again", SMALL);
      expect(records(disk), `call ${call}`).toEqual(upTo(1, nextRecord - 1));
    }
  },
);

function isCopy(disk: Storage, path: string, bytes: Uint8Array): boolean {
  try {
    return Buffer.compare(bytesOf(disk, path), bytes) === 0;
  } catch {
    return false;
  }
}
