// Damage, byte by byte: a log gives a valid prefix that holds everything durable, or it is refused and left as it is.

import { describe, expect, test } from "vitest";
import { SeriatimError, WordBuffer } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import {
  CLOSING_MARK_BYTES,
  CLOSING_MARK_MAGIC,
  ClosingMarkLayout,
  CONTINUATION_MARK_MAGIC,
  encodeSegmentHeader,
  FRAME_HEADER_BYTES,
  type FrameFields,
  FrameLayout,
  openLog,
  SECTOR_BYTES,
  SegmentLayout,
  scanLog,
  sealFrame,
} from "../../src/segment/index.ts";
import { appendFrame, Collector, checksums, logPlace, SMALL } from "./support.ts";

const TINY = { segmentBytes: 2 * SECTOR_BYTES, frameBytesMax: 1024 };
const PATH = "d/log-0000000001.seg";
const segmentPath = (number: number) => `d/log-000000000${number}.seg`;

/** Frames of one position each or more, every one synced before the next is written. */
function writeLog(counts: readonly number[], limits = TINY): SimulatedDisk {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), limits);
  for (const count of counts) {
    appendFrame(writer, count);
    writer.sync();
  }
  writer.close();
  return disk;
}

function refusal(disk: SimulatedDisk, limits = TINY): SeriatimError {
  const before = disk.image("d");
  try {
    openLog(logPlace(disk), limits);
  } catch (error) {
    expect(disk.image("d")).toEqual(before);
    if (error instanceof SeriatimError) return error;
    throw error;
  }
  throw new Error("the log was opened");
}

/** Opens a damaged log of `counts`; it must be refused unchanged, or give a prefix with everything durable. */
function openDamaged(disk: SimulatedDisk, durable: number): "refused" | "prefix" {
  const scan = scanLog(logPlace(disk));
  if (scan.verdict === "corrupt") {
    expect(refusal(disk).code).toBe("LOG_CORRUPT");
    return "refused";
  }
  const found = new Collector();
  const { writer } = openLog(logPlace(disk), TINY, found.visit);
  expect(found.verified()).toBeGreaterThanOrEqual(durable);
  appendFrame(writer, 3);
  writer.close();
  const again = new Collector();
  expect(scanLog(logPlace(disk), again.visit).verdict).toBe("clean");
  expect(again.verified()).toBe(found.payloads.length + 3);
  return "prefix";
}

