export * from "./administration.ts";
export * from "./codec.ts";
export * from "./deciding.ts";
export * from "./known.ts";
export * from "./layout.ts";
export * from "./reader.ts";
export * from "./sessions.ts";
