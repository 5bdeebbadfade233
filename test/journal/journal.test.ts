// The journal as its node sees it: genesis, recovery, modes, the agent on a ring, inspect and verify.

import { describe, expect, test } from "vitest";
import { Prng, SeriatimError, type Storage, type StorageFile } from "../../src/base/index.ts";
import {
  DURABILITY_MODES,
  inspectJournal,
  JOURNAL_LOG,
  JournalAgent,
  journalPlace,
  openJournal,
  type RecordRules,
  verifyJournal,
} from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { EXCHANGE_RECORDS, encodeGenesisEntry, readJournalGenesis } from "../../src/node/exchange-records.ts";
import { CommandKind } from "../../src/protocol/index.ts";
import { createRing, RingConsumer, RingProducer } from "../../src/ring/index.ts";
import { FRAME_HEADER_BYTES, openLog, retireSegments, SECTOR_BYTES } from "../../src/segment/index.ts";
import {
  ENTRY,
  GENESIS_RECORDS,
  journalOptions,
  ordersFrom,
  RECORD_BYTES,
  RecordChecker,
  writeOrderOf,
} from "./support.ts";

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof SeriatimError) return error.code;
    throw error;
  }
  return "none";
}

test("a new journal begins with the genesis entry, safe before anything else, and says so", () => {
  const disk = new SimulatedDisk();
  const options = journalOptions(disk);
  const seen = new RecordChecker();
  const { journal, created } = openJournal(options, seen.visit);
  expect([created, journal.position, journal.durablePosition, seen.lastPosition]).toEqual([true, 3, 3, 3]);
  disk.crash(new Prng(1));
  expect(readJournalGenesis(options)).toEqual(ENTRY);
  expect(openJournal(options, new RecordChecker().visit).created).toBe(false);
});

test("an interrupted first creation leaves a directory that simply starts again", () => {
  for (let call = 1; call <= 12; call++) {
    const disk = new SimulatedDisk();
    const options = journalOptions(disk);
    disk.failAt(call, "halt");
    codeOf(() => openJournal(options, () => {}));
    disk.crash(new Prng(call));
    const seen = new RecordChecker();
    const { journal } = openJournal(options, seen.visit);
    expect([journal.durablePosition, seen.lastPosition]).toEqual([GENESIS_RECORDS, GENESIS_RECORDS]);
    journal.close();
    expect(verifyJournal(options).lastPosition).toBe(GENESIS_RECORDS);
  }
});

test("a directory without a journal is refused when no genesis entry is given", () => {
  const { genesis: _, ...options } = journalOptions(new SimulatedDisk());
  expect(codeOf(() => openJournal(options, () => {}))).toBe("JOURNAL_EMPTY");
  expect(codeOf(() => inspectJournal(options))).toBe("JOURNAL_EMPTY");
  expect(readJournalGenesis(options)).toBeUndefined();
});

test("a journal whose beginning is gone is refused, by the position it begins with", () => {
  const disk = new SimulatedDisk();
  const options = journalOptions(disk);
  const { journal } = openJournal(options, () => {});
  for (let i = 0; i < 20; i++) journal.append(ordersFrom(journal.position + 1, 30), 0, 30);
  journal.close();
  disk.remove(`${options.directory}/journal-0000000001.seg`);
  const before = disk.image(options.directory);
  expect(codeOf(() => openJournal(options, () => {}))).toBe("JOURNAL_INCOMPLETE");
  expect(disk.image(options.directory)).toEqual(before);
});

