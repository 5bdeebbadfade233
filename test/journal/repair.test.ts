// Repair: what opening would do for a torn end, and a refusal with what could serve for everything else.

import { expect, test } from "vitest";
import { SeriatimError, storageError } from "../../src/base/index.ts";
import {
  inspectJournal,
  type JournalOptions,
  journalPlace,
  openJournal,
  type Repair,
  repairJournal,
  SnapshotStore,
  verifyJournal,
} from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { FrameFollower, retireSegments, SECTOR_BYTES } from "../../src/segment/index.ts";
import { writeInVersion } from "../support/other-version.ts";
import { APPLICATION, pointAt, snapshotPlace, stateOf } from "./snapshot/support.ts";
import { GENESIS_RECORDS, journalOptions, ordersFrom } from "./support.ts";

const FRAME = 20;
const LAST = GENESIS_RECORDS + 30 * FRAME;

/** A journal of several segments, each frame safe before the next, ended by a crash or in order. */
function written(orderly: boolean): { disk: SimulatedDisk; options: JournalOptions } {
  const disk = new SimulatedDisk();
  const options = journalOptions(disk);
  const { journal } = openJournal(options, () => {});
  for (let i = 0; i < 30; i++) journal.append(ordersFrom(journal.position + 1, FRAME), 0, FRAME);
  if (orderly) journal.close();
  return { disk, options };
}

/** A snapshot of the text "state" at the end of frame number `frame`, by this journal's own words or another's. */
function takeSnapshot({ disk, options }: ReturnType<typeof written>, frame: number, own = true): string {
  const position = GENESIS_RECORDS + frame * FRAME;
  const point = own ? new FrameFollower(journalPlace(options), position).seek(position) : undefined;
  const store = new SnapshotStore(snapshotPlace(disk), APPLICATION);
  return store.write({ ...pointAt(position), ...point }, stateOf("state")).path;
}

function lastSegment(options: JournalOptions) {
  const { segments } = inspectJournal(options);
  return segments[segments.length - 1];
}

function flip(disk: SimulatedDisk, path: string, at: number): void {
  const bytes = disk.contents(path);
  bytes[at] ^= 1;
  disk.overwrite(path, bytes);
}

/** Repairs; a refusal must have changed nothing. */
function repaired({ disk, options }: ReturnType<typeof written>): Repair | SeriatimError {
  const before = disk.image(options.directory);
  try {
    return repairJournal(options, new SnapshotStore(snapshotPlace(disk), APPLICATION));
  } catch (error) {
    expect(disk.image(options.directory)).toEqual(before);
    if (error instanceof SeriatimError) return error;
    throw error;
  }
}

test("a whole journal is left as it is", () => {
  const journal = written(true);
  const before = journal.disk.image("data/journal");
  expect(repaired(journal)).toMatchObject({ wasCut: false, behind: undefined });
  expect(journal.disk.image("data/journal")).toEqual(before);
});

test("a torn end is cut, and the journal is whole up to the frame before it", () => {
  const journal = written(false);
  const { file, endOffset } = lastSegment(journal.options);
  flip(journal.disk, file, endOffset - 8);
  expect(repaired(journal)).toMatchObject({
    wasCut: true,
    scan: { verdict: "torn", lastPosition: LAST - FRAME },
  });
  expect(verifyJournal(journal.options)).toMatchObject({ verdict: "clean", lastPosition: LAST - FRAME });
  expect(repaired(journal)).toMatchObject({ wasCut: false });
});

test("a damaged frame that was durable is refused, and the refusal says what could serve", () => {
  const journal = written(true);
  const { file, endOffset } = lastSegment(journal.options);
  flip(journal.disk, file, endOffset - 8);
  const refusal = repaired(journal) as SeriatimError;
  expect(refusal.code).toBe("REPAIR_REFUSED");
  expect(refusal.message).toMatch(
    new RegExp(
      `^not repaired: corrupt: ${file} at offset \\d+, position \\d+: .*; what can serve instead: ` +
        `a replica that holds position ${LAST} or more; there is no whole snapshot here$`,
    ),
  );
  const path = takeSnapshot(journal, 5);
  expect((repaired(journal) as SeriatimError).message).toContain(
    `${path} has the state at position ${GENESIS_RECORDS + 5 * FRAME}, and nothing of what came after`,
  );
});

test.each([
  ["a frame of the first segment", 0, (begin: number) => begin + 40],
  ["the first segment's header", 0, () => 40],
  ["a frame in the middle of the last segment", -1, (begin: number) => begin + 40],
  ["the last segment's header", -1, () => 40],
])("what could serve holds all that is whole behind the damage: %s", (_, segment, at) => {
  for (const orderly of [true, false]) {
    const journal = written(orderly);
    const { segments } = inspectJournal(journal.options);
    const { file } = segments.at(segment) ?? expect.fail("there is no segment");
    flip(journal.disk, file, at(SECTOR_BYTES));
    expect((repaired(journal) as SeriatimError).message).toContain(
      `: a replica that holds position ${LAST} or more;`,
    );
  }
});

