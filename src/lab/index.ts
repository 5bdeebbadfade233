export * from "./naive-twin.ts";
export * from "./twin-records.ts";
