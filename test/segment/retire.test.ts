// Rotation by command and retirement of the oldest segments.

import { expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { isReusable, OWN_EPOCH_MIN, openLog, retireSegments, scanLog } from "../../src/segment/index.ts";
import { appendFrame, Collector, logPlace, SMALL } from "./support.ts";

/** Five segments by command, of three frames each; where each one begins. */
function fiveSegments(): { disk: SimulatedDisk; begins: number[] } {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), SMALL);
  const begins: number[] = [];
  for (let segment = 0; segment < 5; segment++) {
    begins.push(writer.position + 1);
    for (let i = 0; i < 3; i++) appendFrame(writer, 10 + i);
    while (writer.prepareNext(true));
    if (segment < 4) expect(writer.rotate()).toBe(true);
  }
  writer.close();
  expect(disk.list("d").length).toBe(5);
  return { disk, begins };
}

test("a rotation waits until the next segment is prepared, and makes everything before it safe", () => {
  const disk = new SimulatedDisk();
  const { writer } = openLog(logPlace(disk), SMALL);
  expect(writer.rotate()).toBe(true); // nothing to close
  appendFrame(writer, 5);
  expect([writer.rotate(), disk.list("d").length]).toEqual([false, 1]);
  while (writer.prepareNext(true));
  expect([writer.rotate(), writer.durablePosition, disk.list("d").length]).toEqual([true, 5, 2]);
  expect([writer.rotate(), disk.list("d").length]).toEqual([true, 2]); // it holds no frame yet
  appendFrame(writer, 5);
  writer.close();
  expect(scanLog(logPlace(disk)).segments.map((segment) => segment.firstPosition)).toEqual([1, 6]);
});

test("a rotation by command on a full disk is not done, and stops nothing", () => {
  const disk = new SimulatedDisk({ capacity_bytes: SMALL.segmentBytes * 1.5 });
  const { writer } = openLog(logPlace(disk), SMALL);
  appendFrame(writer, 5);
  while (writer.prepareNext(true));
  expect([writer.rotate(), writer.preallocationFailure?.code]).toEqual([false, "ENOSPC"]);
  appendFrame(writer, 5);
  writer.sync();
  expect([writer.durablePosition, writer.failure]).toEqual([10, undefined]);
});

test("segments are retired up to a position, whole ones only, and never the newest", () => {
  const { begins } = fiveSegments();
  for (let before = 0; before <= begins[4] + 100; before++) {
    const { disk } = fiveSegments();
    const whole = begins.filter((begin) => begin <= Math.max(1, before)).length;
    const removed = retireSegments(logPlace(disk), before);
    const { firstPosition } = scanLog(logPlace(disk));
    expect({ before, removed: removed.length, firstPosition }).toEqual({
      before,
      removed: whole - 1,
      firstPosition: begins[whole - 1],
    });
    const found = new Collector();
    expect(scanLog(logPlace(disk), found.visit).verdict).toBe("clean");
    expect(found.verified()).toBe(begins[4] + 32 - begins[whole - 1] + 1);
  }
});

test("a retirement that is cut off anywhere leaves a log without a gap", () => {
  for (let call = 1; call <= 8; call++) {
    for (let seed = 1; seed <= 10; seed++) {
      const { disk, begins } = fiveSegments();
      disk.failAt(disk.calls + call, "halt");
      expect(() => retireSegments(logPlace(disk), begins[4])).toThrow("HALT");
      disk.crash(new Prng(seed));
      const scan = scanLog(logPlace(disk), new Collector().visit);
      expect({ call, seed, verdict: scan.verdict }).toEqual({ call, seed, verdict: "clean" });
      expect(begins).toContain(scan.firstPosition);
    }
  }
});

test("a header that has rotted keeps nothing that a later segment shows to be covered, and is not guessed at otherwise", () => {
  for (const [rotten, before, removed] of [
    [2, 3, 3],
    [3, 3, 2],
    [4, 3, 3],
  ]) {
    const { disk, begins } = fiveSegments();
    const path = `d/log-000000000${rotten + 1}.seg`;
    const bytes = disk.contents(path);
    bytes[100] ^= 1;
    disk.overwrite(path, bytes);
    expect([rotten, retireSegments(logPlace(disk), begins[before]).length]).toEqual([rotten, removed]);
  }
  const { disk, begins } = fiveSegments();
  expect(retireSegments(logPlace(disk), begins[3], 2)).toEqual(["log-0000000001.seg"]);
});

test.each([
  ["a sparse log with an epoch of its own may write over it", {}, 2, true],
  ["not where zeros are written first", { preallocation: "zeros" }, 2, false],
  ["not as a segment of another size", { segmentBytes: 2 * SMALL.segmentBytes }, 2, false],
  ["not one that began before the log had its epoch", {}, 1, false],
] as const)("the file of a segment that is kept no more: %s", (_, changed, number, isSo) => {
  const place = logPlace(new SimulatedDisk());
  const sparse = { ...SMALL, preallocation: "sparse" } as const;
  const { writer } = openLog(place, sparse);
  writer.beginEpoch(OWN_EPOCH_MIN + 7);
  for (let segment = 1; segment <= 3; segment++) {
    appendFrame(writer, 5);
    writer.beginSegment();
  }
  expect(isReusable(place, number, { ...sparse, ...changed })).toBe(isSo);
  writer.close();
});
