export * from "./agent.ts";
export * from "./inspect.ts";
export * from "./journal.ts";
export * from "./records.ts";
export * from "./snapshot/file.ts";
export * from "./snapshot/header.ts";
export * from "./snapshot/store.ts";