describe.each(DURABILITY_MODES)("in mode %s", (mode) => {
  test("the genesis entry survives the machine as soon as the journal is open", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const disk = new SimulatedDisk();
      const options = { ...journalOptions(disk), mode };
      openJournal(options, () => {});
      disk.crash(new Prng(seed));
      expect(readJournalGenesis(options), `seed ${seed}`).toEqual(ENTRY);
    }
  });

  test("records come back in order and bit for bit after a clean close", () => {
    const options = { ...journalOptions(new SimulatedDisk()), mode };
    for (let opening = 0; opening < 3; opening++) {
      const seen = new RecordChecker();
      const { journal } = openJournal(options, seen.visit);
      expect(seen.lastPosition).toBe(journal.position);
      for (const count of [1, 7, 120, 300]) journal.append(ordersFrom(journal.position + 1, count), 0, count);
      expect(journal.durablePosition === journal.position).toBe(mode === "fsync");
      journal.close();
    }
    expect(verifyJournal(options).lastPosition).toBe(GENESIS_RECORDS + 3 * 428);
  });

  test("an agent gives slots back only when the mode calls them safe, across the ring's end", () => {
    const disk = new SimulatedDisk();
    const { journal } = openJournal({ ...journalOptions(disk), mode }, () => {});
    const ring = createRing({ recordBytes: RECORD_BYTES, capacity: 64 });
    const [producer, consumer] = [new RingProducer(ring), new RingConsumer(ring)];
    const agent = new JournalAgent(journal, ring, consumer);
    const prng = new Prng(5);
    let position = journal.position;
    for (let turn = 0; turn < 200; turn++) {
      for (let i = prng.between(0, 64); i > 0; i--) {
        const at = producer.claim();
        if (at < 0) break;
        writeOrderOf(ring.words, at, ++position);
        producer.commit();
      }
      producer.publish();
      agent.doWork();
      const released = GENESIS_RECORDS + producer.released();
      expect(released).toBe(journal.position);
      if (mode === "fsync") expect(released).toBe(journal.durablePosition);
    }
    while (agent.doWork() > 0);
    journal.close();
    const seen = new RecordChecker();
    openJournal(journalOptions(disk), seen.visit);
    expect(seen.lastPosition).toBe(position);
  });
});

test("an agent whose disk fails releases nothing more and tells its producer", () => {
  const disk = new SimulatedDisk();
  const { journal } = openJournal(journalOptions(disk), () => {});
  const ring = createRing({ recordBytes: RECORD_BYTES, capacity: 16 });
  const [producer, consumer] = [new RingProducer(ring), new RingConsumer(ring)];
  const agent = new JournalAgent(journal, ring, consumer);
  const publish = (position: number) => {
    writeOrderOf(ring.words, producer.claim(), position);
    producer.commit();
    producer.publish();
  };
  publish(4);
  expect(agent.doWork()).toBe(1);
  disk.failAt(disk.calls + 2, "EIO"); // the frame is written, its sync fails
  publish(5);
  expect(agent.doWork()).toBe(0);
  publish(6);
  expect(agent.doWork()).toBe(0);
  expect([producer.released(), producer.consumerFailed(), journal.durablePosition]).toEqual([1, true, 4]);
  expect(agent.failure?.message).toBe(
    "cannot sync data/journal/journal-0000000001.seg: the disk reports an input/output error (EIO)",
  );
});

test("inspect names every segment and frame, and verify the file, offset and position of damage", () => {
  const disk = new SimulatedDisk();
  const options = journalOptions(disk);
  const { journal } = openJournal(options, () => {});
  for (let i = 0; i < 20; i++) journal.append(ordersFrom(journal.position + 1, 30), 0, 30);
  journal.close();
  const report = inspectJournal(options, { frames: true });
  expect(report).toMatchObject({ verdict: "clean", lastPosition: 603, durablePosition: 603, frames: 21 });
  expect(report.segments.length).toBe(4);
  expect(report.frameList?.[1]).toMatchObject({
    offset: SECTOR_BYTES + 320,
    position: 4,
    count: 30,
    durablePosition: 3,
  });

  const path = report.segments[1].file;
  const bytes = disk.contents(path);
  bytes[SECTOR_BYTES + 100] ^= 4;
  disk.overwrite(path, bytes);
  const before = disk.image(options.directory);
  expect(() => verifyJournal(options)).toThrow(
    /^corrupt: data\/journal\/journal-0000000002\.seg at offset 4096, position \d+: /,
  );
  expect(disk.image(options.directory)).toEqual(before);
});

/** Longer than the zeros that a frame may end with, shorter than a frame. */
const INTO_NEXT_FRAME = 96;

/** `disk` as whoever looks at a busy journal sees it: while a file is read, `append` adds to it. */
function busyDisk(disk: SimulatedDisk, append: () => void): Storage {
  const open: Storage["open"] = (path, access) => {
    const file = disk.open(path, access);
    const read: StorageFile["read"] = (bytes, from, length, position) => {
      if (position > 0) return file.read(bytes, from, length, position);
      // What comes next is then seen without its beginning.
      const end = disk.contents(path).findLastIndex((byte) => byte !== 0) + INTO_NEXT_FRAME;
      const got = file.read(bytes, from, Math.min(length, end), position);
      append();
      return got;
    };
    return { path, read, size: () => file.size(), close: () => file.close() } as StorageFile;
  };
  return { open, list: (directory: string) => disk.list(directory) } as Storage;
}

