export type { RecordRules } from "../journal/index.ts";
export * from "./command-path.ts";
export { copySnapshot } from "./copy-snapshot.ts";
export * from "./data-directory.ts";
export * from "./journal-inline.ts";
export { carryOut, type JournalRequest } from "./journal-requests.ts";
export * from "./journal-stage.ts";
export * from "./journal-thread.ts";
export * from "./key-files.ts";
export * from "./key-ring.ts";
export * from "./load-meter.ts";
export { presentState } from "./present-state.ts";
export { AckGate } from "./replication/ack-gate.ts";
export type { HostPort } from "./replication/asking.ts";
export * from "./replication/cluster-view.ts";
export { ownDirectory } from "./replication/directory-owner.ts";
export {
  type FollowingEnd,
  type FollowingLine,
  FollowingSide,
} from "./replication/following-side.ts";
export { readIdentity } from "./replication/keys.ts";
export type { Primary, ReplicationOptions } from "./replication/primary.ts";
export { Promises } from "./replication/promise.ts";
export * from "./replication/replica.ts";
export type { Inheritance, ReplicaOptions } from "./replication/replica-options.ts";
export * from "./replication/replica-view.ts";
export {
  clusterOf,
  type Judgement,
  judgedBy,
  policyWasChanged,
  type SaidInLog,
} from "./replication/said-in-log.ts";
export {
  SERVED_MAX,
  ServingConnections,
  type ServingLine,
  UNTOLD,
} from "./replication/serving-connections.ts";
export { ServingSide } from "./replication/serving-side.ts";
export { beginTenure, Candidacy, type Tenure, type TenureBegun } from "./replication/tenure.ts";
export { candidateOf, TENURE_LOOK_MS, TenureCourse } from "./replication/tenure-course.ts";
export type { WarmState } from "./restore-snapshot.ts";
export * from "./runtime.ts";
export type { RuntimeOptions } from "./runtime-options.ts";
export * from "./snapshots.ts";
export * from "./stage-times.ts";
export * from "./submissions.ts";
