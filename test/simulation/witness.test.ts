// Who judges a simulation while it runs must be able to find fault: each of its rules broken once, and kept once.

import { expect, test } from "vitest";
import type { AckPolicyName } from "../../src/protocol/index.ts";
import { EventQueue } from "../../src/simulation/event-queue.ts";
import { Witness } from "../../src/simulation/witness.ts";

const CHAIN = new Uint8Array(32).fill(7);

function witness(policy: AckPolicyName): Witness {
  return new Witness({ names: ["north", "south", "west"], policy }, new EventQueue());
}

/** The node has so much in memory and on disk, with a last entry of that epoch. */
function has(seen: Witness, name: string, inMemory: number, persisted: number, epoch = 1): void {
  seen.look(name, { log: { epoch, position: inMemory, persisted, chain: CHAIN } });
}

test.each<[policy: AckPolicyName, nodes: [string, number, number][], position: number, isKept: boolean]>([
  ["disk", [["north", 9, 9]], 9, true],
  ["disk", [["north", 9, 8]], 9, false],
  ["disk", [["south", 9, 9]], 9, true],
  ["two-disks", [["north", 9, 9]], 9, false],
  [
    "two-disks",
    [
      ["south", 9, 9],
      ["west", 9, 9],
    ],
    9,
    true,
  ],
  [
    "two-disks",
    [
      ["south", 9, 9],
      ["west", 9, 8],
    ],
    9,
    false,
  ],
  ["disk+ram", [["north", 9, 9]], 9, false],
  [
    "disk+ram",
    [
      ["north", 9, 9],
      ["south", 9, 0],
    ],
    9,
    true,
  ],
  ["disk+ram", [["south", 9, 0]], 9, false],
  ["ram", [["south", 9, 0]], 9, true],
  [
    "ram",
    [
      ["north", 9, 9],
      ["south", 8, 8],
    ],
    9,
    false,
  ],
])(
  "policy %s, nodes with %j: position %i let out by north is kept to the policy: %s",
  (policy, nodes, position, isKept) => {
    const seen = witness(policy);
    // Who lets something out has it.
    has(seen, "north", position, 0);
    for (const [name, inMemory, persisted] of nodes) has(seen, name, inMemory, persisted);
    seen.released("north", 1, position, position);
    expect(seen.problems.length === 0).toBe(isKept);
  },
);

test("what a replica shows must be where the policy says, too", () => {
  const seen = witness("two-disks");
  has(seen, "north", 5, 5);
  has(seen, "south", 5, 0);
  seen.seen("south", 5);
  expect(seen.problems).toEqual(["position 5 was shown by south with 1 nodes that have it persisted, not 2"]);
});

test("what was once kept is not asked for again when a disk is lost", () => {
  const seen = witness("two-disks");
  has(seen, "north", 5, 5);
  has(seen, "south", 5, 5);
  seen.released("north", 1, 5, 5);
  expect([seen.isOnDiskOf("south"), seen.isOnDiskOf("west")]).toEqual([true, false]);
  seen.forget("south");
  has(seen, "west", 5, 0);
  seen.seen("west", 5);
  expect([seen.problems, seen.isOnDiskOf("south")]).toEqual([[], false]);
});

test("what a node has in another history is no copy, however far it goes", () => {
  const seen = witness("two-disks");
  has(seen, "north", 4, 4);
  has(seen, "south", 4, 4);
  // North alone, out of sight; meanwhile south leads.
  has(seen, "north", 9, 9);
  has(seen, "south", 6, 6, 2);
  seen.released("south", 2, 6, 6);
  expect(seen.problems).toEqual([
    "position 6 was let out by south with 1 nodes that have it persisted, not 2",
  ]);
  expect([seen.hasAll(1, 9), seen.hasAll(2, 6), seen.hasAll(2, 5)]).toEqual([false, true, false]);
  expect([seen.isOnDiskOf("north"), seen.isOnDiskOf("south")]).toEqual([false, true]);
});

test("who follows goes on from a part of the primary's history", () => {
  const seen = witness("disk");
  has(seen, "north", 9, 9);
  has(seen, "north", 12, 12, 2);
  seen.follows("south", "north", { epoch: 0, position: 0 });
  seen.follows("south", "north", { epoch: 1, position: 9 });
  expect(seen.problems).toEqual([]);
  seen.follows("south", "north", { epoch: 1, position: 10 });
  seen.follows("west", "south", { epoch: 1, position: 1 });
  expect(seen.problems).toEqual([
    "south follows north behind position 10 of epoch 1, which that has not",
    "west follows south behind position 1 of epoch 1, which that has not",
  ]);
});

test("what a primary's log had behind where it begins is none of its history", () => {
  const seen = witness("two-disks");
  for (const name of ["north", "south"]) has(seen, name, 9, 9);
  seen.begins("south", undefined, 4);
  has(seen, "south", 6, 6, 2);
  seen.released("south", 2, 6, 6);
  expect(seen.problems).toHaveLength(1);
});

