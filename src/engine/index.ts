export type { BookView, LevelView, QueueVisitor, RestingOrder } from "./book-views.ts";
export * from "./exchange-engine.ts";
export * from "./identity.ts";
export type { ReportListener, ReportStream, ReportStreams } from "./report-streams.ts";
