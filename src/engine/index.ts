export * from "./exchange-engine.ts";
export * from "./identity.ts";
