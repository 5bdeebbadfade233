export * from "./exchange-engine.ts";
export * from "./identity.ts";
export type { ReportStream, ReportStreams } from "./report-streams.ts";
