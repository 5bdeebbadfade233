// Power loss or a killed process at any call, any subset of unsynced sectors lost: what was reported safe is there after reopening, in
// order and bit for bit. And the test can fail: without fdatasync it does.

import { expect, test } from "vitest";
import { Prng, SeriatimError, type Storage } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { openLog, retireSegments, SECTOR_BYTES, scanLog } from "../../src/segment/index.ts";
import { appendFrame, Collector, logPlace, SMALL } from "./support.ts";
import { withoutSync } from "./unsynced-storage.ts";

const SEEDS = 100;
const CRASHES_PER_SEED = 6;

/** Crashes one log several times; returns what was lost or wrong, or undefined. */
function crashRepeatedly(seed: number, throughStorage: (disk: SimulatedDisk) => Storage): string | undefined {
  const prng = new Prng(seed);
  const disk = new SimulatedDisk();
  const place = logPlace(throughStorage(disk));
  let safe = 0;
  for (let crash = 0; crash < CRASHES_PER_SEED; crash++) {
    disk.failAt(disk.calls + prng.between(1, 60), "halt");
    try {
      const found = new Collector();
      let { writer } = openLog(place, SMALL, found.visit);
      const [kept, last] = [found.verified(), writer.position];
      if (last < safe) return `crash ${crash}: the log ends with ${last}, and ${safe} was safe`;
      if (kept > 0 && last !== found.firstPosition + kept - 1) return `crash ${crash}: ${kept} up to ${last}`;
      safe = writer.durablePosition;
      for (;;) {
        appendFrame(writer, prng.between(1, 240));
        writer.sync();
        safe = writer.durablePosition;
        if (prng.chance(0.5)) writer.prepareNext(false);
        if (prng.chance(0.05)) writer.beginEpoch(writer.epoch + 1);
        if (prng.chance(0.05)) retireSegments(place, prng.between(1, safe));
        if (prng.chance(0.1)) {
          while (writer.prepareNext(true));
          writer.rotate();
        }
        if (prng.chance(0.1)) {
          writer.close();
          ({ writer } = openLog(place, SMALL));
        }
        if (writer.preallocationFailure !== undefined) throw writer.preallocationFailure;
      }
    } catch (error) {
      if (!(error instanceof SeriatimError)) return `crash ${crash}: ${error}`;
      if (error.code !== "HALT") return `crash ${crash}: ${error.message}`;
    }
    // Sometimes only the process dies: the disk still has everything, unsynced, and the next opening reads it.
    if (prng.chance(0.6)) disk.crash(prng);
    else disk.restart();
  }
  return undefined;
}

test(`nothing reported safe is lost in ${SEEDS * CRASHES_PER_SEED} crashes`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    expect({ seed, lost: crashRepeatedly(seed, (disk) => disk) }).toEqual({ seed, lost: undefined });
  }
});

test("the same crashes lose positions when fdatasync does nothing", () => {
  let lost = 0;
  for (let seed = 1; seed <= 20; seed++) if (crashRepeatedly(seed, withoutSync) !== undefined) lost++;
  expect(lost).toBeGreaterThan(10);
});

test("the same crashes lose positions when directories are not synced", () => {
  let lost = 0;
  for (let seed = 1; seed <= 20; seed++)
    if (crashRepeatedly(seed, withoutDirectorySync) !== undefined) lost++;
  expect(lost).toBeGreaterThan(10);
});

function withoutDirectorySync(disk: SimulatedDisk): Storage {
  return {
    open: (path, access) => disk.open(path, access),
    create: (path) => disk.create(path),
    list: (directory) => disk.list(directory),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    makeDirectory: (path) => disk.makeDirectory(path),
    syncDirectory: () => {},
  };
}

test("a segment is begun only when everything before it is safe, synced by its caller or not", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const disk = new SimulatedDisk();
    const { writer } = openLog(logPlace(disk), SMALL);
    while (disk.list("d").length < 2) appendFrame(writer, 100);
    const safe = writer.durablePosition;
    expect(safe).toBe(writer.position - 100);
    disk.crash(new Prng(seed));
    const found = new Collector();
    openLog(logPlace(disk), SMALL, found.visit);
    expect({ seed, enough: found.verified() >= safe }).toEqual({ seed, enough: true });
  }
});

test("what an opening reads after a process died at any call is safe, files and names alike", () => {
  for (let call = 1; call <= 60; call++) {
    for (let seed = 1; seed <= 5; seed++) {
      const disk = new SimulatedDisk();
      disk.failAt(call, "halt");
      try {
        const { writer } = openLog(logPlace(disk), SMALL);
        for (;;) appendFrame(writer, 200);
      } catch (error) {
        if (!(error instanceof SeriatimError)) throw error;
      }
      disk.restart();
      const { writer } = openLog(logPlace(disk), SMALL);
      appendFrame(writer, 1);
      writer.sync();
      const safe = writer.durablePosition;
      disk.crash(new Prng(seed));
      const found = new Collector();
      openLog(logPlace(disk), SMALL, found.visit);
      expect({ call, seed, positions: found.verified() }).toEqual({ call, seed, positions: safe });
    }
  }
});

test.each([
  ["behind the frames", false],
  ["over the mark of an orderly end", true],
])(
  "every subset of the last frame's sectors, written %s, gives all frames but the last, or all",
  (_, closed) => {
    const disk = new SimulatedDisk();
    const place = logPlace(disk);
    const path = "d/log-0000000001.seg";
    let { writer } = openLog(place, SMALL);
    for (const count of [10, 90]) {
      appendFrame(writer, count);
      writer.sync();
    }
    if (closed) {
      writer.close();
      ({ writer } = openLog(place, SMALL));
    }
    const old = disk.contents(path);
    appendFrame(writer, 220);
    const written = disk.contents(path);
    const sectors: number[] = [];
    for (let at = SECTOR_BYTES; at < old.length; at += 512) {
      if (Buffer.compare(old.subarray(at, at + 512), written.subarray(at, at + 512)) !== 0) sectors.push(at);
    }
    expect(sectors.length).toBeGreaterThanOrEqual(8);
    const everything = 2 ** sectors.length - 1;
    for (let subset = 0; subset <= everything; subset++) {
      const mixed = old.slice();
      sectors.forEach((at, i) => {
        if (subset & (1 << i)) mixed.set(written.subarray(at, at + 512), at);
      });
      disk.overwrite(path, mixed);
      const found = new Collector();
      const scan = scanLog(place, found.visit);
      const expected = subset === everything ? [320, "clean"] : [100, subset === 0 ? "clean" : "torn"];
      expect({ subset, found: [found.verified(), scan.verdict] }).toEqual({ subset, found: expected });
    }
  },
);
