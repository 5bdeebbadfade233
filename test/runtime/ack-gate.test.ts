// How far a primary may let out what was caused, by what its replicas say: not before it knows that it lacks nothing, not with
// too few of them, and by another policy once this disk knows of it.

import { expect, test } from "vitest";
import { ACK_VIEW_BYTES, type AckPolicyName, AckView } from "../../src/replication/index.ts";
import { AckGate } from "../../src/runtime/replication/ack-gate.ts";

function waiting(policyName: AckPolicyName, replicas = 1, wasChanged = false) {
  const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
  return { gate: new AckGate({ policyName, replicas, view: memory, wasChanged }), view: new AckView(memory) };
}

/** Its tenure has begun. */
function begin(policyName: AckPolicyName, replicas = 1) {
  const made = waiting(policyName, replicas);
  void made.gate.lead(1);
  return made;
}

test("nothing leaves before the node leads, whoever is connected, and its own disk is asked for the Tenure", async () => {
  const { gate, view } = waiting("disk");
  view.join(0, 60, 60);
  expect([gate.position(60, 60), gate.shortage]).toEqual([0, "this node does not lead yet"]);
  gate.wait("north was not heard");
  expect([gate.position(60, 60), gate.shortage]).toEqual([0, "north was not heard"]);
  let hasBegun = false;
  const begun = gate.lead(61).then(() => {
    hasBegun = true;
  });
  gate.position(60, 61);
  await Promise.resolve();
  // Nothing is taken either: what the node's user has to say first in its tenure comes when the disk has it.
  expect([hasBegun, gate.shortage]).toEqual([false, "north was not heard"]);
  expect([gate.position(61, 61), gate.shortage]).toEqual([61, undefined]);
  await begun;
});

test("whoever watches is woken when the tenure has begun, though no replica comes", async () => {
  const { gate } = begin("disk");
  expect([gate.position(0, 1), gate.shortage]).toEqual([0, "this node does not lead yet"]);
  const changed = gate.whenChanged();
  expect(gate.position(1, 1)).toBe(1);
  await changed;
  expect([gate.position(1, 1), gate.shortage]).toEqual([1, undefined]);
});

test("nothing leaves before a replica is there, then what the policy says, never beyond what was sequenced", () => {
  const { gate, view } = begin("disk+ram");
  expect([gate.position(50, 60), gate.shortage]).toEqual([
    0,
    expect.stringContaining("0 of 1 replicas connected, too few"),
  ]);
  view.join(0, 0, 0);
  expect([gate.position(50, 60), gate.shortage]).toEqual([0, undefined]);
  view.acknowledge(0, 55, 20);
  expect(gate.position(50, 60)).toBe(50);
  view.acknowledge(0, 60, 60);
  expect(gate.position(50, 60)).toBe(60);
  view.leave(0);
  expect([gate.position(60, 70), gate.shortage]).toEqual([
    0,
    expect.stringContaining("too few for ack policy disk+ram"),
  ]);
});

test("what a log began with is not let out before its tenure is safe by the policy: entries of an older one may yet lose", () => {
  const { gate, view } = waiting("two-disks");
  void gate.lead(8);
  view.join(0, 7, 7);
  expect(gate.position(8, 9)).toBe(0);
  gate.say(7);
  expect(view.released).toBe(0);
  view.acknowledge(0, 8, 8);
  expect(gate.position(8, 9)).toBe(8);
  gate.say(8);
  expect(view.released).toBe(8);
});

// Whoever showed the cluster wrote into the rows that the gate's attribution goes by, between two looks of it.
test("what is shown of replicas now leaves the rows of the gate's last look as they were", () => {
  const { gate, view } = begin("disk+ram");
  view.join(0, 5, 5);
  gate.position(8, 9);
  view.acknowledge(0, 9, 7);
  expect([gate.newestRows(8).inMemory[1], gate.rows.inMemory[1]]).toEqual([9, 5]);
  view.leave(0);
  expect([gate.newestRows(8).count, gate.rows.count]).toEqual([1, 2]);
});