describe("a log of four frames, closed in an orderly way", () => {
  const counts = [1, 3, 2, 4];
  const sound = writeLog(counts).contents(PATH);
  const frames: { readonly end: number; readonly last: number }[] = [];
  scanLog(logPlace(writeLog(counts)), ({ offset, frameBytes, firstPosition, count }) => {
    frames.push({ end: offset + frameBytes, last: firstPosition + count - 1 });
  });
  /** The last position whose frame ends within the first `size` bytes. */
  const lastWithin = (size: number) => frames.findLast(({ end }) => end <= size)?.last ?? 0;

  test("with any one byte changed gives everything or is refused, the last frame's bytes too", () => {
    const disk = writeLog(counts);
    const outcomes = { refused: 0, prefix: 0 };
    for (let at = 0; at < sound.length; at++) {
      const damaged = sound.slice();
      damaged[at] ^= 1 << (at % 8);
      disk.overwrite(PATH, damaged);
      outcomes[openDamaged(disk, 10)]++;
    }
    expect(outcomes.refused).toBe(scanLog(logPlace(writeLog(counts))).segments[0].endOffset);
    expect(outcomes.refused + outcomes.prefix).toBe(sound.length);
  });

  // It was torn, and served without what had been acknowledged behind the cut: no writer of such a log shortens a file.
  test("cut short at any byte is refused, with as many bytes as are missing", () => {
    const disk = writeLog(counts);
    for (let size = 0; size < sound.length; size++) {
      disk.overwrite(PATH, sound.slice(0, size));
      const end = frames.findLast(({ end }) => end <= size)?.end ?? SECTOR_BYTES;
      const where = `corrupt: ${PATH} at offset ${end}, position ${lastWithin(size) + 1}`;
      const missing = `of ${sound.length} bytes, ${sound.length - size} are missing`;
      const says =
        size < SECTOR_BYTES
          ? `corrupt: ${PATH} at offset 0, position 1: the file is ${size} bytes, shorter than its header`
          : `${where}: the file is cut short: ${size} ${missing} (its whole size was safe`;
      expect({ size, says: refusal(disk).message.slice(0, says.length) }).toEqual({ size, says });
    }
  });

  test("of a sparse log, whose ends are cut by truncating, it is torn, or refused where it was safe", () => {
    const sparse = { ...TINY, preallocation: "sparse" } as const;
    const disk = writeLog(counts, sparse);
    const { endOffset } = scanLog(logPlace(disk), () => {}, { isSparse: true }).segments[0];
    disk.overwrite(PATH, sound.slice(0, endOffset));
    const { writer, scan } = openLog(logPlace(disk), sparse);
    expect([scan.verdict, scan.fault?.reason, writer.position]).toEqual([
      "torn",
      `the file is cut short: ${endOffset} of 8192 bytes, ${8192 - endOffset} are missing`,
      10,
    ]);
    disk.overwrite(PATH, sound.slice(0, frames[1].end));
    const later = openLog(logPlace(disk), sparse);
    expect([later.scan.verdict, later.writer.position]).toEqual(["torn", frames[1].last]);
  });

  test("with any 512-byte sector zeroed gives every frame before it, or is refused", () => {
    const disk = writeLog(counts);
    for (let at = 0; at < sound.length; at += 512) {
      const damaged = sound.slice();
      damaged.fill(0, at, at + 512);
      disk.overwrite(PATH, damaged);
      openDamaged(disk, lastWithin(at));
    }
  });
});

/** A log of three segments. */
function threeSegments(): SimulatedDisk {
  const disk = writeLog(
    [...Array(12)].map(() => 100),
    SMALL,
  );
  expect(disk.list("d").length).toBe(3);
  return disk;
}

