export * from "./checksum.ts";
export * from "./encode.ts";
export * from "./layout.ts";
export * from "./values.ts";