test("whoever let something out may come back with less: others have it still", () => {
  const seen = witness("ram");
  for (const name of ["north", "south"]) has(seen, name, 9, 9);
  seen.released("north", 1, 9, 9);
  seen.begins("north", undefined, 4);
  has(seen, "north", 5, 5, 2);
  expect([seen.hasAll(1, 9), seen.isOnDiskOf("south")]).toEqual([true, true]);
  expect([seen.hasAll(2, 5), seen.isOnDiskOf("north")]).toEqual([false, false]);
});

test("who has gone on from what was let out, as another's history says, has all of it", () => {
  const seen = witness("disk");
  for (const name of ["north", "south"]) has(seen, name, 9, 9);
  seen.released("north", 1, 9, 9);
  has(seen, "south", 12, 12, 2);
  expect([seen.hasAll(2, 12), seen.hasAll(2, 8)]).toEqual([true, false]);
  // By a snapshot, of which only the last epoch is known.
  has(seen, "west", 12, 0, 2);
  seen.seen("west", 9);
  expect(seen.problems).toEqual([]);
});

test("a position that was kept in one history is asked for again in another", () => {
  const seen = witness("two-disks");
  for (const name of ["north", "south"]) has(seen, name, 9, 9);
  seen.released("north", 1, 9, 9);
  seen.begins("south", undefined, 4);
  has(seen, "south", 6, 6, 2);
  seen.released("south", 2, 6, 6);
  expect(seen.problems).toEqual([
    "position 6 was let out by south with 1 nodes that have it persisted, not 2",
  ]);
});

test("what a start by force gives up is not asked for any more, what it has still is; nor what the older tenure lets out later", () => {
  const seen = witness("disk");
  for (const name of ["north", "south"]) has(seen, name, 6, 6);
  has(seen, "north", 9, 9);
  seen.released("north", 1, 9, 9);
  expect(seen.hasAll(1, 6)).toBe(false);
  seen.forces("south", 5);
  expect([seen.acknowledged, seen.hasAll(1, 6), seen.isOnDiskOf("south")]).toEqual([6, true, true]);
  has(seen, "south", 8, 8, 5);
  seen.released("south", 5, 8, 8);
  has(seen, "north", 12, 12);
  seen.released("north", 1, 12, 12);
  expect([seen.acknowledged, seen.hasAll(1, 12), seen.hasAll(5, 8)]).toEqual([8, false, true]);
  expect(seen.problems).toEqual([]);
});

test("two nodes that acknowledge in one epoch", () => {
  const seen = witness("disk");
  for (const name of ["north", "south"]) has(seen, name, 5, 5);
  seen.released("north", 4, 4, 4);
  seen.released("south", 5, 5, 5);
  expect(seen.problems).toEqual([]);
  seen.released("south", 4, 5, 5);
  expect(seen.problems).toEqual(["epoch 4: both north and south acknowledge in it"]);
});

test("two states of one history; other histories may have others", () => {
  const seen = witness("disk");
  seen.note("north", 5, CHAIN, "aa");
  seen.note("south", 5, CHAIN, "aa");
  seen.note("west", 5, new Uint8Array(32), "bb");
  expect(seen.problems).toEqual([]);
  seen.note("west", 5, CHAIN, "bb");
  expect(seen.problems).toEqual(["position 5: west has another state than another node"]);
});

test("a changed policy is judged by once that node's disk has the change, the one before it until then", () => {
  const released = (durable: number) => {
    const seen = witness("two-disks");
    seen.begins("north", "two-disks", 0);
    seen.changes("north", "disk", 4);
    seen.changes("north", "ram", 6);
    has(seen, "north", 7, 5);
    seen.released("north", 1, 7, durable);
    return seen.problems.map((problem) => problem.slice(problem.indexOf("with")));
  };
  expect(released(3)).toEqual(["with 0 nodes that have it persisted, not 2"]);
  expect(released(5)).toEqual(["with 0 nodes that have it persisted, not 1"]);
  expect(released(6)).toEqual(["with 1 nodes that have it in_memory, not 2"]);
});

test("what a replica shows may be there by any policy that was in use", () => {
  const seen = witness("two-disks");
  seen.begins("north", "disk", 5);
  has(seen, "north", 5, 5);
  has(seen, "south", 5, 0);
  seen.seen("south", 5);
  expect([seen.problems, seen.policyHasChanged, seen.hasUsed("ram")]).toEqual([[], true, false]);
});

test("more of anything than there may be", () => {
  const seen = witness("disk");
  const check = seen.boundOf("north");
  check("connections", 16, 16);
  check("promises", 0, 2);
  expect(seen.problems).toEqual([]);
  check("connections", 17, 16);
  check("promises", Number.NaN, 2);
  expect(seen.problems).toEqual([
    "north has 17 connections, at most 16",
    "north has NaN promises, at most 2",
  ]);
});
