// The disk that forgets: exactly what is not synced, and the same from the same seed.

import { expect, test } from "vitest";
import { Prng, type SeriatimError } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";

const SEEDS = 200;

function filled(value: number, length: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** A synced file of eight sectors of 1, then overwritten with 2 and not synced; named durably. */
function halfSynced(): SimulatedDisk {
  const disk = new SimulatedDisk();
  disk.makeDirectory("d");
  const file = disk.create("d/f");
  file.write(filled(1, 4096), 0, 4096, 0);
  file.syncData();
  disk.syncDirectory("d");
  file.write(filled(2, 4096), 0, 4096, 0);
  return disk;
}

function sectorsAfterCrash(seed: number): number[] {
  const disk = halfSynced();
  disk.crash(new Prng(seed));
  const bytes = disk.contents("d/f");
  return [...Array(8).keys()].map((sector) => {
    const values = new Set(bytes.subarray(sector * 512, sector * 512 + 512));
    expect(values.size).toBe(1);
    return [...values][0];
  });
}

test("a crash leaves each unsynced sector old or new, whole, and every mixture occurs", () => {
  const mixtures = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) mixtures.add(sectorsAfterCrash(seed).join(""));
  expect(mixtures).toContain("11111111");
  expect(mixtures).toContain("22222222");
  expect(mixtures.size).toBeGreaterThan(50);
});

test("the same seed forgets the same sectors", () => {
  for (let seed = 1; seed <= 20; seed++) expect(sectorsAfterCrash(seed)).toEqual(sectorsAfterCrash(seed));
});

test("synced bytes under a synced name survive every crash", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const disk = halfSynced();
    disk.open("d/f", "write").syncData();
    disk.crash(new Prng(seed));
    expect(disk.contents("d/f")).toEqual(filled(2, 4096));
  }
});

test("a renaming that is not synced leaves the old name, the new one or neither behind, by the seed", () => {
  const outcomes = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const disk = new SimulatedDisk();
    disk.makeDirectory("d");
    disk.create("d/a").syncData();
    disk.rename("d/a", "d/b");
    disk.crash(new Prng(seed));
    outcomes.add(disk.list("d").join());
  }
  expect([...outcomes].sort()).toEqual(["", "a", "b"]);
});

test("a failed sync is never made good by the next one", () => {
  const disk = halfSynced();
  const file = disk.open("d/f", "write");
  disk.failAt(disk.calls + 1, "EIO");
  expect(() => file.syncData()).toThrow("cannot sync d/f: the disk reports an input/output error (EIO)");
  file.syncData();
  expect(disk.contents("d/f")).toEqual(filled(2, 4096));
  for (let seed = 1; seed <= 20; seed++) disk.crash(new Prng(seed));
  expect(disk.contents("d/f")).toEqual(filled(1, 4096));
});

test.each<[name: string, code: string, act: (disk: SimulatedDisk) => unknown]>([
  ["a file that is not there", "ENOENT", (disk) => disk.open("d/none", "read")],
  ["a directory that is not there", "ENOENT", (disk) => disk.list("none")],
  ["a name that is taken", "EEXIST", (disk) => disk.create("d/f")],
  [
    "a file from before a crash",
    "EBADF",
    (disk) => {
      const file = disk.open("d/f", "read");
      disk.crash(new Prng(1));
      return file.size();
    },
  ],
])("%s is answered with %s", (_, code, act) => {
  try {
    act(halfSynced());
  } catch (error) {
    expect((error as SeriatimError).code).toBe(code);
    return;
  }
  throw new Error("it did not fail");
});
