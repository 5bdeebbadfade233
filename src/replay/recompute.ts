// A flow computed again: its commands decide every other line of it.

import { type Flow, flowGenesis, flowOutcomeOf, formatFlow } from "../protocol/index.ts";
import { FlowMachine } from "./flow-machine.ts";

/** The complete flow that follows from the commands and limits of `flow`; what else it says is not looked at. */
export function recomputeFlow(flow: Pick<Flow, "version" | "meta" | "steps">): Flow {
  const machine = new FlowMachine(flowGenesis(flow));
  const steps = flow.steps.map(({ command }) => {
    const outcomes = machine.apply(command).map(flowOutcomeOf);
    return { command, outcomes };
  });
  return { version: flow.version, meta: flow.meta, steps, snapshot: machine.snapshot() };
}

/** The lines of the complete flow, in the one spelling the format has. */
export function replayFlow(flow: Pick<Flow, "version" | "meta" | "steps">): string[] {
  return formatFlow(recomputeFlow(flow));
}