test.each([
  ["oldest", 0],
  ["last", -1],
])("the %s file is a later program's: refused by file, offset and version, whatever lies behind", (_, at) => {
  const journal = written(false);
  const { segments } = inspectJournal(journal.options);
  const { file } = segments.at(at) ?? expect.fail("there is no segment");
  const { file: last, endOffset } = lastSegment(journal.options);
  flip(journal.disk, last, endOffset - 8);
  writeInVersion(journal.disk, file, 2);
  expect((repaired(journal) as SeriatimError).message).toMatch(
    new RegExp(
      `^not repaired: corrupt: ${file} at offset 0, position \\d+: it is written in format version 2,`,
    ),
  );
});

test("a torn end that a snapshot says was durable is refused", () => {
  const journal = written(false);
  takeSnapshot(journal, 30);
  const { file, endOffset } = lastSegment(journal.options);
  flip(journal.disk, file, endOffset - 8);
  expect(repaired(journal)).toMatchObject({ code: "REPAIR_REFUSED" });
});

test("damage in segments before the snapshot's keeps nobody from a start; it is told, and stays", () => {
  const journal = written(false);
  takeSnapshot(journal, 29);
  const { segments } = inspectJournal(journal.options);
  const { file, endOffset } = segments[segments.length - 1];
  flip(journal.disk, segments[0].file, segments[0].endOffset - 8);
  expect(repaired(journal)).toMatchObject({
    wasCut: false,
    behind: { position: GENESIS_RECORDS + 29 * FRAME },
    damage: expect.stringMatching(new RegExp(`^corrupt: ${segments[0].file} at offset \\d+, position \\d+`)),
  });
  flip(journal.disk, file, endOffset - 8);
  expect(repaired(journal)).toMatchObject({ wasCut: true, damage: expect.stringContaining("corrupt") });
});

test("a torn end alone is no damage to the history, and neither is what was retired", () => {
  const torn = written(false);
  takeSnapshot(torn, 29);
  const { file, endOffset } = lastSegment(torn.options);
  flip(torn.disk, file, endOffset - 8);
  expect(repaired(torn)).toMatchObject({ wasCut: true, damage: undefined });
  const retired = written(true);
  takeSnapshot(retired, 29);
  retireSegments(journalPlace(retired.options), GENESIS_RECORDS + 29 * FRAME);
  expect(repaired(retired)).toMatchObject({ wasCut: false, damage: undefined });
});

test("a journal whose beginning is in no snapshot that holds is refused", () => {
  const journal = written(true);
  const path = takeSnapshot(journal, 29);
  retireSegments(journalPlace(journal.options), GENESIS_RECORDS + 29 * FRAME);
  expect(repaired(journal)).toMatchObject({ wasCut: false });
  flip(journal.disk, path, 260);
  expect((repaired(journal) as SeriatimError).message).toMatch(
    /^not repaired: data\/journal begins with position \d+, and no snapshot that holds has what came before/,
  );
});

test("a snapshot of another history at the same place is passed over; a later one is a refusal", () => {
  const journal = written(true);
  takeSnapshot(journal, 3, false);
  expect(repaired(journal)).toMatchObject({ wasCut: false, behind: undefined });
  takeSnapshot(journal, 31, false);
  expect(repaired(journal)).toMatchObject({ code: "REPAIR_REFUSED" });
});

test.each([
  ["the disk can't read", (disk: SimulatedDisk, path: string) => failReads(disk, path)],
  [
    "has another one's name",
    (disk: SimulatedDisk, path: string) => disk.rename(path, path.replace("603", "999")),
  ],
  ["is of another version", (disk: SimulatedDisk, path: string) => disk.remove(path)],
])("a snapshot that a start passes over serves no repair, and hinders none: one that %s", (_, spoil) => {
  const journal = written(false);
  const path = takeSnapshot(journal, 30);
  spoil(journal.disk, path);
  const other = new SnapshotStore(snapshotPlace(journal.disk), { ...APPLICATION, version: 4 });
  other.write(pointAt(LAST + 1), stateOf("state"));
  const { file, endOffset } = lastSegment(journal.options);
  flip(journal.disk, file, endOffset - 8);
  expect(repaired(journal)).toMatchObject({ wasCut: true, behind: undefined });
});

function failReads(disk: SimulatedDisk, broken: string): void {
  const open = disk.open.bind(disk);
  const read = () => {
    throw storageError("EIO", "read", broken);
  };
  disk.open = (path, access) =>
    path === broken ? Object.assign(open(path, access), { read }) : open(path, access);
}

test("cut or damaged anywhere in its last segment, it is repaired exactly when it opens, to the same files", () => {
  const sound = written(false);
  const { file } = lastSegment(sound.options);
  const contents = sound.disk.contents(file);
  for (let at = 0; at < contents.length; at += 331) {
    const [one, other] = [written(false), written(false)];
    for (const { disk } of [one, other]) {
      if (at % 2 === 0) flip(disk, file, at);
      else disk.overwrite(file, contents.slice(0, at));
    }
    const outcome = repaired(one);
    let opens = true;
    try {
      openJournal(other.options, () => {}).journal.close();
    } catch {
      opens = false;
    }
    expect({ at, repaired: !(outcome instanceof SeriatimError) }).toEqual({ at, repaired: opens });
    const wasCut = !(outcome instanceof SeriatimError) && outcome.wasCut;
    if (wasCut) expect(one.disk.image("data/journal")).toEqual(other.disk.image("data/journal"));
  }
});
