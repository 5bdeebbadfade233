// A node's snapshots: when, where, and what its log says of them.

import type { Storage } from "../base/index.ts";
import { type Runtime, Snapshots, type SnapshotTaken } from "../runtime/index.ts";
import type { Log } from "./log.ts";
import { type Configuration, KEEP_ALL } from "./settings.ts";
import { InlineShadow, ShadowThread } from "./shadow.ts";

/** None for a node that keeps nothing. `storage`: the journal's disk, when it is not the real one. */
export function snapshotsOf(
  { snapshotEvery, journalKeep, threads }: Configuration,
  runtime: Runtime,
  log: Log,
  storage: Storage | undefined,
): Snapshots | undefined {
  const { directory } = runtime;
  if (directory === undefined) return undefined;
  const isOwnThread = threads === "spread" && storage === undefined;
  const { journal, snapshots } = directory;
  const place = { journal, snapshots, journalKeep: journalKeep === KEEP_ALL ? undefined : journalKeep };
  if (journalKeep !== KEEP_ALL) directory.letOldestGo();
  const shadow = isOwnThread ? new ShadowThread(place) : new InlineShadow(place, storage);
  const taken = (
    { position, applied, stateBytes, retired, refused }: SnapshotTaken,
    took_ms: number,
  ): void => {
    for (const why of refused) log.warn(`a snapshot is not used: ${why}`);
    log.info({ position, applied, bytes: stateBytes, took_ms }, "took a snapshot");
    if (retired.length > 0) log.info({ segments: retired }, "removed segments that two snapshots cover");
  };
  const notTaken = (error: unknown): void => {
    log.warn(`no snapshot was taken: ${error instanceof Error ? error.message : String(error)}`);
  };
  return new Snapshots({ runtime, shadow, every: snapshotEvery, listener: { taken, notTaken } });
}
