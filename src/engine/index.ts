export * from "./exchange-engine.ts";
