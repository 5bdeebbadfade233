// Who judges a simulation while it runs must be able to find fault: each of its rules broken once, and kept once.

import { expect, test } from "vitest";
import type { AckPolicyName } from "../../src/protocol/index.ts";
import { EventQueue } from "../../src/simulation/event-queue.ts";
import { Witness } from "../../src/simulation/witness.ts";

const CHAIN = new Uint8Array(32).fill(7);

function witness(policy: AckPolicyName): Witness {
  return new Witness({ names: ["north", "south", "west"], policy }, new EventQueue());
}

/** The node has so much in memory and on disk. */
function has(seen: Witness, name: string, inMemory: number, persisted: number): void {
  const log = { epoch: 1, position: inMemory, persisted, chain: CHAIN };
  seen.look(name, { log } as Parameters<Witness["look"]>[1]);
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
    for (const [name, inMemory, persisted] of nodes) has(seen, name, inMemory, persisted);
    seen.released("north", 1, position, position);
    expect(seen.problems.length === 0).toBe(isKept);
  },
);

test("what a replica shows must be where the policy says, too", () => {
  const seen = witness("two-disks");
  has(seen, "north", 5, 5);
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
  seen.seen("west", 5);
  expect([seen.problems, seen.isOnDiskOf("south")]).toEqual([[], false]);
});

test("two nodes that acknowledge in one epoch", () => {
  const seen = witness("disk");
  has(seen, "north", 5, 5);
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
    seen.begins("north", "two-disks");
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
  seen.begins("north", "disk");
  has(seen, "north", 5, 5);
  seen.seen("south", 5);
  expect([seen.problems, seen.policyHasChanged, seen.hasUsed("ram")]).toEqual([[], true, false]);
});
