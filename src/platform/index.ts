export * from "./node-storage.ts";
