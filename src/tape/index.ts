// The tape's decisions, free of sockets, threads and clocks: staging, ingest, ordering, commit, the topics' logs, serving.

export * from "./catalog/index.ts";
export {
  type CommitCommand,
  CommitCommandWriter,
  emptyCommand,
  readCommand,
} from "./commit/command-codec.ts";
export { CommitAgent, type CommitAgentParts } from "./commit/commit-agent.ts";
export { COMMIT_FIGURES_BYTES, type CommitCounts, readCommitFigures } from "./commit/commit-figures.ts";
export { COMMIT_RECORD_BYTES, CommitCommandKind, CommitResultKind } from "./commit/record-layout.ts";
export {
  type CommitResult,
  CommitResultWriter,
  emptyResult,
  readResult,
  type TopicExtent,
} from "./commit/result-codec.ts";
export { resultsNeeded } from "./commit/results-needed.ts";
export type { OpenTopicLog, TopicNotice } from "./commit/topic-table.ts";
export type { GroupFigures, TapeFigures, TopicFigures } from "./figures.ts";
export * from "./ingest/index.ts";
export { inspectTape, type TapeReport, type TapeTopicReport, type UnreadTopic } from "./inspect-tape.ts";
export * from "./log/index.ts";
export {
  EPOCH_NAMED_MAX,
  HoldMemory,
  ORDERING_LIMITS,
  type OrderingLimits,
  OrderLevel,
} from "./ordering/limits.ts";
export type { HeldBatch, PublisherSession } from "./ordering/publisher-session.ts";
export {
  Judgement,
  type KnownSession,
  type OpenedSession,
  Opening,
  TopicSessions,
} from "./ordering/topic-sessions.ts";
export * from "./serving/index.ts";
export * from "./staging/index.ts";