test("a journal that is written all the time is whole to whoever looks at it, and damage in it is still found", () => {
  const disk = new SimulatedDisk();
  const options = journalOptions(disk);
  const { journal } = openJournal(options, () => {});
  const append = () => {
    for (let i = 0; i < 2; i++) journal.append(ordersFrom(journal.position + 1, 1), 0, 1);
  };
  append();
  const place = { ...options, storage: busyDisk(disk, append) };
  const before = journal.position;
  expect(verifyJournal(place).lastPosition).toBeGreaterThanOrEqual(before);
  const [{ file }] = inspectJournal(options).segments;
  const bytes = disk.contents(file);
  bytes[SECTOR_BYTES + 400] ^= 4;
  disk.overwrite(file, bytes);
  expect(codeOf(() => verifyJournal(place))).toBe("LOG_CORRUPT");
});

test("a journal whose oldest segments are retired while it is looked at is whole", () => {
  const disk = new SimulatedDisk();
  const options = journalOptions(disk);
  const { journal } = openJournal(options, () => {});
  for (let i = 0; i < 30; i++) journal.append(ordersFrom(journal.position + 1, 30), 0, 30);
  journal.close();
  const begins = inspectJournal(options).segments.map(({ firstPosition }) => firstPosition);
  expect(begins.length).toBeGreaterThan(4);
  for (const number of [1, 3]) {
    // The moment before this segment is opened, it and those before it are removed.
    const path = `${options.directory}/journal-000000000${number}.seg`;
    const open: Storage["open"] = (file, access) => {
      if (file === path) retireSegments(journalPlace(options), begins[number]);
      return disk.open(file, access);
    };
    const place = { ...options, storage: { open, list: (name: string) => disk.list(name) } as Storage };
    expect(verifyJournal(place)).toMatchObject({ firstPosition: begins[number], lastPosition: 903 });
  }
});

/** The bytes of a good genesis record without instruments. */
const GENESIS_BYTES = new Uint8Array(encodeGenesisEntry({ ...ENTRY, instruments: [] }).buffer);

/**
 * A log of whole records, each of the given kind, in a journal's files; nobody checked them when they were written. A
 * genesis is a good one, every other record is empty.
 */
function foreignLog(frames: readonly (readonly number[])[]): ReturnType<typeof journalOptions> {
  const options = journalOptions(new SimulatedDisk());
  const place = { ...options, log: JOURNAL_LOG };
  const { writer } = openLog(place, { segmentBytes: SECTOR_BYTES + 16384, frameBytesMax: 4096 });
  for (const kinds of frames) {
    writer.frame.bytes.fill(0, FRAME_HEADER_BYTES);
    kinds.forEach((kind, i) => {
      if (kind === Genesis) writer.frame.bytes.set(GENESIS_BYTES, FRAME_HEADER_BYTES + i * RECORD_BYTES);
      else writer.frame.bytes[FRAME_HEADER_BYTES + i * RECORD_BYTES] = kind;
    });
    writer.append(kinds.length * RECORD_BYTES, kinds.length, 1);
    writer.sync();
  }
  writer.close();
  return options;
}

const { Genesis, NewOrder, RegisterInstrument, Tick } = CommandKind;

test.each<[name: string, frames: number[][], says: string]>([
  [
    "whose first record is an order",
    [[NewOrder]],
    "at offset 4096, position 1: the first entry is not a genesis entry",
  ],
  [
    "whose genesis entry holds too many records",
    [[Genesis, RegisterInstrument]],
    "at offset 4096, position 1: the genesis frame holds 1 of 0 instruments",
  ],
  [
    "with a record of a kind from the future",
    [[Genesis], [Tick, Tick], [Tick, NewOrder, 99, 98]],
    "at offset 4496, position 6: a record of kind 99 with something in it that this program does not know",
  ],
  [
    "with an instrument that has no name",
    [[Genesis], [Tick], [Tick, RegisterInstrument]],
    "at offset 4416, position 4: a record of kind 2 with something in it that this program does not know",
  ],
  [
    "with a second genesis",
    [[Genesis], [Genesis]],
    "at offset 4256, position 2: a record of kind 1 with something in it that this program does not know",
  ],
])("a journal %s is refused by file and position, by whoever reads it", (_, frames, says) => {
  const options = foreignLog(frames);
  const error = new SeriatimError("JOURNAL_FOREIGN", `data/journal/journal-0000000001.seg ${says}`);
  const seen: number[] = [];
  expect(() => openJournal(options, (_words, _at, count, first) => seen.push(first + count))).toThrow(error);
  expect(seen.length).toBe(frames.length - 1);
  expect(() => verifyJournal(options)).toThrow(error);
});

