// What a promotion must heed, as it is seen from outside: who could be heard, and leads or has more.

import { expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { EventQueue } from "../../src/simulation/event-queue.ts";
import { Heeded } from "../../src/simulation/heeded.ts";
import type { SimulatedMachine } from "../../src/simulation/simulated-machine.ts";
import { SimulatedNetwork } from "../../src/simulation/simulated-network.ts";
import type { SimulatedNode } from "../../src/simulation/site.ts";

interface Stands {
  readonly epoch: number;
  readonly position: number;
  readonly isServing?: boolean;
  readonly role?: "primary" | "replica";
}

function cluster(south: Stands, north: Stands) {
  const conditions = {
    delay_us: [10, 20],
    lossChance: 0,
    retransmission_us: 0,
    byte_us: 0,
    window_bytes: 4_096,
  } as const;
  const network = new SimulatedNetwork(new EventQueue(), new Prng(1), conditions);
  const machine = (name: string, { epoch, position, isServing = false, role = "replica" }: Stands) =>
    ({
      ...{ name, host: network.host(name) },
      node: { role, isServing, log: { epoch, position } },
    }) as unknown as SimulatedMachine & { node: object | undefined };
  const machines = [machine("south", south), machine("north", north)] as const;
  return { network, south: machines[0], north: machines[1], heeded: () => new Heeded(machines[0], machines) };
}

test.each<[north: Stands, problem: string | undefined]>([
  [{ epoch: 1, position: 9 }, undefined],
  [{ epoch: 1, position: 10 }, "has more"],
  [{ epoch: 2, position: 3 }, "has more"],
  [{ epoch: 1, position: 9, isServing: true }, "leads"],
])("beside a node of %j", (north, problem) => {
  const { heeded } = cluster({ epoch: 1, position: 9 }, north);
  const words = "south was told to lead, and does, though north, which it can hear,";
  expect(heeded().problem).toBe(problem && `${words} ${problem}`);
});

test("who is out of sight, or was for a moment, or has been started again, can't be heard", () => {
  const { network, north, heeded } = cluster({ epoch: 1, position: 9 }, { epoch: 1, position: 10 });
  network.cut("north", "south");
  expect(heeded().problem).toBeUndefined();
  network.healAll();
  const cutMeanwhile = heeded();
  network.cut("south", "north");
  network.healAll();
  expect(cutMeanwhile.problem).toBeUndefined();
  const startedAgain = heeded();
  expect(startedAgain.problem).toContain("has more");
  north.node = { ...north.node } as typeof north.node;
  expect(startedAgain.problem).toBeUndefined();
});

test("a replica has what it stored until it led, one that waits to lead what it began with; neither what it wrote when it led", () => {
  const later = { role: "primary", isServing: true, log: { epoch: 5, position: 12 } };
  for (const role of ["replica", "primary"] as const) {
    const { south, heeded } = cluster({ epoch: 1, position: 9, role }, { epoch: 1, position: 10 });
    const promotion = heeded();
    south.node = later as unknown as SimulatedMachine["node"] & object;
    expect(promotion.problem).toContain("has more");
  }
  const { south, heeded } = cluster({ epoch: 1, position: 9 }, { epoch: 1, position: 10 });
  const promotion = heeded();
  Object.assign((south.node as SimulatedNode).log, { position: 10 });
  south.node = later as unknown as SimulatedMachine["node"] & object;
  expect(promotion.problem).toBeUndefined();
});
