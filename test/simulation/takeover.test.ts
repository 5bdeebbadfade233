// Whoever plots that another node leads ends none itself: a kill is one of the run's faults, counted and judged as such.

import { expect, test } from "vitest";
import { Prng } from "../../src/base/index.ts";
import { EventQueue } from "../../src/simulation/event-queue.ts";
import type { SimulatedMachine } from "../../src/simulation/simulated-machine.ts";
import { SimulatedNetwork } from "../../src/simulation/simulated-network.ts";
import { Takeover } from "../../src/simulation/takeover.ts";

const UNTIL_US = 30_000_000;

/** What was done to the machines of a cluster of three that is always whole, in a run of that seed. */
function doneIn(seed: number): string[] {
  const done: string[] = [];
  const prng = new Prng(seed);
  const queue = new EventQueue();
  const conditions = {
    delay_us: [10, 20],
    lossChance: 0,
    retransmission_us: 0,
    byte_us: 0,
    window_bytes: 4_096,
  } as const;
  const network = new SimulatedNetwork(queue, prng, conditions);
  const machines = ["north", "south", "west"].map((name, i) => {
    const node = { isServing: i === 0, role: i === 0 ? "primary" : "replica", log: { position: 1 } };
    return { name, node, kill: () => done.push("past the faults") } as unknown as SimulatedMachine;
  });
  const act = (what: string) => (machine: SimulatedMachine) => done.push(`${what} ${machine.name}`);
  new Takeover(
    {
      machines,
      network,
      until_us: UNTIL_US,
      mayBegin: () => true,
      strike: act("strike"),
      kill: act("kill"),
      tell: () => {},
      onGathering: () => {},
    },
    prng,
  );
  while (queue.now_us < UNTIL_US && queue.step());
  return done;
}

test("the former primary is killed, or struck down, by whoever counts faults", () => {
  const done = Array.from({ length: 20 }, (_, i) => doneIn(i + 1)).flat();
  expect([...new Set(done)].sort()).toEqual(["kill north", "strike north"]);
});
