// The real parts of an exchange on simulated machines: whatever fails, nothing acknowledged is lost or executed twice.
// A seed that fails is repeated by the command in its message.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { simulate } from "../../src/simulation/index.ts";

const REQUESTS = 1_000;
/** Seeds of this run begin here, so that every run tries others too. */
const FRESH = Math.floor(Math.random() * 2 ** 31);
const [FIXED_SEEDS, FRESH_SEEDS] = [10, 2];

/** Of those in which nodes are told to lead by force, while sessions trade, or halts are in force. */
const FORCED_SEEDS = [6, 11, 72];

/** Of those whose limits are tight. */
const TIGHT_SEEDS = [14, 15, 19, 41, 44, 52];

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

test("nodes are told to lead by force, and give up answers, reports and commands, each of which is explained", async () => {
  let [forcedStarts, forgiven] = [0, 0];
  const excused = new Set<string>();
  for (const seed of FORCED_SEEDS) {
    const result = await run(seed, 700);
    forcedStarts += result.forcedStarts;
    forgiven += result.forgiven;
    for (const what of result.excused) excused.add(what);
  }
  expect(forcedStarts).toBeGreaterThan(0);
  expect(forgiven).toBeGreaterThan(0);
  expect([...excused].sort()).toEqual(["a command", "a logon", "a report", "a request"]);
}, 300_000);

test("where limits are tight each of them is met, and judged", async () => {
  const met = new Set<string>();
  for (const seed of TIGHT_SEEDS) for (const name of (await run(seed, 500)).met) met.add(name);
  expect([...met]).toEqual(
    expect.arrayContaining([
      ...["MaxQuantityExceeded", "MaxNotionalExceeded", "StorageExhausted", "TooManyOpenOrders"],
      ...["connections", "connections that wait for room", "commands that wait for its journal"],
      ...["bytes of output memory", "OutputMemory", "DiskFull", "snapshots"],
    ]),
  );
}, 300_000);

test("the same seed is the same run, also behind another one; another seed is another one", async () => {
  const traces = [];
  for (const seed of [7, 8, 7]) traces.push((await run(seed, 400)).trace);
  expect(traces[2]).toBe(traces[0]);
  expect(traces[1]).not.toBe(traces[0]);
}, 300_000);

test("the same seed is the same run in another process", async () => {
  const index = new URL("../../src/simulation/index.ts", import.meta.url).href;
  const code = `const { simulate } = await import("${index}");
    console.log((await simulate({ seed: 22, requests: 300 })).trace);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
  expect(Number(stdout)).toBe((await run(22, 300)).trace);
}, 300_000);
