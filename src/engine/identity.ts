// Which application this engine is, for whoever keeps its state (base/application.ts; journal/snapshot/snapshot-file.md).

/**
 * `version` is raised with every change after which the same log leads to another state, or the state is written in
 * another way: a snapshot of another version is not used, its log is replayed.
 */
export const EXCHANGE_APPLICATION = { name: "exchange", version: 4 } as const;
