export * from "./directory.ts";
export * from "./frame.ts";
export * from "./header.ts";
export * from "./layout.ts";
export * from "./open.ts";
export * from "./scan.ts";
export * from "./tail.ts";
export * from "./writer.ts";
