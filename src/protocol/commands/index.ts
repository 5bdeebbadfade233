export * from "./codec.ts";
export * from "./known.ts";
export * from "./layout.ts";
