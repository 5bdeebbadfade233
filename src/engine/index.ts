export type { Administration } from "./administration.ts";
export type { BookView, LevelView, QueueVisitor, RestingOrder } from "./book-views.ts";
export * from "./exchange-engine.ts";
export * from "./identity.ts";
export type { OwnOrder } from "./own-orders.ts";
export type { ReportListener, ReportStream, ReportStreams } from "./report-streams.ts";
export type { Session } from "./sessions.ts";
