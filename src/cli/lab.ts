// `seriatim lab`: random flows, the engine against its naive twin, and failures made small.

import { type Command, Option } from "commander";
import { SeriatimError } from "../base/index.ts";
import {
  ENGINE_AND_TWIN,
  FLOW_PROFILE_NAMES,
  type FlowProfileName,
  FlowStatistics,
  findDisagreement,
  generateFlow,
  recordFlow,
  type ShrinkResult,
  shrinkComments,
  shrinkDisagreement,
  shrinkFlow,
  writeCounterexample,
} from "../lab/index.ts";
import { type Flow, type FlowOutcome, formatFlow, Reason, reasonCode } from "../protocol/index.ts";
import { seedRange, usageError, wholeNumber } from "./arguments.ts";
import { readFlowFile } from "./flow-file.ts";
import { registerSim } from "./lab-sim.ts";
import { stdout } from "./stdout.ts";

/** The twin answers each command by linear searches: this many take it seconds, more would take minutes. */
const COMMANDS_MAX = 100_000;
const SEED_MAX = Number.MAX_SAFE_INTEGER;

const GENERATE_EXAMPLES = `
The flow is printed complete: each command with what must follow from it, as the naive twin computes it.

Examples:
  seriatim lab generate > flow.txt
  seriatim lab generate --profile deep --seed 7 --commands 5000 > deep.txt
  seriatim replay --check deep.txt`;
const DIFF_EXAMPLES = `
A disagreement is shrunk and written to DIR/PROFILE-seedN.txt, and the run ends with status 1.

Examples:
  seriatim lab diff --seeds 1..100
  seriatim lab diff --seeds 1..1000 --profile ladder-moves --commands 10000`;
const SHRINK_EXAMPLES = `
WHAT is what the flow must still do: 'disagree' (engine and twin differ), 'trade', or the name of a
reason to be rejected, such as StorageExhausted. The shrunk flow is printed complete.

Examples:
  seriatim lab shrink failing.txt > small.txt
  seriatim lab shrink session.txt --keep trade`;

const LAB_EXAMPLES = `
Examples:
  seriatim lab generate > flow.txt
  seriatim lab diff --seeds 1..100`;

export function registerLab(program: Command): void {
  const lab = program
    .command("lab")
    .description(
      "Tests the engine: random flows, a comparison with its naive twin (a slow second engine that shares no code), failures made small.",
    )
    .addHelpText("after", LAB_EXAMPLES);
  registerGenerate(lab);
  registerDiff(lab);
  registerShrink(lab);
  registerSim(lab);
}

const profileOption = (otherwise: string | undefined) =>
  new Option("--profile <name>", "which part of the engine the flows try most")
    .choices(FLOW_PROFILE_NAMES)
    .default(otherwise);

function registerGenerate(lab: Command): void {
  lab
    .command("generate")
    .summary("print a random flow")
    .description(
      "Prints a random flow. The same profile, seed and length give the same flow on every machine.",
    )
    .option("--seed <n>", "which flow of the profile", wholeNumber("--seed", 0, SEED_MAX), 1)
    .addOption(profileOption("mixed"))
    .option("--commands <n>", "commands in the flow", wholeNumber("--commands", 1, COMMANDS_MAX), 1000)
    .addHelpText("after", GENERATE_EXAMPLES)
    .action(({ seed, profile, commands }: { seed: number; profile: FlowProfileName; commands: number }) => {
      const comment = `seriatim lab generate --profile ${profile} --seed ${seed} --commands ${commands}`;
      stdout.writeLines(formatFlow(recordFlow(generateFlow(profile, seed, commands)), [comment]));
    });
}

interface DiffOptions {
  readonly seeds: readonly [first: number, last: number];
  readonly profile?: FlowProfileName;
  readonly commands: number;
  readonly output: string;
}

function registerDiff(lab: Command): void {
  lab
    .command("diff")
    .summary("compare the engine with its twin over generated flows")
    .description(
      "Runs generated flows through the engine and its twin, and compares every event, refusal and snapshot.",
    )
    .requiredOption(
      "--seeds <a..b>",
      "one seed for each profile, or a range with both ends included",
      seedRange,
    )
    .addOption(profileOption(undefined))
    .option("--commands <n>", "length of each flow", wholeNumber("--commands", 1, COMMANDS_MAX), 1500)
    .option("--output <dir>", "where a disagreement is written", "test-output")
    .addHelpText("after", DIFF_EXAMPLES)
    .action((options: DiffOptions) => {
      for (const profile of options.profile === undefined ? FLOW_PROFILE_NAMES : [options.profile])
        diffProfile(profile, options);
    });
}

function diffProfile(profile: FlowProfileName, { seeds, commands, output }: DiffOptions): void {
  const statistics = new FlowStatistics();
  for (let seed = seeds[0]; seed <= seeds[1]; seed++) {
    const flow = generateFlow(profile, seed, commands);
    const disagreement = findDisagreement(flow, ENGINE_AND_TWIN, statistics);
    if (disagreement === undefined) continue;
    const path = writeCounterexample(flow, `${profile}-seed${seed}`, output);
    const where = `${profile}, seed ${seed}: engine and twin disagree`;
    throw new SeriatimError("LAB_DISAGREEMENT", `${where}: ${disagreement.what} (shrunk flow: ${path})`);
  }
  stdout.writeLines([
    `${profile}, seeds ${seeds[0]}..${seeds[1]}: engine and twin agree`,
    ...statistics.lines().map((line) => `  ${line}`),
  ]);
}

function registerShrink(lab: Command): void {
  lab
    .command("shrink")
    .summary("make a failing flow small")
    .description("Makes a flow as small as possible while it still does what --keep says.")
    .argument("<flow>", "a flow file")
    .option("--keep <what>", "what the flow must still do", "disagree")
    .addHelpText("after", SHRINK_EXAMPLES)
    .action((file: string, { keep }: { keep: string }) => {
      const { flow } = readFlowFile(file);
      const [result, reason] =
        keep === "disagree" ? shrinkDiffering(file, flow) : shrinkKeeping(file, flow, keep);
      stdout.writeLines(formatFlow(recordFlow(result.flow), shrinkComments(result, reason)));
    });
}

function shrinkDiffering(file: string, flow: Flow): [ShrinkResult, reason: string] {
  if (findDisagreement(flow) === undefined)
    throw new SeriatimError("NOTHING_TO_SHRINK", `${file}: engine and twin agree on this flow`);
  const result = shrinkDisagreement(flow);
  return [result, `engine and twin disagree: ${findDisagreement(result.flow)?.what}`];
}

function shrinkKeeping(file: string, flow: Flow, keep: string): [ShrinkResult, reason: string] {
  const isKept = outcomeNamed(keep);
  const does = (candidate: Flow) => recordFlow(candidate).steps.some(({ outcomes }) => outcomes.some(isKept));
  const reason = keep === "trade" ? "produces a trade" : `a command is refused with ${keep}`;
  if (!does(flow)) throw new SeriatimError("NOTHING_TO_SHRINK", `${file}: not kept by this flow: ${reason}`);
  return [shrinkFlow(flow, does), reason];
}

function outcomeNamed(keep: string): (outcome: FlowOutcome) => boolean {
  if (keep === "trade") return ({ kind }) => kind === "trade";
  const reason = reasonCode(keep);
  if (reason === undefined || reason === Reason.None)
    throw usageError(`--keep: '${keep}' is not 'disagree', 'trade' or the name of a reason`);
  return (outcome) => outcome.kind === "reject" && outcome.reason === reason;
}
