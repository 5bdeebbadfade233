// The tape's sockets, threads and files around the pure decisions of src/tape: the broker and its clients.

export { TapeBroker, type TapeBrokerOptions } from "./broker/broker.ts";
export * from "./client/index.ts";
export { openTapeDirectory } from "./directory/tape-directory.ts";
export { CommitInline } from "./threads/commit-inline.ts";
export type { CommitListener, CommitStage, CommitStageOptions } from "./threads/commit-stage.ts";
export { CommitThread } from "./threads/commit-thread.ts";
export { StorageStage } from "./threads/storage-stage.ts";
