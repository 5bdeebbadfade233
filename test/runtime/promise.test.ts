// What a node has promised is on its disk before anybody hears of it, whenever the power goes.

import { expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { Promises } from "../../src/runtime/replication/promise.ts";

const DIRECTORY = "data";

test("the highest promise is kept, lower ones are gone", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("data");
  const promises = new Promises(disk, DIRECTORY);
  expect(promises.epoch).toBe(0);
  for (const epoch of [3, 7, 5, 7]) promises.keep(epoch);
  expect([promises.epoch, new Promises(disk, DIRECTORY).epoch]).toEqual([7, 7]);
  expect(disk.list("data")).toEqual(["epoch-7"]);
});

test("what a process that ended before it removed a lower promise has left goes at the next start", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("data");
  new Promises(disk, DIRECTORY).keep(3);
  for (const epoch of [7, 9]) {
    const promises = new Promises(disk, DIRECTORY);
    // Between the new name and what is to be removed.
    disk.failAt(disk.calls + 3, "halt");
    expect(() => promises.keep(epoch)).toThrow();
    disk.restart();
    expect(disk.list("data")).toHaveLength(2);
  }
  expect(new Promises(disk, DIRECTORY).epoch).toBe(9);
  expect(disk.list("data")).toEqual(["epoch-9"]);
});

test("a promise that was kept is there after the power was lost, whatever else is not", () => {
  for (let seed = 0; seed < 50; seed++) {
    const disk = new SimulatedDisk();
    disk.makeDirectory("data");
    const promises = new Promises(disk, DIRECTORY);
    promises.keep(3);
    promises.keep(7);
    disk.crash(new Prng(seed));
    expect([seed, new Promises(disk, DIRECTORY).epoch]).toEqual([seed, 7]);
  }
});

test("a promise that a killed process left unsynced is on the disk once the next one goes by it", () => {
  for (let seed = 0; seed < 50; seed++) {
    const disk = new SimulatedDisk();
    disk.makeDirectory("data");
    new Promises(disk, DIRECTORY).keep(3);
    // It has made the name, and is gone before the directory is synced.
    disk.failAt(disk.calls + 2, "halt");
    expect(() => new Promises(disk, DIRECTORY).keep(7)).toThrow();
    disk.restart();
    const again = new Promises(disk, DIRECTORY);
    again.keep(7);
    disk.crash(new Prng(seed));
    expect([seed, new Promises(disk, DIRECTORY).epoch]).toEqual([seed, 7]);
  }
});
