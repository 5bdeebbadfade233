// Who may have held the gate back: by name, and by what the policy in force asks for.

import { expect, test } from "vitest";
import { ACK_VIEW_BYTES, type AckPolicyName, AckView } from "../../src/replication/index.ts";
import { GateWaits } from "../../src/runtime/gate-waits.ts";
import { AckGate } from "../../src/runtime/replication/ack-gate.ts";
import { GateHolders } from "../../src/runtime/replication/gate-holders.ts";

const NEVER = Number.POSITIVE_INFINITY;

test.each<[policy: AckPolicyName, connected: number[], gone: number[]]>([
  ["disk+ram", [9, 7], [0, 0]],
  ["two-disks", [NEVER, 7], [NEVER, 0]],
  ["disk", [NEVER, 7], [NEVER, 0]],
  ["ram", [9, NEVER], [0, NEVER]],
])("by %s a replica's memory and disk are as far as %j, gone as far as %j", (policyName, connected, gone) => {
  const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
  const gate = new AckGate({ policyName, replicas: 2, view: memory });
  const view = new AckView(memory);
  const waits = new GateWaits(1);
  waits.holder("disk");
  const holders = new GateHolders(waits, gate);
  view.join(1, 9, 7);
  holders.seat(1, "south");
  const held = new Float64Array(4).fill(3);
  gate.position(5, 9);
  holders.look(held);
  expect([...held]).toEqual([3, ...connected, 0]);
  expect(holders.replicated).toBe(9);
  view.leave(1);
  gate.position(5, 9);
  holders.look(held);
  expect([...held]).toEqual([3, ...gone, 0]);
});
