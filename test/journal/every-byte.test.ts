// A journal of three small segments with every byte of it damaged, one at a time: what opens is a prefix with everything
// durable, bit for bit; everything else is refused, and then nothing on the disk has changed.

import { expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { journalPlace, openJournal } from "../../src/journal/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { CLOSING_MARK_BYTES, SECTOR_BYTES, scanLog } from "../../src/segment/index.ts";
import { journalOptions, ordersFrom, RecordChecker } from "./support.ts";

const DISK_SECTOR_BYTES = 512;
const LIMITS = { segmentBytes: 2 * SECTOR_BYTES, frameBytesMax: 2048 };
const optionsOn = (disk: SimulatedDisk) => ({ ...journalOptions(disk), ...LIMITS });

/** Frames of a few orders until the third segment is half full; every one safe before the next, closed in order. */
function threeSegments(): SimulatedDisk {
  const disk = new SimulatedDisk();
  const { journal } = openJournal(optionsOn(disk), () => {});
  for (const count of [12, 1, 23, 9, 17, 3, 14, 8, 10]) {
    journal.append(ordersFrom(journal.position + 1, count), 0, count);
  }
  journal.close();
  return disk;
}

const sound = threeSegments();
/** Where each frame ends, in the order of the log. */
const ends: { readonly file: string; readonly end: number; readonly last: number }[] = [];
const whole = scanLog(
  journalPlace(optionsOn(sound)),
  ({ file, offset, frameBytes, firstPosition, count }) => {
    ends.push({ file, end: offset + frameBytes, last: firstPosition + count - 1 });
  },
);
const files = whole.segments.map(({ file }) => file);
const last = files[files.length - 1];

/** The last position whose frame lies before byte `size` of `file`: damage behind takes no other away. */
function leastBefore(file: string, size: number): number {
  if (file !== last) return whole.lastPosition;
  return ends.filter((frame) => frame.file !== file || frame.end <= size).at(-1)?.last ?? 0;
}

/** Opens what is left; the last position, or -1 when it was refused, unchanged. Throws for a wrong or lost record. */
function openDamaged(disk: SimulatedDisk, safe: number): number {
  const seen = new RecordChecker();
  const calls = disk.calls;
  try {
    openJournal(optionsOn(disk), seen.visit).journal.close();
  } catch (error) {
    if (!(error instanceof SeriatimError)) throw error;
    expect([error.code, disk.calls]).toEqual(["LOG_CORRUPT", calls]);
    expect(error.message).toMatch(/journal-000000000\d\.seg at offset \d+, position \d+: /);
    return -1;
  }
  expect(seen.lastPosition).toBeGreaterThanOrEqual(safe);
  return seen.lastPosition;
}

const disk = threeSegments();

/** Opens with `damaged` in the place of one file; the disk is as before afterwards. */
function withDamage(file: string, damaged: Uint8Array, safe: number): number {
  disk.overwrite(file, damaged);
  const position = openDamaged(disk, safe);
  disk.overwrite(file, sound.contents(file));
  if (position >= 0) disk.overwrite(last, sound.contents(last));
  return position;
}

function report(what: string, outcomes: readonly number[], of: number): void {
  const refused = outcomes.filter((position) => position < 0).length;
  const complete = outcomes.filter((position) => position === whole.lastPosition).length;
  const prefix = outcomes.length - refused - complete;
  const found = `refused ${refused}, everything ${complete}, durable prefix ${prefix}`;
  console.info(`${what}: ${outcomes.length}/${of} (${found})`);
}

test("the journal has three segments and is whole", () => {
  expect([files.length, whole.verdict, whole.durablePosition]).toEqual([3, "clean", whole.lastPosition]);
  expect(whole.segments[2].endOffset).toBeGreaterThan(SECTOR_BYTES + 1024);
});

test("with any one byte flipped it gives everything or is refused", () => {
  const outcomes: number[] = [];
  for (const file of files) {
    const bytes = sound.contents(file);
    for (let at = 0; at < bytes.length; at++) {
      bytes[at] ^= 1 << (at % 8);
      outcomes.push(withDamage(file, bytes, whole.lastPosition));
      bytes[at] ^= 1 << (at % 8);
    }
  }
  report("flipped bytes", outcomes, 3 * LIMITS.segmentBytes);
  // All that belongs to a header or a frame, and every byte behind the frames of a segment that is not the last, but for its mark.
  expect(outcomes.filter((position) => position < 0).length).toBe(
    2 * (LIMITS.segmentBytes - CLOSING_MARK_BYTES) + whole.segments[2].endOffset,
  );
});

test("cut at any byte of any file it is refused", () => {
  const outcomes: number[] = [];
  for (const file of files) {
    const bytes = sound.contents(file);
    for (let size = 0; size < bytes.length; size++) {
      outcomes.push(withDamage(file, bytes.subarray(0, size), leastBefore(file, size)));
    }
  }
  report("cuts", outcomes, 3 * LIMITS.segmentBytes);
  const refused = outcomes.filter((position) => position < 0).length;
  expect(refused).toBe(3 * LIMITS.segmentBytes);
});

test("without its newest file, or its two newest, it is refused", () => {
  const without = threeSegments();
  for (const gone of files.slice(1).reverse()) {
    without.remove(gone);
    const name = gone.slice(gone.lastIndexOf("/") + 1);
    expect(() => openJournal(optionsOn(without), () => {})).toThrow(
      `the log goes on in ${name}, which is missing`,
    );
  }
});

test("with any 512-byte sector zeroed it gives what was durable by what is left, or is refused", () => {
  const outcomes: number[] = [];
  for (const file of files) {
    for (let at = 0; at < LIMITS.segmentBytes; at += DISK_SECTOR_BYTES) {
      const bytes = sound.contents(file).fill(0, at, at + DISK_SECTOR_BYTES);
      outcomes.push(withDamage(file, bytes, leastBefore(file, at)));
    }
  }
  report("zeroed sectors", outcomes, (3 * LIMITS.segmentBytes) / DISK_SECTOR_BYTES);
  expect(outcomes.filter((position) => position < 0).length).toBeGreaterThan(10);
});