test("another policy is in force once this disk has the command, also for what waits, and whoever watches is woken", async () => {
  const { gate, view } = begin("two-disks");
  view.join(0, 5, 5);
  expect(gate.position(8, 9)).toBe(5);
  view.leave(0);
  gate.position(8, 9);
  const woken = gate.whenChanged();
  gate.change("disk", 9);
  expect([gate.position(8, 9), gate.shortage]).toEqual([0, expect.stringContaining("two-disks")]);
  expect(gate.position(9, 9)).toBe(9);
  await woken;
  expect(gate.shortage).toBe(undefined);
  expect(() => begin("disk").gate.policyOf("ram")).not.toThrow();
});

test("of two changes on their way each is in force from its own position on", () => {
  const { gate, view } = begin("disk", 2);
  view.join(0, 5, 5);
  gate.change("two-disks", 10);
  gate.change("disk+ram", 20);
  // Whoever decides by a log that ends here takes two disks as enough: so two disks have what is let out.
  expect(gate.position(15, 20)).toBe(5);
  view.acknowledge(0, 20, 7);
  expect(gate.position(20, 20)).toBe(20);
});

// A replica whose disk ends with the change took two disks as enough to lead, and what only memories had was lost.
test("what follows a change is not let out by the policy before it", () => {
  const { gate, view } = begin("ram", 2);
  gate.position(5, 5);
  view.join(0, 12, 10);
  gate.change("two-disks", 10);
  expect(gate.position(9, 12)).toBe(9);
  expect(gate.position(12, 12)).toBe(10);
  view.acknowledge(0, 12, 12);
  expect(gate.position(12, 12)).toBe(12);
});

test("a policy that was replaced is named until as many nodes as it asks for have the change, whatever is changed meanwhile", () => {
  const { gate, view } = begin("two-disks", 2);
  gate.position(8, 8);
  expect(gate.replaced).toBe(undefined);
  gate.change("two-disks", 8);
  expect(gate.replaced).toBe(undefined);
  gate.change("disk", 9);
  gate.position(9, 9);
  expect(gate.replaced).toEqual({ name: "two-disks", canKnow: false });
  // The change itself was answered, and no order.
  expect(gate.unprotected).toBe(undefined);
  expect([gate.position(12, 12), gate.unprotected]).toEqual([12, { from: 10, to: 12 }]);
  gate.change("ram", 13);
  view.join(0, 5, 5);
  gate.position(13, 13);
  expect(gate.replaced).toEqual({ name: "two-disks", canKnow: true });
  view.acknowledge(0, 13, 8);
  expect(gate.replaced).toEqual({ name: "two-disks", canKnow: true });
  view.acknowledge(0, 13, 9);
  expect([gate.replaced, gate.unprotected]).toEqual([undefined, undefined]);
  // It has it, wherever it is.
  view.leave(0);
  expect(gate.replaced).toBe(undefined);
});

test("of a log whose policy was changed nobody may know, until enough have its new tenure by every other policy", () => {
  const { gate, view } = waiting("disk", 2, true);
  expect(gate.replaced).toBeUndefined();
  void gate.lead(61);
  expect([gate.position(61, 61), gate.replaced]).toEqual([61, { name: "disk+ram", canKnow: false }]);
  view.join(0, 60, 60);
  expect([gate.position(61, 61), gate.replaced]).toEqual([61, { name: "disk+ram", canKnow: true }]);
  view.acknowledge(0, 61, 60);
  expect(gate.replaced).toEqual({ name: "two-disks", canKnow: true });
  view.acknowledge(0, 61, 61);
  expect(gate.replaced).toBeUndefined();
  const unchanged = waiting("disk", 2);
  void unchanged.gate.lead(61);
  expect([unchanged.gate.position(61, 61), unchanged.gate.replaced]).toEqual([61, undefined]);
  // Every other policy takes a second node, and this cluster has none: nobody can go by them.
  const alone = waiting("disk", 0, true);
  void alone.gate.lead(61);
  expect([alone.gate.position(61, 61), alone.gate.replaced]).toEqual([61, undefined]);
});