const DAMAGE: [name: string, says: RegExp, damage: (disk: SimulatedDisk) => void][] = [
  [
    "a changed byte in a segment before the last",
    /log-0000000001\.seg at offset \d+, position \d+: no whole frame begins here .*later segment/,
    (disk) => {
      const bytes = disk.contents(segmentPath(1));
      bytes[SECTOR_BYTES + 200] ^= 1;
      disk.overwrite(segmentPath(1), bytes);
    },
  ],
  [
    "stray bytes behind the frames of a segment before the last",
    /log-0000000001\.seg at offset \d+/,
    (disk) => {
      const bytes = disk.contents(segmentPath(1));
      bytes[bytes.length - 1] = 1;
      disk.overwrite(segmentPath(1), bytes);
    },
  ],
  [
    "a changed byte in a durable frame of the last segment",
    /log-0000000003\.seg at offset 4096, position \d+: no whole frame .*durable/,
    (disk) => {
      const bytes = disk.contents(segmentPath(3));
      bytes[SECTOR_BYTES + 200] ^= 1;
      disk.overwrite(segmentPath(3), bytes);
    },
  ],
  [
    "a missing segment in the middle",
    /log-0000000002\.seg .*segment 2 is missing/,
    (disk) => disk.remove(segmentPath(2)),
  ],
  [
    "the newest segment missing",
    /log-0000000002\.seg at offset \d+, position \d+: the log goes on in log-0000000003\.seg, which is missing \(/,
    (disk) => disk.remove(segmentPath(3)),
  ],
  [
    "the two newest segments missing",
    /log-0000000001\.seg at offset \d+, position \d+: the log goes on in log-0000000002\.seg, which is missing \(/,
    (disk) => {
      disk.remove(segmentPath(3));
      disk.remove(segmentPath(2));
    },
  ],
  [
    "the newest segment missing, and a damaged frame in the last that is there",
    /log-0000000002\.seg at offset 4096, position \d+: no whole frame begins here .*durable/,
    (disk) => {
      disk.remove(segmentPath(3));
      const bytes = disk.contents(segmentPath(2));
      bytes[SECTOR_BYTES + 200] ^= 1;
      disk.overwrite(segmentPath(2), bytes);
    },
  ],
  [
    "a segment before the last cut short",
    /log-0000000002\.seg at offset 4096, position \d+: the file is cut short: 5000 of 12288 bytes, 7288 are missing \(/,
    (disk) => disk.overwrite(segmentPath(2), disk.contents(segmentPath(2)).slice(0, 5000)),
  ],
  [
    "two segments in each other's place",
    /log-0000000002\.seg .*its header says it is segment 3/,
    (disk) => {
      const [second, third] = [disk.contents(segmentPath(2)), disk.contents(segmentPath(3))];
      disk.overwrite(segmentPath(2), third);
      disk.overwrite(segmentPath(3), second);
    },
  ],
  [
    "a segment of another history",
    /log-0000000002\.seg .*does not follow the segment before it/,
    (disk) => rewriteHeader(disk, 2, { anchor: new Uint8Array(32) }),
  ],
  [
    "a gap between two segments",
    /log-0000000002\.seg .*begins with position 999, expected \d+/,
    (disk) => rewriteHeader(disk, 2, { firstPosition: 999 }),
  ],
  [
    "a damaged segment header",
    /log-0000000003\.seg .*header's CRC32C does not match/,
    (disk) => {
      const bytes = disk.contents(segmentPath(3));
      bytes[SegmentLayout.reserved] ^= 1;
      disk.overwrite(segmentPath(3), bytes);
    },
  ],
  [
    "a file longer than its header says",
    /log-0000000003\.seg .*its header says 12288/,
    (disk) => disk.overwrite(segmentPath(3), new Uint8Array([...disk.contents(segmentPath(3)), 0, 0, 0, 0])),
  ],
  [
    "a format version from the future",
    /format version 7, this program knows version 1/,
    (disk) => setHeader(disk, SegmentLayout.version, 7),
  ],
  [
    "version 0, which was never released",
    /format version 0, this program/,
    (disk) => setHeader(disk, SegmentLayout.version, 0),
  ],
  [
    "sectors of another size",
    /its sector size is 512, this program knows 4096/,
    (disk) => setHeader(disk, SegmentLayout.sectorBytes, 512),
  ],
];

function setHeader(disk: SimulatedDisk, field: number, value: number): void {
  const bytes = disk.contents(segmentPath(1));
  const view = new DataView(bytes.buffer);
  view.setUint32(field, value, true);
  view.setUint32(SegmentLayout.crc, checksums.crc32c(bytes.subarray(0, SegmentLayout.crc)), true);
  disk.overwrite(segmentPath(1), bytes);
}

function rewriteHeader(disk: SimulatedDisk, number: number, change: object): void {
  const bytes = disk.contents(segmentPath(number));
  const header = {
    segmentBytes: bytes.length,
    number,
    firstPosition: 1,
    epoch: 1,
    anchor: new Uint8Array(32),
    former: 0,
  };
  const summary = scanLog(logPlace(disk)).segments[number - 1];
  const sector = encodeSegmentHeader(
    { ...header, firstPosition: summary.firstPosition, ...change },
    checksums,
  );
  bytes.set(sector.bytes);
  disk.overwrite(segmentPath(number), bytes);
}

test.each(DAMAGE)("%s is refused by file, offset and reason, and nothing is changed", (_, says, damage) => {
  const disk = threeSegments();
  damage(disk);
  const error = refusal(disk, SMALL);
  expect(error.code).toBe("LOG_CORRUPT");
  expect(error.message).toMatch(says);
  expect(error.message).not.toContain("\n");
});

test("a directory with a file that is not the log's is refused by that file's name", () => {
  const disk = threeSegments();
  disk.create("d/holiday.jpg").close();
  const error = refusal(disk, SMALL);
  expect([error.code, error.message]).toEqual([
    "FOREIGN_DIRECTORY",
    "d is not a log directory: it holds holiday.jpg",
  ]);
});

test("an unfinished segment is removed, and an empty last one is continued", () => {
  const disk = threeSegments();
  disk.create("d/log-0000000004.seg.tmp").close();
  const last = disk.contents(segmentPath(3));
  last.fill(0, SECTOR_BYTES);
  disk.overwrite(segmentPath(3), last);
  const found = new Collector();
  const { writer, scan } = openLog(logPlace(disk), SMALL, found.visit);
  expect(scan).toMatchObject({ verdict: "clean", temporaries: ["log-0000000004.seg.tmp"] });
  expect(disk.list("d").length).toBe(3);
  appendFrame(writer, 1);
  writer.close();
  expect(scanLog(logPlace(disk)).lastPosition).toBe(found.verified() + 1);
});

test("a broken frame above D with a whole one behind it is refused: cutting it would lose that one too", () => {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), TINY);
  for (let i = 0; i < 3; i++) appendFrame(writer, 4); // nothing is synced, so every frame names D = 0
  const bytes = disk.contents(PATH);
  bytes[SECTOR_BYTES + 100] ^= 1;
  disk.overwrite(PATH, bytes);
  expect(refusal(disk).message).toMatch(/at offset 4096, position 1: .*a whole frame lies behind it/);
});

test("a torn tail is cut, zeroed to the end and reported with its bytes", () => {
  const disk = writeLog([5, 5]);
  const bytes = disk.contents(PATH);
  const { endOffset } = scanLog(logPlace(disk)).segments[0];
  bytes.fill(0xee, endOffset + 56, endOffset + 88); // behind the closing mark
  disk.overwrite(PATH, bytes);
  const { writer, scan } = openLog(logPlace(disk), TINY);
  expect(scan).toMatchObject({ verdict: "torn", lastPosition: 10, damagedBytes: 40 });
  expect(
    disk
      .contents(PATH)
      .subarray(endOffset)
      .some((byte) => byte !== 0),
  ).toBe(false);
  writer.close();
});

test("after an orderly end damage to the last frame is refused as damage, and opening writes nothing again", () => {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), TINY);
  for (let i = 0; i < 3; i++) appendFrame(writer, 4); // never synced by its caller
  writer.close();
  const before = disk.calls;
  openLog(logPlace(disk), TINY);
  expect(disk.calls - before).toBe(2); // the directory is synced, and the file
  const bytes = disk.contents(PATH);
  bytes[scanLog(logPlace(disk)).segments[0].endOffset - 1] ^= 1;
  disk.overwrite(PATH, bytes);
  expect(refusal(disk).message).toMatch(/at offset 4384, position 9: .*the position was durable/);
});

