export * from "./configuration.ts";
export { configurationPage } from "./configuration-page.ts";
export * from "./genesis-settings.ts";
export * from "./http.ts";
export * from "./log.ts";
export * from "./node.ts";
export * from "./settings.ts";
export * from "./status.ts";
export { packageVersion } from "./version.ts";
