// Who wakes the gate: nobody for nothing, and somebody whenever something can leave, wherever one thread stands when the other acts.

import { Worker } from "node:worker_threads";
import { afterEach, expect, test, vi } from "vitest";
import { entryBeside, within } from "../../src/platform/index.ts";
import { ACK_VIEW_BYTES, type AckPolicyName, AckView } from "../../src/replication/index.ts";
import { createRing, Ring, RingProducer } from "../../src/ring/index.ts";
import { AckGate } from "../../src/runtime/replication/ack-gate.ts";

afterEach(() => vi.restoreAllMocks());

const OUT = 5;
const SEQUENCED = 8;

/** A gate that has let out OUT, which one replica has too, and knows that its own disk is at `durable`. */
function gateOf(policyName: AckPolicyName, durable = OUT) {
  const memory = new SharedArrayBuffer(ACK_VIEW_BYTES);
  const gate = new AckGate({ policyName, replicas: 1, view: memory });
  const replica = new AckView(memory);
  void gate.lead(1);
  replica.join(0, OUT, OUT);
  gate.say(gate.position(OUT, OUT));
  if (durable > OUT) gate.position(durable, SEQUENCED);
  return { gate, replica };
}

type Step = (made: ReturnType<typeof gateOf>) => unknown;
const memory: Step = ({ replica }) => replica.acknowledge(0, SEQUENCED, OUT);
const disk: Step = ({ replica }) => replica.acknowledge(0, SEQUENCED, SEQUENCED);

test.each<[policy: AckPolicyName, what: string, acknowledged: Step, durable: number, wakes: boolean]>([
  ["disk+ram", "memory before this disk", memory, OUT, false],
  ["disk+ram", "memory behind this disk", memory, SEQUENCED, true],
  ["disk+ram", "a disk before this one: that is one disk, and two memories", disk, OUT, true],
  ["two-disks", "memory", memory, SEQUENCED, false],
  ["two-disks", "a disk behind this one", disk, SEQUENCED, true],
  ["two-disks", "a disk while nobody waits for this one: it may be done", disk, OUT, true],
  ["ram", "memory before this disk", memory, OUT, true],
  ["disk", "memory", memory, OUT, false],
  ["disk", "a disk before this one", disk, OUT, true],
])("by %s the gate is woken by what lets something out: %s", (policy, _, acknowledged, durable, wakes) => {
  const made = gateOf(policy);
  made.gate.position(durable, SEQUENCED);
  const woken = vi.spyOn(Atomics, "notify");
  acknowledged(made);
  expect(woken.mock.calls.length).toBe(wakes ? 1 : 0);
});

test.each<[policy: AckPolicyName, waits: boolean]>([
  ["disk", true],
  ["disk+ram", true],
  ["two-disks", false],
  ["ram", false],
])("by %s this node's disk is waited for before the replica: %s", (policy, waits) => {
  const made = gateOf(policy);
  made.gate.position(OUT, SEQUENCED);
  expect(made.gate.waitsForDisk).toBe(waits);
  // It was first: what is left is this disk, and it is not assumed to be done.
  if (policy !== "two-disks") return;
  disk(made);
  expect(made.gate.position(OUT, SEQUENCED)).toBe(OUT);
  expect(made.gate.waitsForDisk).toBe(true);
});

test("who waits for more than replicas waits for his disk: a beginning, a change of policy, and with too few of them", () => {
  const { gate, replica } = gateOf("two-disks");
  gate.position(OUT, SEQUENCED);
  gate.change("ram", SEQUENCED);
  expect([gate.position(OUT, SEQUENCED), gate.waitsForDisk]).toEqual([OUT, true]);
  expect([gate.position(SEQUENCED, SEQUENCED), gate.waitsForDisk]).toEqual([OUT, false]);
  replica.leave(0);
  expect([gate.position(SEQUENCED, SEQUENCED), gate.waitsForDisk]).toEqual([0, true]);
  const view = new SharedArrayBuffer(ACK_VIEW_BYTES);
  const waiting = new AckGate({ policyName: "ram", replicas: 1, view });
  void waiting.lead(1);
  // Enough nodes, and by the policy no disk would count: but its tenure begins with its own.
  new AckView(view).join(0, 1, 0);
  expect([waiting.position(0, 1), waiting.waitsForDisk]).toEqual([0, true]);
});