test("a mark of another history behind the frames is damage", () => {
  const disk = writeLog([4, 4]);
  const other = writeLog([4, 3, 1]);
  const [bytes, others] = [disk.contents(PATH), other.contents(PATH)];
  const end = scanLog(logPlace(disk)).segments[0].endOffset;
  const otherEnd = scanLog(logPlace(other)).segments[0].endOffset;
  bytes.set(others.subarray(otherEnd, otherEnd + CLOSING_MARK_BYTES), end);
  disk.overwrite(PATH, bytes);
  expect(scanLog(logPlace(disk))).toMatchObject({ verdict: "torn", lastPosition: 8 });
});

test("a frame that was changed and given its right CRC again is refused by its chain value", () => {
  const disk = writeLog([4, 4]);
  const bytes = disk.contents(PATH);
  const view = new DataView(bytes.buffer);
  const length = FRAME_HEADER_BYTES + view.getUint32(SECTOR_BYTES + FrameLayout.payloadBytes, true);
  const frame = bytes.subarray(SECTOR_BYTES, SECTOR_BYTES + Math.ceil(length / 8) * 8);
  frame[FRAME_HEADER_BYTES] ^= 1;
  const sum = checksums.crc32c(frame.subarray(FrameLayout.chain));
  view.setUint32(SECTOR_BYTES + FrameLayout.crc, sum, true);
  disk.overwrite(PATH, bytes);
  expect(refusal(disk).message).toMatch(
    /at offset 4096, position 1: its chain value does not follow the frame before/,
  );
});

