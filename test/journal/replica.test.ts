// A replica's journal: frames of the primary's, checked as records too; and a journal that begins behind a snapshot.

import { describe, expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import {
  type DurabilityMode,
  JOURNAL_BEGINNING,
  type JournalOptions,
  type JournalReport,
  journalPlace,
  openJournal,
  ReplicaJournal,
  readRecords,
  verifyJournal,
} from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { encodeGenesisEntry } from "../../src/node/exchange-records.ts";
import {
  FrameFollower,
  openLog,
  retireSegments,
  SECTOR_BYTES,
  scanLog,
  wholeFrame,
} from "../../src/segment/index.ts";
import {
  ENTRY,
  GENESIS_RECORDS,
  journalOptions,
  ordersFrom,
  RECORD_BYTES,
  RecordChecker,
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

/** A primary's journal of two tenures, and its frames. */
function primary(mode: DurabilityMode = "fsync") {
  const disk = new SimulatedDisk();
  const options = { ...journalOptions(disk), mode };
  const { journal } = openJournal(options, () => {});
  for (let i = 0; i < 30; i++) {
    if (i === 12) journal.beginEpoch(2);
    journal.append(ordersFrom(journal.position + 1, 20), 0, 20);
    while (journal.prepareNext(true));
    if (i === 5) expect(journal.rotate()).toBe(true);
  }
  journal.close();
  const frames: { bytes: Uint8Array; beginsSegment: boolean }[] = [];
  scanLog(journalPlace(options), (frame) => {
    frames.push({ bytes: wholeFrame(frame).slice(), beginsSegment: frame.offset === SECTOR_BYTES });
  });
  return { disk, options, frames, position: journal.position };
}

const { genesis: _, ...WITHOUT_GENESIS } = journalOptions(new SimulatedDisk());
const replicaOptions = (disk: SimulatedDisk): JournalOptions => ({
  ...WITHOUT_GENESIS,
  storage: disk,
  from: JOURNAL_BEGINNING,
});

test("a replica's journal begins empty, takes the genesis entry from its primary, and is the same files", () => {
  const source = primary();
  const disk = new SimulatedDisk();
  const { journal, created } = openJournal(replicaOptions(disk), () => {});
  expect([created, journal.position]).toEqual([false, 0]);
  for (const { bytes, beginsSegment } of source.frames) {
    expect(journal.appendFrame(bytes, beginsSegment)).toBeUndefined();
  }
  expect([journal.position, journal.epoch]).toEqual([source.position, 2]);
  journal.close();
  expect(disk.image("data/journal")).toEqual(source.disk.image("data/journal"));
  const seen = new RecordChecker();
  openJournal(replicaOptions(disk), seen.visit);
  expect(seen.lastPosition).toBe(source.position);
});

test("in mode fsync never more than one frame of a replica's journal is at risk, whatever its primary's mode", () => {
  const disk = new SimulatedDisk();
  const { journal } = openJournal(replicaOptions(disk), () => {});
  let before = 0;
  for (const { bytes, beginsSegment } of primary("flush").frames) {
    journal.appendFrame(bytes, beginsSegment);
    expect(journal.durablePosition).toBe(before);
    before = journal.position;
  }
});

describe("a frame that the replica's application can't apply", () => {
  const foreign = new SimulatedDisk();
  const { writer } = openLog(
    { ...journalPlace(journalOptions(foreign)) },
    { segmentBytes: 65_536, frameBytesMax: 4096 },
  );
  const genesis = encodeGenesisEntry(ENTRY);
  writer.frame.bytes.set(new Uint8Array(genesis.buffer), 80);
  writer.append(genesis.length * 4, GENESIS_RECORDS, 1);
  writer.frame.bytes.fill(99, 80, 80 + RECORD_BYTES);
  writer.append(RECORD_BYTES, 1, 2);
  const frames: Uint8Array[] = [];
  scanLog(journalPlace(journalOptions(foreign)), (frame) => frames.push(wholeFrame(frame).slice()));

  test("is refused with nothing written, and the journal goes on", () => {
    const disk = new SimulatedDisk();
    const { journal } = openJournal(replicaOptions(disk), () => {});
    journal.appendFrame(frames[0], true);
    const before = disk.image("data/journal");
    expect(() => journal.appendFrame(frames[1], false)).toThrow(
      /position 4: a record of kind 99 with something/,
    );
    expect(disk.image("data/journal")).toEqual(before);
    expect([journal.position, journal.failure]).toEqual([GENESIS_RECORDS, undefined]);
  });

  test("and a first frame without a genesis entry is refused as well", () => {
    const { journal } = openJournal(replicaOptions(new SimulatedDisk()), () => {});
    expect(journal.appendFrame(frames[1], true)?.kind).toBe("gap");
  });
});

test("with a snapshot's point a journal is opened behind it, or begun there when the caller says so", () => {
  const source = primary();
  const { frames, options } = source;
  const { chain, position, epoch } = openUpTo(frames.slice(0, 16));
  const seen: number[] = [];
  const { journal } = openJournal({ ...options, from: { position, epoch, chain } }, (_w, _a, count, first) =>
    seen.push(first, count),
  );
  expect([seen[0], seen.length / 2]).toEqual([position + 1, frames.length - 16]);
  journal.close();

  const elsewhere = { ...WITHOUT_GENESIS, storage: new SimulatedDisk() };
  expect(codeOf(() => openJournal({ ...elsewhere, from: { position, epoch, chain } }, () => {}))).toBe(
    "JOURNAL_EMPTY",
  );
  const begun = openJournal({ ...elsewhere, from: { position, epoch, chain, firstSegment: 3 } }, () => {});
  for (const { bytes, beginsSegment } of frames.slice(16)) {
    expect(begun.journal.appendFrame(bytes, beginsSegment)).toBeUndefined();
  }
  begun.journal.close();
  expect(verifyJournal(elsewhere)).toMatchObject({
    firstPosition: position + 1,
    lastPosition: source.position,
  });
  // Without the snapshot it is no journal to start from.
  expect(codeOf(() => openJournal(elsewhere, () => {}))).toBe("JOURNAL_INCOMPLETE");
});

// What numbers its segments have, and where they begin, is its own affair where its primaries number theirs otherwise.
test("a journal whose segments begin elsewhere than its primaries' is as whole: verified, exported, retired, opened and gone on with", () => {
  const { frames, position } = primary();
  const options = { ...WITHOUT_GENESIS, storage: new SimulatedDisk() };
  const open = () => new ReplicaJournal({ ...options, from: undefined }, () => {});
  let journal = open();
  // One that numbers from 50, one promoted behind a snapshot, which began with 1, and one between; this node is started again now and then.
  frames.forEach(({ bytes }, i) => {
    if (i % 7 === 3) {
      journal.close();
      journal = open();
    }
    const segment = i < 10 ? 50 + (i >> 2) : i < 20 ? 1 + (i >> 3) : 9 + (i >> 1);
    expect(journal.append(bytes, segment)).toBeUndefined();
  });
  journal.close();
  const begins = (of: JournalReport) => of.segments.map(({ firstPosition }) => firstPosition);
  const report = verifyJournal(options);
  expect([report.verdict, report.firstPosition, report.lastPosition]).toEqual(["clean", 1, position]);
  expect(begins(report).length).toBeGreaterThan(8);

  let exported = 0;
  const range = { from: 2, to: position - 1 };
  const read = readRecords(options, range, ({ count, firstPosition }) => {
    expect(firstPosition).toBe(2 + exported);
    exported += count;
    return true;
  });
  expect([exported, read.lacks]).toEqual([position - 2, undefined]);

  const before = begins(report)[4];
  expect(retireSegments(journalPlace(options), before + 1).length).toBe(4);
  expect(begins(verifyJournal(options))).toEqual(begins(report).slice(4));
  const point = new FrameFollower(journalPlace(options), position).seek(position);
  const again = new ReplicaJournal({ ...options, from: point }, () => {});
  expect([again.position, again.mayLack]).toEqual([position, true]);
  again.close();
});

/** Where a journal of these frames ends. */
function openUpTo(frames: readonly { bytes: Uint8Array; beginsSegment: boolean }[]) {
  const { journal } = openJournal(replicaOptions(new SimulatedDisk()), () => {});
  for (const { bytes, beginsSegment } of frames) journal.appendFrame(bytes, beginsSegment);
  return journal;
}
