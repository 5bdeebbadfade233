export * from "./answers.ts";
export * from "./bytes.ts";
export * from "./header.ts";
export * from "./layout.ts";
export * from "./requests.ts";
