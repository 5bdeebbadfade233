export * from "./commands/index.ts";
export * from "./events/index.ts";
export * from "./flow/index.ts";
export * from "./json/index.ts";
export * from "./keys/index.ts";
export * from "./order-entry/index.ts";
export * from "./reasons.ts";
export * from "./replication/index.ts";
