// Frames sealed where they lie, in sparse segments, many between two syncs: what the tape asks of this layer.

import { expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import {
  FRAME_HEADER_BYTES,
  type LogLimits,
  type LogWriter,
  openLog,
  SECTOR_BYTES,
  scanLog,
} from "../../src/segment/index.ts";
import { appendFrame, Collector, checksums, logPlace, SMALL } from "./support.ts";

const SPARSE: LogLimits = { ...SMALL, preallocation: "sparse" };

/** Appends one frame of `payloadBytes` from the middle of memory that other threads see too. */
function appendStaged(writer: LogWriter, payloadBytes: number, fill: number): void {
  const bytes = new Uint8Array(new SharedArrayBuffer(8192)).fill(fill);
  const at = 1024;
  const from = at + FRAME_HEADER_BYTES;
  const sum = checksums.crc32c(bytes.subarray(from, from + payloadBytes));
  writer.appendInPlace({ bytes, view: new DataView(bytes.buffer) }, at, payloadBytes, 1, 1_000 + fill, sum);
}

test("a frame sealed where it lies is byte for byte the one that is copied", () => {
  const images = [true, false].map((inPlace) => {
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), SMALL);
    for (const [bytes, fill] of [
      [8, 1],
      [1_000, 2],
      [4_016, 3],
      [4_008, 4],
    ]) {
      if (inPlace) appendStaged(writer, bytes, fill);
      else {
        writer.frame.bytes.fill(fill, FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + bytes);
        writer.append(bytes, 1, 1_000 + fill);
      }
    }
    writer.close();
    return disk.image("d");
  });
  expect(images[0]).toEqual(images[1]);
  expect(images[0].size).toBe(2);
});

test("a frame that fits goes into the segment, and a segment can be begun at once", () => {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), SPARSE);
  expect(writer.fits(8)).toBe(false);
  writer.beginSegment();
  writer.beginSegment();
  expect([writer.segment, writer.offset]).toEqual([1, SECTOR_BYTES]);
  expect([writer.fits(8192 - FRAME_HEADER_BYTES), writer.fits(8192)]).toEqual([true, false]);
  appendStaged(writer, 8, 1);
  expect(writer.fits(8192 - FRAME_HEADER_BYTES)).toBe(false);
  writer.beginSegment();
  expect([writer.segment, writer.offset, writer.durablePosition]).toEqual([2, SECTOR_BYTES, 1]);
});

test("a sparse segment has its size at once and is never filled with zeros", () => {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), SPARSE);
  const before = disk.calls;
  writer.beginSegment();
  // Create, size, header, sync, name, directory.
  expect(disk.calls - before).toBe(6);
  expect(disk.contents("d/log-0000000001.seg").length).toBe(SPARSE.segmentBytes);
});

test("sparse segments hold what segments of zeros hold, also behind a torn end", () => {
  const images = [SMALL, SPARSE].map((limits) => {
    const disk = new SimulatedDisk();
    let { writer } = openLog(logPlace(disk), limits);
    for (let i = 0; i < 5; i++) appendFrame(writer, 100);
    const path = `d/log-000000000${writer.segment}.seg`;
    disk.rot(path, writer.offset - 1, 0xff);
    ({ writer } = openLog(logPlace(disk), limits));
    expect(writer.position).toBe(400);
    for (let i = 0; i < 9; i++) appendFrame(writer, 50);
    writer.close();
    return disk.image("d");
  });
  expect(images[0]).toEqual(images[1]);
});

/** A log of five frames, two of them synced; of the others, the first is damaged. */
function aheadAndDamaged(): SimulatedDisk {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), SPARSE);
  for (let i = 0; i < 2; i++) appendFrame(writer, 10);
  writer.sync();
  const damaged = writer.offset;
  for (let i = 0; i < 3; i++) appendFrame(writer, 10);
  disk.rot("d/log-0000000001.seg", damaged + 100, 0xff);
  return disk;
}

test("a log that writes ahead is cut at the first frame that is not whole, whatever lies behind", () => {
  const disk = aheadAndDamaged();
  expect(scanLog(logPlace(disk)).verdict).toBe("corrupt");
  expect(scanLog(logPlace(disk), undefined, { writesAhead: true }).verdict).toBe("torn");
  const { writer } = openLog(logPlace(disk), SPARSE, undefined, { writesAhead: true });
  expect(writer.position).toBe(20);
  appendFrame(writer, 10);
  writer.close();
  const found = new Collector();
  expect(scanLog(logPlace(disk), found.visit)).toMatchObject({ verdict: "clean", lastPosition: 30 });
  expect(found.verified()).toBe(30);
});

test("damage that any later frame names as durable is corrupt, however far ahead the log writes", () => {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), SPARSE);
  appendFrame(writer, 10);
  const damaged = writer.offset;
  // The first frame behind the damage was written before the sync, the second one after it.
  for (let i = 0; i < 2; i++) appendFrame(writer, 10);
  writer.sync();
  appendFrame(writer, 10);
  disk.rot("d/log-0000000001.seg", damaged + 100, 0xff);
  expect(scanLog(logPlace(disk), undefined, { writesAhead: true })).toMatchObject({
    verdict: "corrupt",
    durablePosition: 30,
  });
});

test("whatever a power loss leaves of frames written ahead, all that was synced is there and the rest is cut", () => {
  let kept = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const prng = new Prng(seed);
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), SPARSE);
    for (let i = 0; i < 30; i++) {
      appendFrame(writer, prng.between(1, 60));
      if (prng.chance(0.1)) writer.sync();
    }
    const safe = writer.durablePosition;
    disk.crash(prng);
    const found = new Collector();
    const opened = openLog(logPlace(disk), SPARSE, found.visit, { writesAhead: true });
    expect({ seed, enough: found.verified() >= safe }).toEqual({ seed, enough: true });
    if (opened.scan.verdict === "torn") kept++;
  }
  // Otherwise the disk forgot nothing, and nothing was shown.
  expect(kept).toBeGreaterThan(30);
});
