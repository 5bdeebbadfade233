export * from "./codec.ts";
export * from "./layout.ts";
