export * from "./check-flow.ts";
export * from "./flow-machine.ts";
export * from "./recompute.ts";
