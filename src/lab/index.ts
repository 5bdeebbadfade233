export * from "./naive-twin.ts";
export * from "./simulated-disk.ts";
export * from "./twin-records.ts";
