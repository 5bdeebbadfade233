export * from "./layout.ts";
export * from "./reader.ts";
