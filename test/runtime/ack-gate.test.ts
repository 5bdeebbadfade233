// How far a primary may let out what was caused, by what its replicas say: not before it knows that it lacks nothing, not with
// too few of them, and by another policy once this disk knows of it.

import { expect, test } from "vitest";
import { ACK_VIEW_BYTES, type AckPolicyName, AckView } from "../../src/replication/index.ts";
import { AckGate } from "../../src/runtime/replication/ack-gate.ts";

function begin(policyName: AckPolicyName, { replicas = 1, isBlank = true, inLog = false } = {}) {
  const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
  const policyInLog = inLog ? policyName : undefined;
  const gate = new AckGate({ policyName, policyInLog, replicas, view: memory, isBlank });
  return { gate, view: new AckView(memory) };
}

test("nothing leaves before a replica is there, then what the policy says, never beyond what was sequenced", () => {
  const { gate, view } = begin("disk+ram");
  expect([gate.position(50, 60), gate.shortage]).toEqual([
    0,
    expect.stringContaining("0 of 1 replicas connected since"),
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

test.each<[name: string, policy: AckPolicyName, options: object, replicas: number[], position: number]>([
  ["a new cluster waits for every replica once", "two-disks", { replicas: 2 }, [0], 0],
  ["and serves when they were there", "two-disks", { replicas: 2 }, [0, 1], 7],
  ["a log of two disks has what one replica may have", "two-disks", { isBlank: false, inLog: true }, [0], 7],
  ["with two replicas one must be heard", "two-disks", { replicas: 2, isBlank: false, inLog: true }, [1], 7],
  ["a log that names no policy waits for all", "two-disks", { replicas: 2, isBlank: false }, [1], 0],
])("%s", (_, policy, options, replicas, position) => {
  const { gate, view } = begin(policy, options);
  for (const replica of replicas) view.join(replica, 7, 7);
  expect(gate.position(7, 7)).toBe(position);
});

test("a replica that was heard and has gone was heard", () => {
  const { gate, view } = begin("two-disks", { replicas: 2 });
  view.join(0, 7, 7);
  gate.position(7, 7);
  view.leave(0);
  view.join(1, 7, 7);
  expect(gate.position(7, 7)).toBe(7);
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