const OPERATIONS = ["load", "store", "add"] as const;

/** Does `first`, and `second` as another thread would at its `at`th look at shared memory, or at its end. False: `at` lies behind that. */
function interleave(first: () => void, second: () => void, at: number): boolean {
  let operations = 0;
  const act = (): void => {
    if (operations++ === at) second();
  };
  for (const name of OPERATIONS) {
    const operation = Atomics[name] as (...of: unknown[]) => unknown;
    vi.spyOn(Atomics, name).mockImplementation(((...of: unknown[]) => {
      act();
      return operation(...of);
    }) as never);
  }
  first();
  for (const name of OPERATIONS) vi.mocked(Atomics[name]).mockRestore();
  act();
  return operations > at + 1;
}

/** What is acknowledged last, and how far this disk was at the look before and is at this one. */
const LAST: [policy: AckPolicyName, acknowledged: Step, before: number, durable: number][] = [
  ["disk+ram", memory, OUT, SEQUENCED],
  ["disk+ram", disk, OUT, OUT],
  ["two-disks", disk, OUT, SEQUENCED],
  ["two-disks", disk, SEQUENCED, SEQUENCED],
  ["ram", memory, OUT, OUT],
];

// The other way round, the rows read before it is said what the gate goes by, each may wait for the other for ever.
test.each(LAST)(
  "by %s no wake-up is lost, whenever a look and an acknowledgement meet (%#)",
  (policy, acknowledged, before, durable) => {
    for (const gateIsFirst of [true, false]) {
      for (let at = 0, more = true; more; at++) {
        const made = gateOf(policy, before);
        const woken = vi.spyOn(Atomics, "notify");
        let safe = 0;
        const look = (): void => {
          safe = made.gate.position(durable, SEQUENCED);
          made.gate.say(safe);
        };
        const says = (): void => void acknowledged(made);
        more = gateIsFirst ? interleave(look, says, at) : interleave(says, look, at);
        expect([at, safe === SEQUENCED || woken.mock.calls.length > 0]).toEqual([at, true]);
        woken.mockRestore();
      }
    }
  },
);

const ROUNDS = 2_000;
/** For one round, on a machine that does other things. */
const LATE_MS = 20_000;

test.each<AckPolicyName>(["disk+ram", "two-disks", "ram", "disk"])(
  "by %s everything leaves, with disk and replica on another thread",
  async (policyName) => {
    const view = new SharedArrayBuffer(ACK_VIEW_BYTES);
    const { shared } = createRing({ recordBytes: 8, capacity: 8 });
    const producer = new RingProducer(Ring.attach(shared));
    const gate = new AckGate({ policyName, replicas: 1, view });
    void gate.lead(0);
    const workerData = { view, ring: shared, rounds: ROUNDS };
    const worker = new Worker(entryBeside(import.meta.url, "ack-wakes-worker"), { workerData });
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    for (let round = 1; round <= ROUNDS; round++) {
      producer.claim();
      producer.commit();
      producer.publish();
      for (;;) {
        const durable = producer.released();
        const safe = gate.position(durable, round);
        gate.say(safe);
        if (safe === round) break;
        const waits = [gate.whenChanged()];
        if (gate.waitsForDisk) waits.push(producer.whenReleasedBeyond(durable));
        if (waits.includes(undefined)) continue;
        expect([round, await within(Promise.race(waits), LATE_MS)]).toEqual([round, true]);
      }
    }
    producer.close();
    await ended;
  },
);
