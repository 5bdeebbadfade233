export * from "./simulation.ts";