test("an agent says why the next segment can't be prepared, and goes on", () => {
  const disk = new SimulatedDisk({ capacity_bytes: (SECTOR_BYTES + 16384) * 1.5 });
  const { journal } = openJournal(journalOptions(disk), () => {});
  const ring = createRing({ recordBytes: RECORD_BYTES, capacity: 16 });
  const agent = new JournalAgent(journal, ring, new RingConsumer(ring));
  expect(agent.preallocationFailure).toBeUndefined();
  expect([agent.doWork(), agent.preallocationFailure?.code, agent.failure]).toEqual([0, "ENOSPC", undefined]);
});

test("another application's records are journaled by its own rules, and refused by everybody else's", () => {
  const BEGINNING = 200;
  const INCREMENT = 201;
  const rules: RecordRules = {
    genesisFault: (words, at, count) =>
      count === 1 && words[at] === BEGINNING ? undefined : "the first entry is no counter's",
    firstUnknown: (words, at, count) =>
      [...Array(count).keys()].findIndex((i) => words[at + i * (RECORD_BYTES / 4)] !== INCREMENT),
  };
  const record = (kind: number) => new Int32Array(RECORD_BYTES / 4).fill(kind, 0, 1);
  const options = { ...journalOptions(new SimulatedDisk()), rules, genesis: record(BEGINNING) };
  const { journal } = openJournal(options, () => {});
  for (let i = 0; i < 5; i++) journal.append(new Uint8Array(record(INCREMENT).buffer), 0, 1);
  journal.close();
  const kinds: number[] = [];
  openJournal(options, (words, at) => kinds.push(words[at])).journal.close();
  expect(kinds).toEqual([BEGINNING, ...Array(5).fill(INCREMENT)]);
  expect(verifyJournal(options).lastPosition).toBe(6);
  const exchanges = { ...options, rules: EXCHANGE_RECORDS };
  expect(() => verifyJournal(exchanges)).toThrow(/position 1: the first entry is not a genesis entry$/);
  const ofExchange = journalOptions(new SimulatedDisk());
  openJournal(ofExchange, () => {}).journal.close();
  expect(() => openJournal({ ...ofExchange, rules }, () => {})).toThrow(
    /position 1: the first entry is no counter's$/,
  );
});

// It cut the torn end, and marked what was left as closed, before it found out that the beginning was missing.
test("a journal without its beginning is refused as it is, also when the only frame left is torn", () => {
  const disk = new SimulatedDisk();
  const options = journalOptions(disk);
  const { journal } = openJournal(options, () => {});
  for (let i = 0; i < 30; i++) journal.append(ordersFrom(journal.position + 1, 20), 0, 20);
  while (!journal.rotate()) journal.prepareNext(true);
  journal.append(ordersFrom(journal.position + 1, 20), 0, 20);
  const names = disk.list("data/journal");
  const last = names.filter((name) => name.endsWith(".seg")).at(-1);
  for (const name of names) if (name !== last) disk.remove(`data/journal/${name}`);
  const bytes = disk.contents(`data/journal/${last}`);
  bytes[SECTOR_BYTES + 200] ^= 1;
  disk.overwrite(`data/journal/${last}`, bytes);
  const before = disk.image("data/journal");
  expect(() => openJournal(options, () => {})).toThrow("what came before is not there");
  expect(disk.image("data/journal")).toEqual(before);
});

// An orderly stop wrote all zeros of a segment that was thrown away then: 10 s were not enough for a large one.
test("an agent whose producer has closed prepares no further segment, and no rotation waits for one", () => {
  const disk = new SimulatedDisk();
  const { journal } = openJournal({ ...journalOptions(disk), segmentBytes: 64 * 1024 * 1024 }, () => {});
  const ring = createRing({ recordBytes: RECORD_BYTES, capacity: 16 });
  const agent = new JournalAgent(journal, ring, new RingConsumer(ring));
  expect(agent.doWork()).toBe(1);
  agent.rotate(() => {});
  new RingProducer(ring).close();
  const calls = disk.calls;
  expect([agent.doWork(), disk.calls]).toEqual([0, calls]);
});
