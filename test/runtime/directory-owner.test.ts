// A directory says which node's it was, whatever the power does.

import { expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { SimulatedDisk } from "../../src/lab/index.ts";
import { isOwnersMark, ownDirectory } from "../../src/runtime/replication/directory-owner.ts";

function disk(): SimulatedDisk {
  const made = new SimulatedDisk();
  made.makeDirectory("data");
  return made;
}

test("the first node of a directory and the same one again hear nothing, another one whose it was", () => {
  const one = disk();
  const said = ["north", "north", "west/2", "north"].map((name) => ownDirectory(one, "data", name));
  expect(said).toEqual([undefined, undefined, "north", "west/2"]);
  expect(one.list("data")).toEqual(["node-north"]);
});

test("of a copy of one directory into another's both marks are there, and one stays", () => {
  const one = disk();
  for (const name of ["node-east", "node-%ZZ", "node-north"]) one.create(`data/${name}`).close();
  expect(ownDirectory(one, "data", "north")).toBe("%ZZ");
  expect(one.list("data")).toEqual(["node-north"]);
  expect(["node-north", "node", "epoch-3"].map(isOwnersMark)).toEqual([true, false, false]);
});

test("whose it is is there after the power was lost", () => {
  for (let seed = 0; seed < 50; seed++) {
    const one = disk();
    ownDirectory(one, "data", "north");
    ownDirectory(one, "data", "west");
    one.crash(new Prng(seed));
    expect([seed, one.list("data")]).toEqual([seed, ["node-west"]]);
  }
});
