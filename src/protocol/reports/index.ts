export * from "./answer.ts";
export * from "./layout.ts";
export * from "./reader.ts";
