// The package entry `seriatim/runtime` (docs/runtime.md): what an application of one's own needs, and the types its values
// have. The rest of this layer is the exchange's and may change with it.

export type { RecordRules } from "../journal/index.ts";
export type { CommandOutput, CommandPath } from "./command-path.ts";
export { type DataDirectory, openDataDirectory } from "./data-directory.ts";
export type { Recovered } from "./journal-stage.ts";
export { generateKey } from "./key-files.ts";
export type { HostPort } from "./replication/asking.ts";
export type { AckListener, ReplicationOptions } from "./replication/primary.ts";
export { Replica } from "./replication/replica.ts";
export type { Inheritance, ReplicaOptions } from "./replication/replica-options.ts";
export type { SaidInLog } from "./replication/said-in-log.ts";
export type { Tenure, TenureBegun } from "./replication/tenure.ts";
export {
  openRuntime,
  type Runtime,
  type RuntimeListener,
  type RuntimeStart,
} from "./runtime.ts";
export type { RuntimeOptions } from "./runtime-options.ts";
export {
  type ShadowStage,
  type SnapshotListener,
  type SnapshotSchedule,
  type SnapshotStatus,
  Snapshots,
  type SnapshotTaken,
  type SnapshottedLog,
} from "./snapshots.ts";
export { type Reply, Submissions } from "./submissions.ts";
