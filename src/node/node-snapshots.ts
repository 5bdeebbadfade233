// A node's snapshots: when, where, and what its log says of them.

import type { Storage } from "../base/index.ts";
import { type Runtime, Snapshots, type SnapshotTaken } from "../runtime/index.ts";
import type { Log } from "./log.ts";
import type { Configuration } from "./settings.ts";
import { InlineShadow, ShadowThread } from "./shadow.ts";

/** None for a node that keeps nothing. `storage`: the journal's disk, when it is not the real one. */
export function snapshotsOf(
  { snapshotEvery, threads }: Configuration,
  runtime: Runtime,
  log: Log,
  storage: Storage | undefined,
): Snapshots | undefined {
  const { directory } = runtime;
  if (directory === undefined) return undefined;
  const isOwnThread = threads === "spread" && storage === undefined;
  const shadow = isOwnThread ? new ShadowThread(directory) : new InlineShadow(directory, storage);
  const taken = ({ position, applied, stateBytes, refused }: SnapshotTaken, took_ms: number): void => {
    for (const why of refused) log.warn(`a snapshot is not used: ${why}`);
    log.info({ position, applied, bytes: stateBytes, took_ms }, "took a snapshot");
  };
  const notTaken = (error: unknown): void => {
    log.warn(`no snapshot was taken: ${error instanceof Error ? error.message : String(error)}`);
  };
  return new Snapshots({ runtime, shadow, every: snapshotEvery, listener: { taken, notTaken } });
}
