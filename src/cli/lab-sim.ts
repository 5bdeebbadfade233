// `seriatim lab sim`: the real parts of an exchange on simulated machines, one history per seed.

import type { Command } from "commander";
import { counted, SeriatimError } from "../base/index.ts";
import { type SimulationResult, simulate } from "../simulation/index.ts";
import { seedRange, wholeNumber } from "./arguments.ts";
import { stdout } from "./stdout.ts";

/** A run holds what its clients know and its disk in memory: this many take seconds and some MiB. */
const REQUESTS_MAX = 100_000;

const EXAMPLES = `
Clients send orders over a simulated network to an exchange of one to three nodes on simulated disks and clocks.

What goes wrong: power, processes and disks fail; disks slow down and lose what was not synced; connections are cut, reset and
partitioned; clocks jump; clients stop reading; replicas are promoted, by force too; the ack policy is changed; trading is halted;
accounts are switched off. In a quarter of the seeds all limits are tight, and disks full for a while.

What is judged: nothing acknowledged is lost (but what a promotion by force may lose) or done twice, nothing is done in spite of a
halt, and every bound is kept. In every odd seed sessions with a logon trade too: no execution report is missed, repeated or
changed, and what is told as not executed was not.

The same seed is the same run. The first one that fails ends the command with status 1, and prints the command that repeats it.

Examples:
  seriatim lab sim --seeds 1..100
  seriatim lab sim --seeds 42 --requests 5000
  seriatim lab sim --seeds 42 --story`;

export function registerSim(lab: Command): void {
  lab
    .command("sim")
    .summary("run clusters on simulated machines that fail")
    .description("Runs a cluster on simulated machines that fail, and judges what its clients were told.")
    .requiredOption("--seeds <a..b>", "one seed, or a range with both ends included", seedRange)
    .option(
      "--requests <n>",
      "requests of all clients together, per run",
      wholeNumber("--requests", 1, REQUESTS_MAX),
      1000,
    )
    .option("--story", "print what happened in each run, step by step", false)
    .addHelpText("after", EXAMPLES)
    .action(runSeeds);
}

interface SimOptions {
  readonly seeds: readonly [first: number, last: number];
  readonly requests: number;
  readonly story: boolean;
}

async function runSeeds({ seeds: [first, last], requests, story }: SimOptions): Promise<void> {
  const totals = {
    ...{ accepted: 0, rejected: 0, unknown: 0, promotions: 0, policyChanges: 0, wrongIdeas: 0 },
    ...{ interventions: 0, idleReaders: 0, forcedStarts: 0, forgiven: 0 },
  };
  const faults = new Map<string, number>();
  const met = new Set<string>();
  for (let seed = first; seed <= last; seed++) {
    const result = await simulate({ seed, requests });
    if (story) stdout.writeLines(result.story);
    if (result.problems.length > 0) throw failed(result, requests);
    for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += result[name];
    for (const name of result.met) met.add(name);
    for (const [name, count] of Object.entries(result.faults))
      faults.set(name, (faults.get(name) ?? 0) + count);
  }
  const { accepted, rejected, unknown, promotions, policyChanges, wrongIdeas, interventions, idleReaders } =
    totals;
  const { forcedStarts, forgiven } = totals;
  stdout.writeLines([
    `${counted(last - first + 1, "seed")}: ${counted(accepted, "request")} accepted, ${rejected} rejected, ${unknown} unknown; ${counted(promotions, "promotion")}, ${forcedStarts} by force, which gave up ${counted(forgiven, "answer")}, ${counted(policyChanges, "change")} of the ack policy, ${counted(wrongIdeas, "node")} with a wrong idea of the cluster, ${counted(interventions, "halt")} or kill ${interventions === 1 ? "switch" : "switches"}, ${counted(idleReaders, "client")} that read nothing for a while; all as the log says`,
    `limits met: ${met.size === 0 ? "none" : [...met].sort().join(", ")}`,
    `faults: ${
      faults.size === 0
        ? "none"
        : [...faults]
            .sort()
            .map(([name, count]) => faultCount(name, count))
            .join(", ")
    }`,
  ]);
}

/** `1 one-way partition`, `2 power failures of several`; what a disk does wrong has no plural. */
export function faultCount(name: string, count: number): string {
  if (count !== 1 || name.includes(":")) return `${count} ${name}`;
  return `1 ${name.replace(/s(?=$| (?:of|for|while|gone) )/, "")}`;
}

function failed({ seed, problems }: SimulationResult, requests: number): SeriatimError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  const repeat = `seriatim lab sim --seeds ${seed} --requests ${requests}`;
  return new SeriatimError("SIMULATION_FAILED", `seed ${seed}: ${first}${more}; repeat it by: ${repeat}`);
}
