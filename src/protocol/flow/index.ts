export * from "./format.ts";
export { FLOW_LINE_BYTES_MAX } from "./line-reader.ts";
export * from "./parse.ts";
export * from "./records.ts";
export * from "./types.ts";
