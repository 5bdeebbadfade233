export * from "./agent.ts";
export * from "./inspect.ts";
export * from "./journal.ts";
export * from "./records.ts";
