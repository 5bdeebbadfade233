// A failure as a file: the flow shrunk, completed with what should have happened (by the twin), and the story of it
// in comments. `replay --check` of the file then shows what the engine does instead.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SeriatimError } from "../base/index.ts";
import { type Flow, flowGenesis, flowOutcomeOf, formatFlow, type Genesis } from "../protocol/index.ts";
import {
  type Contestants,
  ENGINE_AND_TWIN,
  type Exchange,
  findDisagreement,
  TwinExchange,
} from "./differential.ts";
import { type ShrinkResult, shrinkComments, shrinkFlow } from "./shrinker.ts";

/** A counterexample need not be minimal to be good, but it must come soon: seconds, not minutes. */
const COUNTEREXAMPLE_TRIES_MAX = 5_000;

/** The flow with every outcome and the final state as `exchange` has them; by default the twin. */
export function recordFlow(
  flow: Flow,
  exchange: (genesis: Genesis) => Exchange = (genesis) => new TwinExchange(genesis),
): Flow {
  const recorder = exchange(flowGenesis(flow));
  const steps = flow.steps.map(({ command }) => {
    const outcomes = recorder.apply(command).map(flowOutcomeOf);
    return { command, outcomes };
  });
  return { version: flow.version, meta: flow.meta, steps, snapshot: recorder.snapshot() };
}

/** Shrinks a flow on which the contestants disagree; what follows the first disagreement is left out at once. */
export function shrinkDisagreement(flow: Flow, contestants: Contestants = ENGINE_AND_TWIN): ShrinkResult {
  const first = findDisagreement(flow, contestants);
  const steps = first === undefined ? flow.steps : flow.steps.slice(0, first.step + 1);
  const differs = (candidate: Flow) => findDisagreement(candidate, contestants) !== undefined;
  const result = shrinkFlow({ ...flow, steps }, differs, COUNTEREXAMPLE_TRIES_MAX);
  return { ...result, original: flow.steps.length };
}

/**
 * Shrinks `flow`, on which the contestants disagree, and writes it to `directory`/`name`.txt; returns the path.
 * @throws SeriatimError COUNTEREXAMPLE_UNWRITABLE
 */
export function writeCounterexample(
  flow: Flow,
  name: string,
  directory: string,
  contestants: Contestants = ENGINE_AND_TWIN,
): string {
  const shrunk = shrinkDisagreement(flow, contestants);
  const what = findDisagreement(shrunk.flow, contestants)?.what ?? "none any more";
  const comments = [...shrinkComments(shrunk, `engine and twin disagree: ${what}`), `found as: ${name}`];
  const lines = formatFlow(recordFlow(shrunk.flow, contestants.twin), comments);
  const path = join(directory, `${name}.txt`);
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(path, `${lines.join("\n")}\n`);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SeriatimError("COUNTEREXAMPLE_UNWRITABLE", `can't write ${path}: ${why}`, { cause });
  }
  return path;
}
