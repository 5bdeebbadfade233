// The real parts of an exchange on simulated machines: whatever fails, nothing acknowledged is lost or executed twice.
// A seed that fails is repeated by the command in its message.

import { expect, test } from "vitest";
import { simulate } from "../../src/simulation/index.ts";

const REQUESTS = 1_000;
/** Seeds of this run begin here, so that every run tries others too. */
const FRESH = Math.floor(Math.random() * 2 ** 31);
const [FIXED_SEEDS, FRESH_SEEDS] = [10, 2];

async function run(seed: number, requests = REQUESTS, isAdministered = true) {
  const result = await simulate({ seed, requests, isAdministered });
  const repeat = `seriatim lab sim --seeds ${seed}..${seed} --requests ${requests}`;
  expect(result.problems, repeat).toEqual([]);
  return result;
}

test("12 seeds: nothing acknowledged is lost or done twice, and there is progress once faults stop", async () => {
  const faults: Record<string, number> = {};
  let [accepted, promotions, transfers, told, policyChanges, wrongIdeas] = [0, 0, 0, 0, 0, 0];
  let [interventions, idleReaders] = [0, 0];
  const fresh = Array.from({ length: FRESH_SEEDS }, (_, i) => FRESH + i);
  for (const seed of [...Array(FIXED_SEEDS).keys(), ...fresh]) {
    const result = await run(seed);
    accepted += result.accepted;
    promotions += result.promotions;
    told += result.told;
    policyChanges += result.policyChanges;
    wrongIdeas += result.wrongIdeas;
    interventions += result.interventions;
    idleReaders += result.idleReaders;
    transfers += result.story.filter((line) => line.includes("is sent a snapshot")).length;
    for (const [name, count] of Object.entries(result.faults)) faults[name] = (faults[name] ?? 0) + count;
  }
  console.log(`12 seeds, from 0 and ${FRESH}: ${accepted} accepted;`, faults);
  expect(accepted).toBeGreaterThan(6_000);
  // Sessions with a logon trade in every second seed.
  expect(told).toBeGreaterThan(5_000);
  // Rules that no run has asked for are not tested by any.
  const happened = { promotions, transfers, policyChanges, wrongIdeas, interventions, idleReaders };
  for (const [what, count] of Object.entries(happened)) expect(count, what).toBeGreaterThan(0);
  for (const wanted of [
    "power failures",
    "power failures of several",
    "kills",
    "disk: EIO",
    "disk: short",
    "one-way partitions",
    "partitions for another to lead",
    "resets",
  ])
    expect(faults[wanted], wanted).toBeGreaterThan(0);
}, 300_000);

test.each<[seed: number, requests: number, broke: string]>([
  [2, 500, "a replica that needed what had rotted in the primary's log never got on"],
  [440, 1_000, "the same, with other nodes"],
  [276, 500, "the judge took a disk that was replaced for one that had never had what it acknowledged"],
])(
  "seed %i with %i requests: %s",
  async (seed, requests) => {
    await run(seed, requests, false);
  },
  300_000,
);

test("a primary whose log has rotted behind its newest snapshot keeps what it has in memory", async () => {
  const { story } = await run(176, 500, false);
  expect(story.filter((line) => line.includes("that it has in memory"))).toHaveLength(1);
}, 300_000);

test.each<[seed: number, forgiven: boolean]>([
  [6, true],
  [22, true],
  [32, false],
])(
  "seed %i with 300 requests: a node is told to lead by force, and gives answers up: %s",
  async (seed, forgiven) => {
    const result = await run(seed, 300);
    expect(result.forcedStarts).toBeGreaterThan(0);
    expect(result.forgiven > 0).toBe(forgiven);
  },
  300_000,
);

test("the same seed is the same run, another seed another one", async () => {
  const traces = [];
  for (const seed of [7, 7, 8]) traces.push((await run(seed)).trace);
  expect(traces[1]).toBe(traces[0]);
  expect(traces[2]).not.toBe(traces[0]);
}, 300_000);
