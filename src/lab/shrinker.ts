// Makes a failing flow small: whatever can be left out or made plainer while the flow still fails, is. Rounds of
// passes, each a list of candidate flows, until a whole round changes nothing (a fixed point: no single candidate
// fails any more) or the bounded number of tries is used up. Deterministic.

import { assert } from "../base/index.ts";
import { type Flow, type FlowCommand, type FlowMeta, flowVersionOf, isFlowOrder } from "../protocol/index.ts";
import { type Candidate, SHRINK_PASSES } from "./shrink-passes.ts";

export interface ShrinkResult {
  readonly flow: Flow;
  /** Commands before and after. */
  readonly original: number;
  readonly minimized: number;
  /** Rounds of all passes, the last of which changed nothing. */
  readonly iterations: number;
  /** How often the predicate was asked. */
  readonly tries: number;
  /** Whether the fixed point was reached within the tries allowed. */
  readonly isMinimal: boolean;
}

/** Enough for a flow of thousands of commands; a try costs one run of the flow, so this bounds the wait too. */
export const SHRINK_TRIES_MAX = 20_000;

/**
 * Shrinks `flow` as long as `fails` stays true of it, which it must be of the flow given. The result has no outcomes.
 */
export function shrinkFlow(
  flow: Flow,
  fails: (flow: Flow) => boolean,
  triesMax = SHRINK_TRIES_MAX,
): ShrinkResult {
  let best: Candidate = { meta: flow.meta, commands: flow.steps.map(({ command }) => command) };
  assert(fails(flow), "a flow that does not fail can't be shrunk");
  let tries = 1;
  const accept = (candidate: Candidate): boolean => {
    if (tries >= triesMax) return false;
    tries++;
    return fails(flowOf(candidate));
  };
  const isOver = () => tries >= triesMax;
  let iterations = 0;
  let isMinimal = false;
  while (!isMinimal && tries < triesMax) {
    iterations++;
    const before = best;
    for (const pass of SHRINK_PASSES) best = pass(best, accept, isOver);
    isMinimal = best === before && tries < triesMax;
  }
  const shrunk = flowOf(best);
  const minimized = best.commands.length;
  return { flow: shrunk, original: flow.steps.length, minimized, iterations, tries, isMinimal };
}

/** What a shrunk flow says of itself, as comment lines. */
export function shrinkComments(result: ShrinkResult, reason: string): string[] {
  const { original, minimized, iterations, tries, isMinimal } = result;
  const reduction = original === 0 ? 0 : (100 * (original - minimized)) / original;
  return [
    "shrink report",
    `original length: ${original}`,
    `minimized length: ${minimized}`,
    `reduction: ${reduction.toFixed(1)}%`,
    `shrink iterations: ${iterations} (${tries} tries)${isMinimal ? "" : ", stopped before the fixed point"}`,
    `failure reason: ${reason}`,
  ];
}

/** The candidate as a flow; what it says of symbols, orders and accounts is counted anew. */
function flowOf({ meta, commands }: Candidate): Flow {
  const { accountsMax: _, accountOrdersMax, ...rest } = meta;
  // It holds from an account's first session on.
  const isBounded = accountOrdersMax !== undefined && commands.some(({ kind }) => kind === "session_open");
  const orders = commands.filter(isFlowOrder);
  const highest = (most: number, command: FlowCommand) =>
    "account" in command ? Math.max(most, command.account) : most;
  const accounts = commands.reduce(highest, 0) + 1;
  const exact: FlowMeta = {
    ...rest,
    symbols: commands.filter(({ kind }) => kind === "reg").length,
    orders: orders.length,
    ...(accounts > 1 && { accountsMax: accounts }),
    ...(isBounded && { accountOrdersMax }),
  };
  const steps = commands.map((command) => ({ command, outcomes: [] }));
  return { version: flowVersionOf({ meta: exact, steps }), meta: exact, steps };
}