/** Where in the payload of the torn second frame something looks like the log's own: so many bytes behind the damage. */
const DISTANCE_BYTES = 144;
/** The last whole position before the damage. */
const WHOLE = 4;

function frameBehind(fields: Partial<FrameFields>): Uint8Array {
  const buffer = new WordBuffer(FRAME_HEADER_BYTES + 8);
  const plain = { payloadBytes: 8, count: 1, epoch: 1, timestamp_us: 1, durablePosition: 0 };
  sealFrame(buffer, { ...plain, firstPosition: WHOLE + 2, ...fields }, new Uint8Array(32), checksums);
  return buffer.bytes;
}

function markBehind(magic: number, position: number): Uint8Array {
  const { bytes, view } = new WordBuffer(CLOSING_MARK_BYTES);
  view.setUint32(ClosingMarkLayout.magic, magic, true);
  view.setUint32(ClosingMarkLayout.position, position, true);
  view.setUint32(ClosingMarkLayout.crc, checksums.crc32c(bytes.subarray(ClosingMarkLayout.chain)), true);
  return bytes;
}

const WHOLE_FRAME = /a whole frame lies behind it/;
const DURABLE = /the position was durable/;

test.each<[what: string, behind: Uint8Array, refused: RegExp | undefined]>([
  ["zeros", new Uint8Array(8), undefined],
  ["a frame that could follow", frameBehind({}), WHOLE_FRAME],
  ["the last that could", frameBehind({ firstPosition: WHOLE + DISTANCE_BYTES }), WHOLE_FRAME],
  ["the first that could not", frameBehind({ firstPosition: WHOLE + DISTANCE_BYTES + 1 }), undefined],
  ["one of before the damage", frameBehind({ firstPosition: WHOLE }), undefined],
  ["one of an older epoch", frameBehind({ epoch: 0 }), undefined],
  ["one of more positions than bytes", frameBehind({ count: 9 }), undefined],
  ["one of no position", frameBehind({ count: 0 }), undefined],
  ["one that says it was safe itself", frameBehind({ durablePosition: WHOLE + 2 }), undefined],
  ["one that says the damage was safe", frameBehind({ durablePosition: WHOLE + 1 }), DURABLE],
  ["a closing mark", markBehind(CLOSING_MARK_MAGIC, WHOLE + 1), DURABLE],
  ["a continuation mark", markBehind(CONTINUATION_MARK_MAGIC, WHOLE + DISTANCE_BYTES), DURABLE],
  ["a mark too far on", markBehind(CLOSING_MARK_MAGIC, WHOLE + DISTANCE_BYTES + 1), undefined],
  ["a mark of before the damage", markBehind(CLOSING_MARK_MAGIC, WHOLE), undefined],
])(
  "behind a torn frame what its bytes could hold counts as the log's, and nothing else: %s",
  (_, behind, refused) => {
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), TINY);
    appendFrame(writer, WHOLE);
    const damagedAt = writer.offset;
    appendFrame(writer, 20);
    const bytes = disk.contents(PATH);
    bytes.set(behind, damagedAt + DISTANCE_BYTES);
    disk.overwrite(PATH, bytes);
    if (refused !== undefined) expect(refusal(disk).message).toMatch(refused);
    else expect(scanLog(logPlace(disk))).toMatchObject({ verdict: "torn", lastPosition: WHOLE });
  },
);
